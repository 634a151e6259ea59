"""Writes a predictor as one StableHLO file, and runs it without nasjax.

pip install -e '.[export]'
python examples/export_predictor.py
"""

import pathlib
import tempfile

import jax
import numpy as np
from jax import export

import nasjax

predictor = nasjax.Predictor.pretrained("nb201_student")
cells = predictor.space.sample(1000, np.random.default_rng(0))

with tempfile.TemporaryDirectory() as folder:
  path = pathlib.Path(folder) / "predictor.stablehlo"
  nasjax.export(predictor, path)
  print(f"{path.stat().st_size / 1e6:.1f} MB")
  program = export.deserialize(bytearray(path.read_bytes()))

scores = np.asarray(jax.jit(program.call)(cells))  # [1000] float32
print("largest difference", np.abs(scores - predictor.predict(cells)).max())
