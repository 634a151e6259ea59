"""Parameters and multiply-adds of the official NAS-Bench-201 network.

The network (Dong and Yang 2020, section 2.1): a 3 x 3 convolution to 16
channels with batch norm; three stages of five cells with 16, 32 and 64
channels at 32 x 32, 16 x 16 and 8 x 8 pixels; between stages a residual block
of stride 2; batch norm, ReLU, global average pooling and a linear classifier.

What counts: parameters are all convolution weights (no convolution has a
bias), two per channel of every batch norm, and the classifier with its bias.
Multiply-adds are those of convolutions and of the classifier, its bias
included; pooling, batch norm, ReLU and additions are not counted, just as in
the counter of the official code. An operation counts even where no path uses
it, because the official network computes it all the same.
"""

import numpy as np

_CELLS = 5
_STEM = 16
_STAGES = ((16, 32), (32, 16), (64, 8))  # channels, image size
_KERNELS = np.array([0, 0, 1, 3, 0])  # of the operation codes


def _conv_params(kernel, source, target, *, norm=True):
  return kernel**2 * source * target + 2 * target * norm


def num_params(genotypes: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Counts trainable parameters.

  Args:
    genotypes: valid genotypes, `[n, 6]`.
    num_classes: width of the classifier; 10 is CIFAR-10.

  Returns:
    `[n]` int64.
  """
  fixed = _conv_params(3, 3, _STEM)
  per_op = 0
  source = _STEM
  for channels, _ in _STAGES:
    if channels != source:
      fixed += _conv_params(3, source, channels)
      fixed += _conv_params(3, channels, channels)
      fixed += _conv_params(1, source, channels, norm=False)
    conv = _conv_params(_KERNELS, channels, channels)
    per_op += _CELLS * np.where(_KERNELS > 0, conv, 0)
    source = channels
  fixed += 2 * source + (source + 1) * num_classes
  return fixed + np.asarray(per_op)[genotypes].sum(1, dtype=np.int64)


def flops(genotypes: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Counts the multiply-adds of a forward pass on one 32 x 32 image.

  Args:
    genotypes: valid genotypes, `[n, 6]`.
    num_classes: width of the classifier; 10 is CIFAR-10.

  Returns:
    `[n]` int64.
  """
  fixed = 32**2 * 9 * 3 * _STEM
  per_op = 0
  source = _STEM
  for channels, size in _STAGES:
    if channels != source:
      block = 9 * source * channels + 9 * channels**2 + source * channels
      fixed += size**2 * block
    per_op += _CELLS * size**2 * _KERNELS**2 * channels**2
    source = channels
  fixed += (source + 1) * num_classes
  return fixed + np.asarray(per_op)[genotypes].sum(1, dtype=np.int64)
