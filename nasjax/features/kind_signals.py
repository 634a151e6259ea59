"""The kind `signals`: statistics of a tiny untrained network of each cell."""

import jax

from nasjax import graphs
from nasjax.features import cell_signals, kind

_FIELDS = ("ops", "adjacency", "mask")
_AT_ONCE = 256


def _compute(space, genotypes, cells):
  """Takes many architectures in turns, so that memory does not grow with them.

  The batch of an exported program has no known size: it goes one by one.
  """
  num = cells.ops.shape[0]
  is_known = isinstance(num, int)
  if is_known and num <= _AT_ONCE:
    return kind.of_each_cell(cell_signals.signals, space, cells, _FIELDS)

  def one(own):
    # A map returns the keys of a dict in another order.
    single = {name: own[name][None] for name in _FIELDS}
    alone = graphs.CellGraphs(details=cells.details[:1], **single)
    return kind.of_each_cell(cell_signals.signals, space, alone, _FIELDS)[0]

  fields = {name: getattr(cells, name) for name in _FIELDS}
  return jax.lax.map(one, fields, batch_size=_AT_ONCE if is_known else None)


def _names(space):
  names = cell_signals.feature_names(space.operator_names)
  return kind.names_of_each_cell(space, names)


KIND = kind.Kind(_compute, _names, of_function="own", at_once=_AT_ONCE)
