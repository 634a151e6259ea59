"""The kind `physical`: work on the paths of the cells of architectures."""

from nasjax.features import cell_physical, kind


def _compute(space, genotypes, cells):
  def compute(ops, adjacency, mask, op_ids, max_hops):
    del op_ids  # features of all operators, whatever their names
    return cell_physical.physical_features(ops, adjacency, mask, max_hops)

  return kind.of_each_cell(compute, space, cells, ("ops", "adjacency", "mask"))


def _names(space):
  return kind.names_of_each_cell(space, cell_physical.NAMES)


KIND = kind.Kind(_compute, _names, of_function="mean")
