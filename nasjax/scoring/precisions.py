"""The number formats in which a model can be computed."""

import pathlib
from collections.abc import Callable
from typing import Any

import flax.errors
import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import errors

DEFAULT = "float32"
PRECISIONS = ("float32", "bfloat16")
_CPU_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
_UNFIT = (
  flax.errors.ScopeCollectionNotFound,
  flax.errors.ScopeParamNotFoundError,
  flax.errors.ScopeParamShapeError,
)


def check(precision: str) -> None:
  """Checks that the default device computes in a format.

  Raises:
    UserError: the name is unknown, or the device only emulates the format.
  """
  errors.check_name("precision", precision, PRECISIONS)
  if precision == "bfloat16" and not _has_bfloat16():
    raise errors.UserError(
      "precision 'bfloat16': expected a device that computes in it, got "
      f"{jax.devices()[0].device_kind!r} without; use 'float32'"
    )


def _has_bfloat16() -> bool:
  if jax.default_backend() != "cpu":
    return True
  try:
    text = pathlib.Path("/proc/cpuinfo").read_text()
  except OSError:
    return False
  words = {word for line in text.splitlines() for word in line.split()}
  return any(flag in words for flag in _CPU_FLAGS)


def apply_fn(model: nn.Module, precision: str) -> Callable[..., jax.Array]:
  """Returns a function of parameters and one cell to a float32 score.

  It takes further arguments of the model by name.

  In `bfloat16` all parameters and the inputs of all dense layers are rounded
  to bfloat16, so that every large product is one of bfloat16; norms and the
  softmax keep their own rules. The parameters that are stored stay float32.
  """
  if precision == DEFAULT:
    return lambda params, cell, **known: jnp.asarray(
      applied(model, params, cell, known)
    )

  def low(tree):
    return jax.tree.map(
      lambda leaf: (
        leaf.astype(jnp.bfloat16)
        if jnp.issubdtype(leaf.dtype, jnp.floating)
        else leaf
      ),
      tree,
    )

  def round_inputs(next_fn, args, kwargs, context):
    if isinstance(context.module, nn.Dense):
      args, kwargs = low((args, kwargs))
    return next_fn(*args, **kwargs)

  def apply(params, cell, **known):
    with nn.intercept_methods(round_inputs):
      return jnp.asarray(
        applied(model, low(params), low(cell), low(known)), jnp.float32
      )

  return apply


def applied(model: nn.Module, params: Any, cell: Any, known: Any) -> Any:
  """A model's score of one cell; says so where the parameters are not its own.

  That is found out here, when a program is traced, where a saved model was put
  together by hand.
  """
  try:
    return model.apply(params, cell, **known)
  except _UNFIT as error:
    reason = " ".join(str(error).split())[:160]
    raise errors.UserError(
      f"these are no parameters of the model that its config describes "
      f"({reason}); fetch it again, or train again"
    ) from error
