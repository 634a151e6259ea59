"""Every kind of features by name: one line each."""

from nasjax import errors
from nasjax.features import kind as kind_types
from nasjax.features import (
  kind_edges,
  kind_graph,
  kind_paths,
  kind_signals,
)

KINDS: dict[str, kind_types.Kind] = {
  "graph": kind_graph.KIND,
  "paths": kind_paths.KIND,
  "signals": kind_signals.KIND,
  "edges": kind_edges.KIND,
}
"""By the name under which `CellGraphs.features` holds them."""


def get(name: str) -> kind_types.Kind:
  """Returns a kind.

  Raises:
    UserError: no kind has that name.
  """
  errors.check_name("kind of features", name, KINDS)
  return KINDS[name]
