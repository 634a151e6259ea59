"""Configs that adapt the predictor of any network to one's own labels.

`nasjax/configs/gennape/custom.py` is one.
"""

from collections.abc import Mapping
from typing import Any

from nasjax import errors, settings
from nasjax.config import checks, own_fields

NAME = "gennape"
MOST_PARTS = 1000
"""Parts of a cross-validation, at most."""
_LARGEST = 1_000_000

FIELDS = own_fields.OwnFields(
  name=NAME,
  about="ranks networks of any kind",
  fields={
    "table": "FILE.csv",  # columns model,value; models relative to its folder
    "shape": "",  # of one input, as 224,224,3, for what ONNX files leave open
    "parts": 10,  # of the cross-validation; 0: each network is left out
    "seed": 0,  # of these parts
    "model": {"name": NAME},
  },
  rules={
    "table": checks.Text(),
    "shape": checks.Text(64),
    "parts": checks.Whole(0, MOST_PARTS),
    "seed": checks.Whole(0, checks.MAX_SEED),
  },
  choices={},
  defaults="nasjax.config.adaptation.defaults",
)
is_one = FIELDS.is_one
check_names = FIELDS.check_names


def defaults() -> settings.Config:
  """Returns the config `gennape/custom`."""
  return FIELDS.config()


def check(config: settings.Config) -> settings.Config:
  """Checks every field.

  Raises:
    UserError: a field is unknown, missing, of another type or out of range.
  """
  shape_of(FIELDS.check(config))
  if config.parts == 1:
    raise errors.UserError(
      "config.parts: expected 0 (each network is left out), or 2 and more "
      "parts of which one is left out, got 1"
    )
  return config


def override(
  config: settings.Config, fields: Mapping[str, Any]
) -> settings.Config:
  """Sets fields by dotted name, in place.

  Raises:
    UserError: a field does not exist, or a value is out of its range.
  """
  return check(FIELDS.override(config, fields))


def shape_of(config: settings.Config) -> tuple[int, ...] | None:
  """Returns the shape of one input, channels last; None where none is given.

  Raises:
    UserError: it is none.
  """
  if not config.shape:
    return None
  words = [word.strip() for word in config.shape.split(",")]
  shape = tuple(int(word) if word.isdecimal() else 0 for word in words)
  if not 0 < min(shape) <= max(shape) <= _LARGEST:
    raise errors.UserError(
      "config.shape: expected the shape of one input without the batch, as in "
      f"224,224,3, of numbers up to {_LARGEST:,}, got "
      f"{errors.quote(config.shape)}"
    )
  return shape
