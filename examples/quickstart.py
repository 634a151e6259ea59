"""Scores a whole space with a predictor that comes with nasjax.

python examples/quickstart.py
"""

import numpy as np

import nasjax

predictor = nasjax.Predictor.pretrained("nb201")
cells = predictor.space.enumerate()  # [15625, 6]
scores = predictor.predict(cells)  # [15625], higher = better
best = cells[np.argsort(-scores)[:5]]

known = nasjax.get_benchmark("nb201_analog").lookup(best, "cifar10/test")
for arch, accuracy in zip(predictor.space.format(best), known, strict=True):
  print(f"{accuracy:.2f} %  {arch}")
