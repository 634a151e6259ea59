"""Four well-known networks in Flax, ranked without a training.

  python examples/rank_networks.py

Nothing is computed: a network is traced with the shape of one image, and its
operators, parameters and multiply-adds are read from the trace. A predictor
that was learnt from other networks scores them.
"""

import flax.linen as nn
import jax.numpy as jnp

import nasjax

CLASSES = 1000


def conv_norm(x, channels, size=3, stride=1, groups=1):
  """A convolution without bias, then batch normalisation."""
  conv = nn.Conv(
    channels,
    (size, size),
    stride,
    feature_group_count=groups,
    use_bias=False,
  )
  return nn.BatchNorm(use_running_average=True)(conv(x))


class ResNet18(nn.Module):
  """He et al., "Deep Residual Learning", CVPR 2016."""

  @nn.compact
  def __call__(self, x):
    """Maps images `[B, H, W, 3]` to logits."""
    x = nn.relu(conv_norm(x, 64, 7, 2))
    x = nn.max_pool(x, (3, 3), (2, 2), "SAME")
    for stage in range(4):
      for block in range(2):
        channels, stride = 64 << stage, 2 if stage and not block else 1
        y = nn.relu(conv_norm(x, channels, stride=stride))
        y = conv_norm(y, channels)
        if x.shape != y.shape:
          x = conv_norm(x, channels, 1, stride)
        x = nn.relu(x + y)
    return nn.Dense(CLASSES)(x.mean((1, 2)))


class MobileNetV2(nn.Module):
  """Sandler et al., "MobileNetV2", CVPR 2018."""

  @nn.compact
  def __call__(self, x):
    """Maps images `[B, H, W, 3]` to logits."""
    x = nn.relu6(conv_norm(x, 32, 3, 2))
    for expansion, channels, repeats, first in (
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
      (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
      for i in range(repeats):
        wide, y = expansion * x.shape[-1], x
        if expansion > 1:
          y = nn.relu6(conv_norm(y, wide, 1))
        y = nn.relu6(conv_norm(y, wide, 3, 1 if i else first, wide))
        y = conv_norm(y, channels, 1)
        x = x + y if x.shape == y.shape else y
    x = nn.relu6(conv_norm(x, 1280, 1))
    return nn.Dense(CLASSES)(x.mean((1, 2)))


class VGG11(nn.Module):
  """Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015."""

  @nn.compact
  def __call__(self, x):
    """Maps images `[B, H, W, 3]` to logits."""
    for widths in ((64,), (128,), (256, 256), (512, 512), (512, 512)):
      for width in widths:
        x = nn.relu(nn.Conv(width, (3, 3))(x))
      x = nn.max_pool(x, (2, 2), (2, 2))
    x = x.reshape(len(x), -1)
    for _ in range(2):
      x = nn.relu(nn.Dense(4096)(x))
    return nn.Dense(CLASSES)(x)


class DenseNet121(nn.Module):
  """Huang et al., "Densely Connected Convolutional Networks", CVPR 2017."""

  @nn.compact
  def __call__(self, x):
    """Maps images `[B, H, W, 3]` to logits."""
    x = nn.Conv(64, (7, 7), 2, use_bias=False)(x)
    x = self.norm_relu(x)
    x = nn.max_pool(x, (3, 3), (2, 2), "SAME")
    for i, layers in enumerate((6, 12, 24, 16)):
      if i:
        half = x.shape[-1] // 2
        x = nn.Conv(half, (1, 1), use_bias=False)(self.norm_relu(x))
        x = nn.avg_pool(x, (2, 2), (2, 2))
      for _ in range(layers):
        y = nn.Conv(128, (1, 1), use_bias=False)(self.norm_relu(x))
        y = nn.Conv(32, (3, 3), use_bias=False)(self.norm_relu(y))
        x = jnp.concatenate([x, y], -1)
    return nn.Dense(CLASSES)(self.norm_relu(x).mean((1, 2)))

  def norm_relu(self, x):
    """Batch normalisation and ReLU."""
    return nn.relu(nn.BatchNorm(use_running_average=True)(x))


NETWORKS = (ResNet18(), MobileNetV2(), VGG11(), DenseNet121())

if __name__ == "__main__":
  ranking = nasjax.rank(NETWORKS, shape=(224, 224, 3))
  for number in ranking.order:
    print(
      f"{ranking.names[number]:12} score {ranking.scores[number]:6.2f}  "
      f"{len(ranking.graphs[number].nodes):4} operators  "
      f"{ranking.params[number] / 1e6:7.3f} million parameters  "
      f"{ranking.macs[number] / 1e9:6.3f} billion multiply-adds"
    )
