"""Checks of a user's own space, before anything is built on it.

Each mistake ends in one line that names the attribute or the method.
"""

import re
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import base

_SAMPLES = 3
_ABSENT = object()
_SYMBOLS = ("input", "output", "none")


def check_name(space: base.Space) -> None:
  """Checks the name, of letters, digits, `_`, `.` and `-`.

  Raises:
    UserError: it is missing or something else.
  """
  name = getattr(space, "name", _ABSENT)
  if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]{0,63}", name):
    raise _wrong(
      space, "name", "a text of at most 64 letters, digits, _, . and -", name
    )


@compiler.own_numbers()
def check(space: base.Space) -> None:
  """Checks attributes, a sample and the graphs that are drawn of it.

  Raises:
    UserError: one of them is missing or something else.
  """
  _check_hash(space)
  for attribute in ("genotype_length", "num_nodes", "num_cells", "max_hops"):
    _check_count(space, attribute)
  defaults = getattr(space, "defaults", {})
  if not isinstance(defaults, Mapping):
    raise _wrong(space, "defaults", "config fields by name", defaults)
  if not callable(space.encode):
    raise _wrong(space, "encode", "a method", space.encode)
  if space.num_nodes % space.num_cells:
    expected = f"a multiple of num_cells = {space.num_cells}"
    raise _wrong(space, "num_nodes", expected, space.num_nodes)
  for attribute in ("size", "num_genotypes"):
    if getattr(space, attribute, _ABSENT) is not None:
      _check_count(space, attribute)
  for attribute in ("op_names", "operator_names"):
    _check_names(space, attribute)
  for name in space.operator_names:
    if name in _SYMBOLS:
      expected = f"operators without {', '.join(_SYMBOLS)}"
      raise _wrong(space, "operator_names", expected, name)
    try:
      operators.operator_id(name)
    except errors.UserError as error:
      raise errors.UserError(
        f"{_called(space)}, operator_names: {error}"
      ) from error
  _check_graphs(space, _check_sample(space))


def _check_hash(space: base.Space) -> None:
  """A dataclass that is not frozen, or that holds lists, has no hash."""
  try:
    hash(space)
  except TypeError as error:
    expected = "a method that works, since programs are kept for each space"
    raise _wrong(space, "__hash__", expected, f"TypeError: {error}") from error


def _check_sample(space: base.Space) -> np.ndarray:
  """Draws genotypes, and returns them after a check."""
  drawn: Any = space.sample(_SAMPLES, np.random.default_rng(0))
  shape = (_SAMPLES, space.genotype_length)
  if np.shape(drawn) != shape or getattr(drawn, "dtype", None) != np.int8:
    raise _wrong(
      space,
      f"sample({_SAMPLES}, rng)",
      f"an int8 array of shape {list(shape)}",
      _shown(drawn),
    )
  again = space.sample(_SAMPLES, np.random.default_rng(0))
  if not np.array_equal(drawn, again):
    expected = "the same samples of generators with one seed"
    raise _wrong(space, f"sample({_SAMPLES}, rng)", expected, "others")
  valid: Any = space.is_valid(drawn)
  if np.shape(valid) != (_SAMPLES,) or not np.all(valid):
    expected = f"{_SAMPLES} times True for its own samples"
    raise _wrong(space, "is_valid", expected, np.asarray(valid).tolist())
  return drawn


def _check_graphs(space: base.Space, genotypes: np.ndarray) -> None:
  """Traces `encode`; nothing is compiled."""
  drawn: Any = jax.eval_shape(space.encode, jnp.asarray(genotypes))
  if not isinstance(drawn, base.EncodedCells):
    expected = "nasjax.spaces.base.EncodedCells"
    raise _wrong(space, "encode", expected, type(drawn).__name__)
  batch, nodes = _SAMPLES, space.num_nodes
  shapes = {
    "ops": (batch, nodes),
    "channels": (batch, nodes, 2),
    "cell_type": (batch, nodes),
    "adjacency": (batch, nodes, nodes),
    "mask": (batch, nodes),
  }
  for field, shape in shapes.items():
    found = getattr(drawn, field)
    dtype = np.dtype(np.int32 if field == "ops" else np.float32)
    if found.shape != shape or found.dtype != dtype:
      raise _wrong(
        space,
        f"encode, field {field}",
        f"{dtype} of shape {list(shape)}",
        _shown(found),
      )


def _check_count(space: base.Space, attribute: str) -> None:
  value: Any = getattr(space, attribute, _ABSENT)
  whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
  if not whole or value < 1:
    expected = "a whole number of at least 1"
    if attribute in ("size", "num_genotypes"):
      expected += ", or None"
    raise _wrong(space, attribute, expected, value)


def _check_names(space: base.Space, attribute: str) -> None:
  value: Any = getattr(space, attribute, _ABSENT)
  is_names = isinstance(value, tuple) and len(value) > 0
  if not is_names or not all(isinstance(each, str) for each in value):
    raise _wrong(space, attribute, "a tuple of names", value)


def _shown(value: Any) -> str:
  if hasattr(value, "dtype"):
    return f"{value.dtype} of shape {list(value.shape)}"
  return type(value).__name__


def _called(space: base.Space) -> str:
  return f"space {getattr(space, 'name', type(space).__name__)!r}"


def _wrong(
  space: base.Space, what: str, expected: str, got: object
) -> errors.UserError:
  """Returns the error for an attribute or method of a space."""
  shown = got if isinstance(got, str) else errors.quote(got)
  shown = "none" if got is _ABSENT else shown
  return errors.UserError(
    f"{_called(space)}, {what}: expected {expected}, got {shown}; see the "
    "docstring of nasjax.Space"
  )
