"""Subnetworks of Once-for-All MobileNetV3 as computation graphs.

Cai et al., "Once-for-All", ICLR 2020, section 4.1, with the stages of Howard et
al., "Searching for MobileNetV3", ICCV 2019, 1.2 times as wide: five stages of
two to four inverted residual blocks with kernels 3, 5, 7 and expansions 3, 4
and 6.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph

_STAGES, _MOST = 5, 4
# Channels, stride, activation, squeeze-excitation.
_KINDS = (
  (32, 2, "relu", False),
  (48, 2, "relu", True),
  (96, 2, "hard_swish", False),
  (136, 1, "hard_swish", True),
  (192, 2, "hard_swish", True),
)
_STEM, _LAST, _HEAD = 16, 1152, 1536


def build(
  choices: np.ndarray, num_classes: int = 1000, size: int = 224
) -> list[ComputationGraph]:
  """Builds networks `[n, 45]`.

  Args:
    choices: kernels `[20]` and expansions `[20]` of four blocks a stage, of
      which the depths `[5]` say how many there are.
    num_classes: width of the classifier.
    size: height and width of the image.
  """
  blocks = _STAGES * _MOST
  rows = np.asarray(choices).tolist()
  return [
    _network(
      list(zip(row[:blocks], row[blocks : 2 * blocks], strict=True)),
      row[2 * blocks :],
      num_classes,
      size,
    )
    for row in rows
  ]


def _network(blocks, depths, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm_act(0, _STEM, 3, 2, "hard_swish")
  x = b.inverted_residual(x, _STEM, 1, 3, 1, "relu")
  for stage, (channels, stride, activation, has_squeeze) in enumerate(_KINDS):
    for block in range(depths[stage]):
      kernel, expansion = blocks[_MOST * stage + block]
      wide = b.shape(x)[-1] * expansion
      narrow = _divisible(wide // 4), "relu", "hard_sigmoid"
      x = b.inverted_residual(
        x,
        channels,
        expansion,
        kernel,
        1 if block else stride,
        activation,
        narrow if has_squeeze else None,
      )
  x = b.conv_norm_act(x, _LAST, 1, activation="hard_swish")
  x = b.global_pool(x)
  x = b.apply("hard_swish", b.linear(x, _HEAD, bias=False))
  return b.finish(b.linear(x, num_classes))


def _divisible(channels: int, by: int = 8) -> int:
  """The nearest multiple, at most a tenth less (Howard et al. 2019)."""
  found = max(by, (channels + by // 2) // by * by)
  return found + by if found < 0.9 * channels else found
