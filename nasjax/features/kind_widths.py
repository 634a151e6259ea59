"""The kind `widths`: how wide each node of the graph is."""

from nasjax.features import kind


def _compute(space, genotypes, cells):
  """log2 of output channels, as the space draws them, `[B, N]`."""
  return cells.details[..., -2]


def _names(space):
  return tuple(f"output channels ({node})" for node in range(space.num_nodes))


KIND = kind.Kind(_compute, _names, numbering=True)
