"""Parameter and multiply-add counts of the official DARTS network."""

import numpy as np


def num_params(cells: np.ndarray, channels: int, layers: int) -> np.ndarray:
  """Trainable parameters for cells `[n, 2, 8, 2]`, `[n]` int64."""
  raise NotImplementedError


def flops(cells: np.ndarray, channels: int, layers: int) -> np.ndarray:
  """Multiply-adds of one forward pass for `[n, 2, 8, 2]`, `[n]` int64."""
  raise NotImplementedError
