"""A check that models with attention share."""

from collections.abc import Mapping
from typing import Any

from nasjax import errors


def check(fields: Mapping[str, Any]) -> None:
  """Checks that the heads of an attention divide its width.

  Raises:
    UserError: they do not.
  """
  if fields["width"] % fields["num_heads"]:
    raise errors.UserError(
      "config.model.width: expected a multiple of num_heads = "
      f"{fields['num_heads']}, got {fields['width']}"
    )
