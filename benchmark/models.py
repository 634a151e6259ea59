"""The models that the benchmarks time, by the names of their options."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np

from nasjax import config as configs
from nasjax.features import inputs
from nasjax.predictors import checkpoints
from nasjax.reproduce import recipes
from nasjax.spaces import registry as spaces
from nasjax.systems import registry

_NUM_TRAIN = 156  # the size of the model does not depend on it


def load(space: str, name: str) -> tuple[nn.Module, Any, configs.Config]:
  """Returns a module, its parameters (leaves `[R, ...]`) and its config.

  Args:
    space: name of the space.
    name: `paper` (the paper's size, one member, untrained), `default` (the
      predictor that comes with nasjax), `student`, or a saved predictor.
  """
  if name == "paper":
    config = recipes.recipe("paper", space, _NUM_TRAIN)
    return registry.create_model(config.model), _draw(config), config
  model = checkpoints.open_predictor(space, None if name == "default" else name)
  return model.model, model.fitted.params, model.config


def _draw(config: configs.Config) -> Any:
  """Parameters of one untrained member."""
  space = spaces.get_space(config.space)
  genotypes = np.zeros((1, space.genotype_length), np.int8)
  module: Any = registry.create_model(config.model)

  def init(rows):
    cells = inputs.make(space, rows, module.reads, prune=config.prune)
    cell = jax.tree.map(lambda leaf: leaf[0], cells)
    return module.init(jax.random.key(0), cell)

  return jax.tree.map(lambda leaf: leaf[None], jax.jit(init)(genotypes))
