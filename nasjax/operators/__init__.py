"""The one vocabulary of operators for every search space."""

from nasjax.operators.table import (
  INPUT,
  NONE,
  NUM_BUILT_IN,
  OUTPUT,
  Operator,
  detail_table,
  operator_id,
  operator_ids,
  operators,
  register,
  seeds,
)

__all__ = [
  "INPUT",
  "NONE",
  "NUM_BUILT_IN",
  "OUTPUT",
  "Operator",
  "detail_table",
  "operator_id",
  "operator_ids",
  "operators",
  "register",
  "seeds",
]
