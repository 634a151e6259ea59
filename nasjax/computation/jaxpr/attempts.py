"""Tracing of what a user wrote, whose failures are one line."""

from collections.abc import Callable
from typing import Any

import jax

from nasjax import errors

_ON_VALUES = (
  jax.errors.ConcretizationTypeError,
  jax.errors.NonConcreteBooleanIndexError,
  jax.errors.TracerArrayConversionError,
  jax.errors.TracerIntegerConversionError,
)


def attempt(call: Callable[[], Any], what: str, name: str, done: str) -> Any:
  """Returns what a call of a user's function returns.

  Args:
    call: traces the function.
    what: the function of nasjax that was asked, as messages begin.
    name: name of the user's function.
    done: what cannot be done with it, such as `traced`.

  Raises:
    UserError: the call raises anything; the line says what to do.
  """
  try:
    return call()
  except Exception as error:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    raise errors.UserError(
      f"{what}: {errors.quote(name)} cannot be {done} with these inputs: "
      f"{errors.quote(lines[0])}; {_advice(error)}"
    ) from error


def _advice(error: Exception) -> str:
  if isinstance(error, _ON_VALUES):
    return (
      "operators may not depend on numbers of an input: use jax.numpy in place "
      "of conditions in Python and conversions to numbers or NumPy arrays"
    )
  if isinstance(error, TypeError) and "argument" in str(error):
    return (
      "give every argument, as in computation.from_flax(module, "
      "(1, 32, 32, 3), train=False), or wrap it in a function that does"
    )
  return "call it with arrays of these shapes first"
