"""The kind `paths`: path features of the cells of architectures."""

from nasjax.features import cell_path_features, kind


def _compute(space, genotypes, cells):
  compute = cell_path_features.path_features
  return kind.of_each_cell(compute, space, cells, ("ops", "adjacency", "mask"))


def _names(space):
  names = cell_path_features.feature_names(space.operator_names, space.max_hops)
  return kind.names_of_each_cell(space, names)


KIND = kind.Kind(_compute, _names)
