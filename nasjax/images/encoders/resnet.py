"""ResNet-18 of torchvision: weights from the user's file, forward pass in JAX.

He et al., "Deep residual learning for image recognition", 2016.
"""

import jax
import jax.numpy as jnp

from nasjax.images.encoders import layers

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_STAGES = (1, 2, 3, 4)
_BLOCKS = (0, 1)
_EPSILON = 1e-5


def read(state: layers.State) -> dict[str, layers.Layer]:
  """Folds the batch norms.

  Args:
    state: arrays by the names of `torchvision.models.resnet18`.

  Raises:
    UserError: these are not the weights of ResNet-18.
  """

  def fold(conv: str, norm: str) -> layers.Layer:
    return layers.fold_norm(state, conv, norm, _EPSILON)

  params = {
    "stem": fold("conv1", "bn1"),
    "classes": (
      layers.fetch(state, "fc.weight", 2).T,
      layers.fetch(state, "fc.bias", 1),
    ),
  }
  for stage in _STAGES:
    for block in _BLOCKS:
      name = f"layer{stage}.{block}"
      for number in (1, 2):
        params[f"{name}.{number}"] = fold(
          f"{name}.conv{number}", f"{name}.bn{number}"
        )
      if stage > 1 and block == 0:
        params[f"{name}.skip"] = fold(
          f"{name}.downsample.0", f"{name}.downsample.1"
        )
  return params


def prepare(images: jax.Array) -> jax.Array:
  """Standardises RGB values 0 to 255 by the ImageNet means and deviations."""
  mean = jnp.array(_MEAN)[None, None, None]
  return (images / 255.0 - mean) / jnp.array(_STD)[None, None, None]


def apply(
  params: layers.Params, images: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Runs the network.

  Args:
    params: layers from `read`.
    images: `[n, H, W, 3]` float32, from `prepare`.

  Returns:
    Embeddings `[n, 512]`, the mean over pixels before the classifier, and
    scores `[n, classes]`.
  """
  hidden = jax.nn.relu(layers.convolve(images, params["stem"], 2, 3))
  hidden = layers.max_pool(hidden, 3, 2, 1)
  for stage in _STAGES:
    for block in _BLOCKS:
      stride = 2 if stage > 1 and block == 0 else 1
      hidden = _block(params, f"layer{stage}.{block}", hidden, stride)
  embeddings = jnp.mean(hidden, axis=(1, 2))
  return embeddings, layers.linear(embeddings, params["classes"])


def _block(
  params: layers.Params, name: str, inputs: jax.Array, stride: int
) -> jax.Array:
  """Two 3 x 3 convolutions beside a skip connection."""
  first, second = params[f"{name}.1"], params[f"{name}.2"]
  hidden = jax.nn.relu(layers.convolve(inputs, first, stride, 1))
  hidden = layers.convolve(hidden, second, 1, 1)
  if f"{name}.skip" in params:
    inputs = layers.convolve(inputs, params[f"{name}.skip"], stride, 0)
  return jax.nn.relu(hidden + inputs)
