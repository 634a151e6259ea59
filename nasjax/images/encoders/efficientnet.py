"""EfficientNet-Lite0: weights from a torch file, forward pass in JAX.

Tan & Le, "EfficientNet", 2019; the lite variant has ReLU6 in place of Swish and
no squeeze-and-excitation (tensorflow/tpu, models/official/efficientnet/lite).
"""

import jax
import jax.numpy as jnp

from nasjax.images.encoders import layers

# The blocks; their kernel sizes and widths are those of the weights.
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
_EPSILON = 1e-3


def read(state: layers.State) -> dict[str, layers.Layer]:
  """Folds the batch norms.

  Args:
    state: arrays by the names of `efficientnet_lite_pytorch`.

  Returns:
    Layers by name.

  Raises:
    UserError: these are not the weights of EfficientNet-Lite0.
  """

  def fold(conv: str, norm: str) -> layers.Layer:
    return layers.fold_norm(state, conv, norm, _EPSILON)

  params = {
    "stem": fold("_conv_stem", "_bn0"),
    "head": fold("_conv_head", "_bn1"),
    "classes": (
      layers.fetch(state, "_fc.weight", 2).T,
      layers.fetch(state, "_fc.bias", 1),
    ),
  }
  for number in range(len(_STRIDES)):
    block = f"_blocks.{number}."
    if number:
      params[f"expand{number}"] = fold(f"{block}_expand_conv", f"{block}_bn0")
    params[f"depthwise{number}"] = fold(
      f"{block}_depthwise_conv", f"{block}_bn1"
    )
    params[f"project{number}"] = fold(f"{block}_project_conv", f"{block}_bn2")
  return params


def prepare(images: jax.Array) -> jax.Array:
  """Scales RGB values 0 to 255 as the network was trained on them."""
  return (images - 127.0) / 128.0


def apply(
  params: layers.Params, images: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Runs the network.

  Args:
    params: layers from `read`.
    images: `[n, 224, 224, 3]` float32, from `prepare`.

  Returns:
    Embeddings `[n, 1280]`, the mean over pixels before the classifier, and
    scores `[n, 1000]` of the ImageNet classes.
  """
  hidden = _relu6(layers.convolve(images, params["stem"], 2))
  for number, stride in enumerate(_STRIDES):
    before = hidden
    if number:
      hidden = _relu6(layers.convolve(hidden, params[f"expand{number}"]))
    hidden = _relu6(
      layers.convolve_depthwise(hidden, params[f"depthwise{number}"], stride)
    )
    hidden = layers.convolve(hidden, params[f"project{number}"])
    if hidden.shape == before.shape:
      hidden = hidden + before
  hidden = _relu6(layers.convolve(hidden, params["head"]))
  embeddings = jnp.mean(hidden, axis=(1, 2))
  return embeddings, layers.linear(embeddings, params["classes"])


def _relu6(inputs: jax.Array) -> jax.Array:
  return jnp.clip(inputs, 0.0, 6.0)
