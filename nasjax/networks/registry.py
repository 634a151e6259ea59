"""The network of a cell."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.networks.families import get_family
from nasjax.networks.skeleton import Skeleton
from nasjax.spaces import base, registry


def build(
  space: str | base.Space,
  genotype: Any,
  *,
  skeleton: Skeleton | None = None,
  dtype: Any = jnp.float32,
  **fields: Any,
) -> nn.Module:
  """Makes the network of a cell.

  It maps images `[B, H, W, C]` to float32 logits `[B, num_classes]`:
  `module.apply(variables, images, train=False)`. Variables are the
  collections `params` and `batch_stats`.

  Args:
    space: a space or its name.
    genotype: integers `[G]`, or one official notation.
    skeleton: the macro skeleton; by default the official one.
    dtype: number format of the computation, `jnp.float32` or `jnp.bfloat16`.
    **fields: further fields of the module (`drop_path` of DARTS).

  Raises:
    UserError: unknown space, a space without networks, or no cell of it.
  """
  space = registry.as_space(space)
  family = get_family(space)
  if isinstance(genotype, np.ndarray | jax.Array):
    row = space.check(np.asarray(genotype)[None])[0]
  else:
    row = space.parse([genotype])[0]
  codes = tuple(int(code) for code in row)
  skeleton = skeleton or Skeleton.official(space)
  return family.make(codes, skeleton, dtype, **fields)


@compiler.own_numbers()
def count_params(module: Any, image_size: int | None = None) -> int:
  """Counts trainable parameters; nothing is computed.

  Args:
    module: what `build` returned.
    image_size: height and width; by default those of the skeleton.
  """
  skeleton = module.skeleton
  size = image_size or skeleton.image_size
  images = jax.ShapeDtypeStruct(
    (1, size, size, skeleton.image_channels), jnp.float32
  )
  shapes = jax.eval_shape(module.init, jax.random.key(0), images)
  return sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
