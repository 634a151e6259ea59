"""A predictor of one space as a predictor of another one."""

from typing import Any

from nasjax import config as configs
from nasjax import errors
from nasjax.operators import encoding
from nasjax.predictors import fitting
from nasjax.spaces import base as spaces_base
from nasjax.systems import registry


def config_for(
  config: configs.Config, space: spaces_base.Space
) -> configs.Config:
  """Returns the config of a predictor that is moved to another space.

  It says how the parameters were trained; its space, and the operators beyond
  those of nasjax, are those of the new space.

  Args:
    config: the config of the training.
    space: the new space.

  Raises:
    UserError: the parameters of the model fit one space only.
  """
  name = config.model.name
  if not registry.get_system(name).transfers:
    known = [
      each
      for each in registry.model_names()
      if registry.get_system(each).transfers
    ]
    raise errors.UserError(
      f"transfer: expected a model that reads operators by their sentences "
      f"({', '.join(known)}), got {errors.quote(name)}, which knows the "
      f"operators of {errors.quote(config.space)} alone; fit one of these"
    )
  found = config.copy_and_resolve_references()
  own = encoding.extra_of(space.operator_names)
  return configs.override(found, {"space": space.name, "model.operators": own})


def check(model: Any, space: spaces_base.Space, prune: bool) -> None:
  """Checks that a model reads the cells of a space; nothing is computed.

  Raises:
    UserError: an operator of the space has no sentence, or a sentence that
      nothing here can encode.
  """
  fitting.template(model, space, 1, prune)
