"""Every kind of features by name: one line each."""

from collections.abc import Mapping
from typing import Any

from nasjax import errors
from nasjax.features import kind as kind_types
from nasjax.features import (
  kind_edges,
  kind_graph,
  kind_paths,
  kind_physical,
  kind_signals,
  kind_widths,
)

KINDS: dict[str, kind_types.Kind] = {
  "graph": kind_graph.KIND,
  "paths": kind_paths.KIND,
  "signals": kind_signals.KIND,
  "physical": kind_physical.KIND,
  "widths": kind_widths.KIND,
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


def chosen(
  *, paths: bool, signals: bool, edges: bool, extra: str
) -> tuple[str, ...]:
  """Names of the kinds that fields of a model choose beside `graph`.

  Args:
    paths: whether path features are read.
    signals: whether signals are.
    edges: whether edge features of the space are.
    extra: further kinds, by commas.

  Returns:
    Standardised kinds first: they enter distances between cells.
  """
  names = (
    "graph",
    *(("paths",) if paths else ()),
    *(("signals",) if signals else ()),
    *(extra.split(",") if extra else ()),
    *(("edges",) if edges else ()),
  )
  return tuple(sorted(names, key=lambda name: not get(name).standardised))


def check_chosen(fields: Mapping[str, Any]) -> None:
  """Checks the fields of `config.model` that choose kinds.

  Args:
    fields: `paths`, `signals`, `edges`, `functions` and `extra_kinds`.

  Raises:
    UserError: a kind is unknown or there twice, or a function has none of it.
  """
  extra = fields["extra_kinds"]
  taken = {"graph"}
  taken |= {name for name in ("paths", "signals", "edges") if fields[name]}
  for name in extra.split(",") if extra else []:
    if name not in KINDS:
      raise errors.one_of("config.model.extra_kinds", name, KINDS)
    if name in taken:
      raise errors.UserError(
        "config.model.extra_kinds: expected each kind once, and none that the "
        f"model reads anyway, got {name!r} again; leave it out"
      )
    taken.add(name)
  if fields["functions"] and (fields["paths"] or fields["edges"]):
    raise errors.UserError(
      "config.model.functions: expected paths=False and edges=False beside "
      f"it, got {fields['paths']} and {fields['edges']}: a function has neither"
    )
