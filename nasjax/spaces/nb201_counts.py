"""Parameter and multiply-add counts of the official NAS-Bench-201 network."""

import numpy as np


def num_params(genotypes: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Trainable parameters for genotypes `[n, 6]`, `[n]` int64."""
  raise NotImplementedError


def flops(genotypes: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Multiply-adds of one forward pass for genotypes `[n, 6]`, `[n]` int64."""
  raise NotImplementedError
