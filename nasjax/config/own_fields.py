"""Configs with fields of their own, which are none of predictors of cells."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import config_dict

from nasjax import config as configs
from nasjax import errors, settings
from nasjax.config import checks


@dataclasses.dataclass(frozen=True, eq=False)
class OwnFields:
  """The fields of one kind of config.

  A field of a predictor of cells, such as a benchmark, is refused.

  Attributes:
    name: `model.name`, by which such a config is known.
    about: what the kind does, as in `'sees no labels'`.
    fields: defaults, nested.
    rules: what values may be, by dotted name.
    choices: names that a value is one of, by dotted name.
    defaults: the function that makes such a config, as messages call it.
  """

  name: str
  about: str
  fields: Mapping[str, Any]
  rules: Mapping[str, checks.Rule]
  choices: Mapping[str, tuple[str, ...]]
  defaults: str

  def config(self) -> settings.Config:
    """Returns a config with the defaults."""
    return config_dict.ConfigDict(dict(self.fields))

  @property
  def names(self) -> list[str]:
    """Dotted names of all fields."""
    return settings.field_names(self.config())

  def is_one(self, config: Any) -> bool:
    """Says whether a config is of this kind, by its `model.name`."""
    if not isinstance(config, config_dict.ConfigDict):
      return False
    model = config.get("model")
    has_name = isinstance(model, config_dict.ConfigDict)
    return has_name and model.get("name") == self.name

  def check_names(self, names: Collection[str]) -> None:
    """Checks names of fields, dotted.

    Raises:
      UserError: a field is one of predictors, or does not exist.
    """
    known = self.names
    supervised = settings.field_names(configs.default())
    for name in names:
      if name not in known and name in supervised:
        raise errors.UserError(
          f"config.{name} is a field of predictors of cells: expected fields "
          f"of {self.name}, which {self.about} ({', '.join(known)}); leave it "
          "out"
        )
      settings.check_field(name, known)

  def check(self, config: settings.Config) -> settings.Config:
    """Checks every field.

    Raises:
      UserError: a field is unknown, missing, of another type or out of range.
    """
    flat = settings.flatten(config.to_dict())
    self.check_names(flat)
    for name in self.names:
      if name not in flat:
        raise errors.UserError(
          f"config.{name}: expected a value, got no such field; start from "
          f"{self.defaults}"
        )
    for name, rule in self.rules.items():
      checks.check_value(f"config.{name}", flat[name], rule)
    for name, known in self.choices.items():
      if flat[name] not in known:
        raise errors.one_of(name, flat[name], known)
    return config

  def override(
    self, config: settings.Config, fields: Mapping[str, Any]
  ) -> settings.Config:
    """Sets fields by dotted name, in place.

    Raises:
      UserError: a field does not exist, or a value is out of its range.
    """
    self.check_names(fields)
    if fields.get("model.name", self.name) != self.name:
      raise errors.UserError(
        f"config.model.name: expected {self.name!r} in this config, got "
        f"{errors.quote(fields['model.name'])}; take a config of predictors, "
        "as --config=nb201"
      )
    config.update_from_flattened_dict(dict(fields))
    return self.check(config)
