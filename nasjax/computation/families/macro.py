"""NAS-Bench-Macro as computation graphs.

Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search",
CVPR 2021, appendix: eight layers in three stages, each an identity or an
inverted residual block of expansion 3 and kernel 3, or 6 and 5. The first
layer of a stage halves the image; an identity there is a 1 x 1 convolution.
Parameters and multiply-adds are those of the published table.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph

_CHANNELS = (64, 64, 128, 128, 128, 256, 256, 256)
_STEM, _HEAD = 32, 1280
_BLOCKS = {1: (3, 3), 2: (6, 5)}  # expansion, kernel


def build(
  choices: np.ndarray, num_classes: int = 10, size: int = 32
) -> list[ComputationGraph]:
  """Builds networks of choices `[n, 8]` of 0, 1 and 2."""
  rows = np.asarray(choices).tolist()
  return [_network(row, num_classes, size) for row in rows]


def _network(row, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm_act(0, _STEM, 3, activation="relu6")
  for choice, channels in zip(row, _CHANNELS, strict=True):
    stride = 1 if b.shape(x)[-1] == channels else 2
    if choice:
      block = *_BLOCKS[choice], stride
      x = b.inverted_residual(x, channels, *block, "relu6")
    elif stride > 1:
      x = b.conv_norm(x, channels, 1, stride)
  x = b.conv_norm_act(x, _HEAD, 1, activation="relu6")
  return b.classify(x, num_classes)
