"""Operators as one-hot vectors whose width a saved model keeps.

The operators that come with nasjax have the first columns; those of a user's
own space follow, by name, in the order that the model's config has. So an
operator that is added to the table changes no saved model.
"""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.operators import built_in, table

HIDDEN = -1
"""Stands for an operation that a model is not shown (`training.pretrain`)."""


def width(extra: str = "") -> int:
  """Columns of `one_hot`.

  Args:
    extra: names of operators beyond those that come with nasjax, by commas.
  """
  return table.NUM_BUILT_IN + len(_names(extra))


def names(extra: str = "") -> list[str]:
  """Names of the operators of the columns of `one_hot`.

  Args:
    extra: see `width`.
  """
  return [each.name for each in built_in.BUILT_IN] + _names(extra)


def columns(ops: jax.Array, extra: str = "") -> jax.Array:
  """Column of each operator id in `one_hot`, `[...]` int32; -1 for none.

  Args:
    ops: operator ids `[...]`, or `HIDDEN`.
    extra: see `width`.

  Raises:
    UserError: a name is no operator.
  """
  own = _names(extra)
  if not own:
    return ops
  found = np.full(len(table.operators()) + 1, -1, np.int32)  # last: HIDDEN
  found[: table.NUM_BUILT_IN] = np.arange(table.NUM_BUILT_IN)
  for place, name in enumerate(own):
    found[table.operator_id(name)] = table.NUM_BUILT_IN + place
  return jnp.asarray(found)[ops]


def one_hot(ops: jax.Array, extra: str = "") -> jax.Array:
  """Encodes operator ids `[...]` as `[..., width(extra)]` float32.

  `HIDDEN` and operators that are not encoded are rows of zeros.

  Args:
    ops: operator ids.
    extra: see `width`.

  Raises:
    UserError: a name is no operator.
  """
  return jax.nn.one_hot(columns(ops, extra), width(extra))


def extra_of(names: tuple[str, ...]) -> str:
  """Those of a space's operators that do not come with nasjax, by commas.

  Args:
    names: `Space.operator_names`.
  """
  return ",".join(
    name for name in names if table.operator_id(name) >= table.NUM_BUILT_IN
  )


def _names(extra: str) -> list[str]:
  return extra.split(",") if extra else []
