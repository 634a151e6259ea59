"""SqueezeNet 1.1: weights from a pickle of numpy arrays, forward pass in JAX.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters",
2016; version 1.1 of forresti/SqueezeNet.
"""

import jax
import jax.numpy as jnp

from nasjax.images.encoders import layers

_MEAN_BGR = (104.007, 116.669, 122.679)
_FIRES = tuple(f"fire{number}" for number in range(2, 10))
_FIRE_PARTS = ("squeeze1x1", "expand1x1", "expand3x3")
_POOLED_BEHIND = ("fire3", "fire5")


def read(state: layers.State) -> dict[str, layers.Layer]:
  """Checks the layers.

  Args:
    state: arrays `LAYER.0` (weight `[h, w, C, F]`) and `LAYER.1` (bias).

  Raises:
    UserError: these are not the weights of SqueezeNet 1.1.
  """
  names = ["conv1", "conv10"]
  names += [f"{fire}/{part}" for fire in _FIRES for part in _FIRE_PARTS]
  return {
    name: (
      layers.fetch(state, f"{name}.0", 4),
      layers.fetch(state, f"{name}.1", 1),
    )
    for name in names
  }


def prepare(images: jax.Array) -> jax.Array:
  """Turns RGB values 0 to 255 into BGR without their ImageNet means."""
  return images[..., ::-1] - jnp.array(_MEAN_BGR)[None, None, None]


def apply(
  params: layers.Params, images: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Runs the network.

  Args:
    params: layers from `read`.
    images: `[n, 227, 227, 3]` float32, from `prepare`.

  Returns:
    Embeddings `[n, 512]`, the mean of the last fire module over pixels, and
    scores `[n, 1000]` of the ImageNet classes.
  """
  hidden = jax.nn.relu(layers.convolve(images, params["conv1"], 2, "VALID"))
  hidden = layers.max_pool(hidden, 3, 2)
  for fire in _FIRES:
    hidden = _fire(params, fire, hidden)
    if fire in _POOLED_BEHIND:
      hidden = layers.max_pool(hidden, 3, 2)
  scores = layers.convolve(hidden, params["conv10"])
  return jnp.mean(hidden, axis=(1, 2)), jnp.mean(scores, axis=(1, 2))


def _fire(params: layers.Params, name: str, inputs: jax.Array) -> jax.Array:
  """Squeezes by 1 x 1, then expands by 1 x 1 and 3 x 3 side by side."""
  squeeze, *expands = (params[f"{name}/{part}"] for part in _FIRE_PARTS)
  squeezed = jax.nn.relu(layers.convolve(inputs, squeeze))
  return jnp.concatenate(
    [jax.nn.relu(layers.convolve(squeezed, expand)) for expand in expands],
    axis=-1,
  )
