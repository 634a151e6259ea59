"""Dataset encoder: embeddings of images in, one vector of the data set out.

Two levels of a Set Transformer, as in MetaD2A (Lee et al., "Rapid neural
architecture search by learning to generate graphs from datasets", 2021) and in
eq. 8-9 of Wang et al. (2024). Written for one data set; `vmap` it.
Dimensions: `C` classes, `P` images of each, `D` width of an embedding, `K`
width.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax.models import set_transformer


class DatasetEncoder(nn.Module):
  """SAB over the images of a class, PMA to a class vector, and both again.

  The second pair runs over the class vectors and gives `H_D`. The order of
  images and of classes changes nothing.

  Attributes:
    width: `K`, a multiple of the number of heads.
    num_heads: heads of every attention.
    num_layers: SABs at each level.
  """

  width: int = 64
  num_heads: int = 4
  num_layers: int = 1

  @nn.compact
  def __call__(self, embeddings: jax.Array, mask: jax.Array) -> jax.Array:
    """Encodes one data set.

    Args:
      embeddings: `[C, P, D]` of a frozen image encoder.
      mask: `[C, P]`, 1 on real images; a class without any is padding.

    Returns:
      `H_D`, `[K]`.
    """
    images = nn.Dense(self.width, name="embed")(embeddings)
    classes = self._pool("images", images, mask)
    present = jnp.max(mask, axis=-1)
    return self._pool("classes", classes, present)

  def _pool(self, name: str, elements: jax.Array, mask: jax.Array) -> jax.Array:
    """Maps `[..., N, K]` to `[..., K]`."""
    elements = elements * mask[..., None]
    for index in range(self.num_layers):
      block = set_transformer.SAB(
        self.width, self.num_heads, name=f"{name}_sab_{index}"
      )
      elements = block(elements, mask)
    pool = set_transformer.PMA(self.width, self.num_heads, name=f"{name}_pma")
    return pool(elements, mask)[..., 0, :]
