"""Accel-NASBench as computation graphs.

Ahmad et al., "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware
NAS", DAC 2024: the space of MnasNet, seven stages of inverted residual blocks
with their expansion, kernel, number of layers and squeeze-excitation, on
ImageNet. Parameters are those of the published table.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph

_CHANNELS = (16, 24, 40, 80, 112, 192, 320)
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
_STEM, _HEAD, _SQUEEZE = 32, 1280, 4
_ACTIVATION = "swish"


def build(
  stages: np.ndarray, num_classes: int = 1000, size: int = 224
) -> list[ComputationGraph]:
  """Builds networks `[n, 28]`.

  Args:
    stages: of each of seven stages the expansion, the kernel, the number of
      layers, and 1 for squeeze-excitation.
    num_classes: width of the classifier.
    size: height and width of the image.
  """
  rows = np.reshape(stages, (-1, 7, 4)).tolist()
  return [_network(row, num_classes, size) for row in rows]


def _network(row, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm_act(0, _STEM, 3, 2, _ACTIVATION)
  for stage, channels, stride in zip(row, _CHANNELS, _STRIDES, strict=True):
    expansion, kernel, layers, has_squeeze = stage
    for layer in range(layers):
      step = 1 if layer else stride
      narrow = b.shape(x)[-1] // _SQUEEZE, _ACTIVATION, "sigmoid"
      x = b.inverted_residual(
        x,
        channels,
        expansion,
        kernel,
        step,
        _ACTIVATION,
        narrow if has_squeeze else None,
      )
  x = b.conv_norm_act(x, _HEAD, 1, activation=_ACTIVATION)
  return b.classify(x, num_classes)
