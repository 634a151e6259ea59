"""The kind `physical`: work on the paths of the cells of architectures."""

import functools

import jax
import jax.numpy as jnp

from nasjax.features import cell_physical, kind


def _compute(space, genotypes, cells):
  """All cells of an architecture in one program: they differ in nothing."""
  num, size = space.num_cells, space.num_nodes // space.num_cells
  shape = cells.ops.shape[0], num, size
  blocks = cells.adjacency.reshape(*shape, num, size)
  own = jnp.arange(num)
  compute = functools.partial(
    cell_physical.physical_features, max_hops=space.max_hops
  )
  found = jax.vmap(jax.vmap(compute))(
    cells.ops.reshape(shape),
    blocks[:, own, :, own].swapaxes(0, 1),
    cells.mask.reshape(shape),
  )
  return found.reshape(shape[0], -1)


def _names(space):
  return kind.names_of_each_cell(space, cell_physical.NAMES)


KIND = kind.Kind(_compute, _names, of_function="mean")
