"""The kind `graph`: graph features of the cells of architectures."""

from nasjax.features import cell_features, kind


def _compute(space, genotypes, cells):
  fields = ("ops", "details", "adjacency", "mask")
  return kind.of_each_cell(cell_features.cell_features, space, cells, fields)


def _names(space):
  names = cell_features.feature_names(space.operator_names)
  return kind.names_of_each_cell(space, names)


KIND = kind.Kind(_compute, _names, of_function="mean")
