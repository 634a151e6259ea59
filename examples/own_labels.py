"""Fits a predictor to architectures and labels, saves it and loads it again.

  python examples/own_labels.py

A small model and a short fit, to show the calls: leave out `SHORT` for the
defaults of the space.
"""

import pathlib
import tempfile

import numpy as np

import nasjax
from nasjax.training import metrics

LAYERS = ("num_layers", "encoder_layers", "predictor_layers")
SHORT = {"epochs": 20, "num_members": 1, "model": dict.fromkeys(LAYERS, 1)}

# Your own labels: official notations, and numbers of which more is better.
benchmark = nasjax.get_benchmark("nb201_analog")
rows = np.random.default_rng(0).choice(len(benchmark), 80, replace=False)
archs = benchmark.space.format(benchmark.genotypes[rows])
labels = benchmark.values("cifar10/test")[rows]

predictor = nasjax.Predictor("nb201", **SHORT)
predictor.fit(archs[:60], labels[:60])
scores = predictor.predict(archs[60:])
tau = metrics.kendall_tau(scores, labels[60:])
print(f"Kendall tau on 20 held-out cells: {tau:.2f}")

with tempfile.TemporaryDirectory() as folder:
  path = pathlib.Path(folder) / "predictor"
  predictor.save(path)
  loaded = nasjax.Predictor.load(path)
print("equal after loading:", np.allclose(loaded.predict(archs[60:]), scores))
