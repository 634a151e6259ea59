"""What a saved predictor holds of a user's own space.

Nothing that could be imported: sizes, names of operators, and mean and spread
of the features that the model reads. A space that comes with nasjax is known by
its name.
"""

from typing import Any

import numpy as np

from nasjax import errors
from nasjax.config import checks
from nasjax.features import inputs, kinds, reads
from nasjax.predictors import saved_config
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

SCALES = "scales"
_SIZES = ("genotype_length", "num_nodes", "num_cells", "max_hops")
_NAMES = ("op_names", "operator_names")
_SCALE = ("mean", "spread")
_SIZE = checks.Whole(1, 10**9)
_NUMBER = checks.Real(-1e30, 1e30)
_TOLERANCE = 1e-3
"""Largest difference of two scales, in spreads, that devices may cause."""


def describe(
  space: spaces_base.Space, what: reads.Reads
) -> dict[str, Any] | None:
  """Returns what is kept of a space, as JSON values; None if it is nasjax's.

  Args:
    space: the space of a predictor.
    what: what its model reads, of which the scales are kept.
  """
  if spaces.is_shipped(space.name):
    return None
  sizes = {name: int(getattr(space, name)) for name in _SIZES}
  names = {name: list(getattr(space, name)) for name in _NAMES}
  return {**sizes, **names, SCALES: _scales(space, what)}


def _scales(
  space: spaces_base.Space, what: reads.Reads
) -> dict[str, dict[str, list[float]]]:
  """Mean and spread by kind, of those kinds that are standardised."""
  found = {}
  for kind in what.kinds:
    if kinds.get(kind).standardised:
      mean, spread = inputs.scale_of(space, kind)
      found[kind] = {"mean": mean[0].tolist(), "spread": spread[0].tolist()}
  return found


def check(found: Any) -> dict[str, Any]:
  """Checks what a description of a predictor says of its space.

  Raises:
    UserError: a field is missing, unknown, of another type or out of range.
  """
  saved_config.as_object("space", found)
  expected = (*_SIZES, *_NAMES, SCALES)
  _check_fields("space", found, expected)
  for name in _SIZES:
    checks.check_value(f"space.{name}", found[name], _SIZE)
  for name in _NAMES:
    _check_list(f"space.{name}", found[name], checks.Text())
  saved_config.as_object(f"space.{SCALES}", found[SCALES])
  for kind, scale in found[SCALES].items():
    what = f"space.{SCALES}.{kind}"
    _check_fields(what, saved_config.as_object(what, scale), _SCALE)
    for name in _SCALE:
      _check_list(f"{what}.{name}", scale[name], _NUMBER)
    if len(scale["mean"]) != len(scale["spread"]):
      raise errors.UserError(
        f"{what}: expected as many means as spreads, got "
        f"{len(scale['mean'])} and {len(scale['spread'])}"
      )
  return found


def _check_fields(what: str, found: dict[str, Any], expected) -> None:
  if sorted(found) != sorted(expected):
    raise errors.UserError(
      f"{what}: expected the fields {', '.join(expected)}, got "
      f"{errors.quote(', '.join(found))}"
    )


def _check_list(what: str, found: Any, rule: checks.Rule) -> None:
  if not isinstance(found, list) or not found:
    raise errors.UserError(
      f"{what}: expected a list of values, got {errors.quote(found)}"
    )
  for place, each in enumerate(found):
    checks.check_value(f"{what}[{place}]", each, rule)


def check_same(
  source: object,
  kept: dict[str, Any] | None,
  space: spaces_base.Space,
  what: reads.Reads,
) -> None:
  """Holds a space against the one that a predictor was trained in.

  Scales are measured on cells that `space.sample` draws: where it draws others,
  the features of every cell would change, and the scores with them.

  Args:
    source: what messages call the predictor.
    kept: what it holds of its space; None in folders of earlier versions.
    space: the space that is given or registered.
    what: what its model reads.

  Raises:
    UserError: the space is another one under the same name.
  """
  if kept is None or spaces.is_shipped(space.name):
    return
  for name in (*_SIZES, *_NAMES):
    now: Any = getattr(space, name)
    now = list(now) if name in _NAMES else int(now)
    if now != kept[name]:
      expected = f"{name} = {errors.quote(kept[name])}"
      raise _other(source, space, expected, errors.quote(now))
  found = _scales(space, what)
  if sorted(found) != sorted(kept[SCALES]):
    expected = f"scales of the features {', '.join(kept[SCALES]) or 'none'}"
    raise _other(source, space, expected, ", ".join(found) or "none")
  for kind, scale in found.items():
    if not _is_close(scale, kept[SCALES][kind]):
      expected = f"features {kind!r} with the mean and spread of its training"
      raise _other(source, space, expected, "others: its sample has changed")


def _is_close(found: dict[str, Any], kept: dict[str, Any]) -> bool:
  """Whether two scales are equal, but for what devices round differently."""
  if len(found["mean"]) != len(kept["mean"]):
    return False
  spread = np.array(kept["spread"])
  apart = [np.array(found[name]) - np.array(kept[name]) for name in _SCALE]
  return bool(np.all(np.abs(apart) <= _TOLERANCE * np.abs(spread)))


def _other(
  source: object, space: spaces_base.Space, expected: str, got: str
) -> errors.UserError:
  return errors.UserError(
    f"{errors.quote(str(source))} is a predictor of another space "
    f"{space.name!r}: expected {expected}, got {got}; give the space that it "
    "was trained in, or train again"
  )
