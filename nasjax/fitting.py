"""What training leaves behind: members, their calibration, the regression."""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from nasjax import compiler, errors, graphs, scoring
from nasjax import config as configs
from nasjax import labels as label_numbers
from nasjax.models import registry as models
from nasjax.spaces import base as spaces_base
from nasjax.training import kernel, loop, pretrain, state


@dataclasses.dataclass(frozen=True)
class Fitted:
  """What training leaves behind.

  Attributes:
    params: parameters, each leaf with a leading axis of members `R`.
    scale: factor from raw scores to the label's unit, `[R]`.
    shift: offset in the label's unit, `[R]`.
  """

  params: Any
  scale: np.ndarray
  shift: np.ndarray


def combine(fitted: Fitted, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Mean and spread of the members, in the label's unit.

  Args:
    fitted: the trained members.
    raw: raw scores `[R, n]`.

  Returns:
    Mean `[n]` and standard deviation over members `[n]`, float64.
  """
  return label_numbers.combine(fitted.scale, fitted.shift, raw)


def set_kernel(config: configs.Config, sizes: dict[str, int]) -> None:
  """Puts the sizes of a regression (`kernel.sizes`) into a config."""
  if "kernel_cells" in config.model:
    config.model.update(sizes)


@compiler.own_numbers()
def train_members(
  config: configs.Config,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  targets: np.ndarray,
  *,
  shown: bool = False,
) -> Any:
  """Trains the members of one seed; leaves `[R, ...]`; `shown` with a bar."""
  model = models.create_model(config.model)
  with loop.progress_bar(config, len(genotypes), shown) as bar:
    cells = graphs.training_cells(
      space,
      genotypes[None],
      config.prune,
      signals=graphs.reads_signals(model),
    )
    trained = loop.fit(
      config,
      model,
      cells,
      targets[None],
      state.member_keys(config.seed, 1, config.num_members),
      start=lambda fresh: (
        0,
        pretrain.start_state(config, model, space, fresh),
      ),
      on_epoch=lambda *_: bar.update(),
    )
  return jax.tree.map(lambda leaf: leaf[0], trained.params)


def check_finite(raw: np.ndarray) -> None:
  """Stops where trained members give scores `[R, n]` that are not finite.

  Raises:
    UserError: the last step of the training diverged.
  """
  if not np.isfinite(raw).all():
    raise errors.UserError(
      "the trained predictor gives scores that are not finite: the training "
      "diverged; lower config.optimizer.learning_rate or set "
      "config.optimizer.clip_norm"
    )


@compiler.own_numbers()
def complete(
  config: configs.Config,
  space: spaces_base.Space,
  params: Any,
  genotypes: np.ndarray,
  labels: np.ndarray,
) -> tuple[nn.Module, Any]:
  """Adds to trained members what is solved for and not trained.

  Args:
    config: the config of the training.
    space: the space of the cells.
    params: members of one seed, leaves `[R, ...]`.
    genotypes: training cells `[n, G]`.
    labels: their labels `[n]`.

  Returns:
    The model that scores, and its parameters.
  """
  model = models.create_model(config.model)
  if not kernel.is_used(config, model):
    return model, params
  raw = scoring.score(model, params, space, genotypes, prune=config.prune)
  cells = graphs.training_cells(
    space, genotypes[None], config.prune, signals=graphs.reads_signals(model)
  )
  features = np.asarray(model.read_features(cells))[0]
  num_edges = 0
  if getattr(model, "edges", False):
    num_edges = np.asarray(cells.edges).shape[-1]
  return kernel.attach(config, model, params, raw, features, labels, num_edges)
