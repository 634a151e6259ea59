"""The type of a system: a predictor that a config can name."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn

from nasjax import graphs, settings
from nasjax.spaces import base as spaces_base
from nasjax.training import loop, state

Objective = Callable[[settings.Config, nn.Module], loop.Objective]
Finish = Callable[
  [settings.Config, nn.Module, state.TrainState, graphs.CellGraphs],
  state.TrainState,
]
Start = Callable[
  [settings.Config, nn.Module, spaces_base.Space, state.TrainState],
  state.TrainState,
]


@dataclasses.dataclass(frozen=True)
class System:
  """One entry of `nasjax.systems.registry`.

  Attributes:
    module: class of its model for one architecture, with `reads`; the fields of
      the class, with their defaults, are those of `config.model`.
    choices: field to the names that it may have.
    check: raises a UserError where fields do not fit together.
    objective: makes what the training minimises of a config and a model; the
      config's loss of the scores where None.
    start: makes the first state of a training where `config.pretrain` asks for
      it; None: the model cannot be pre-trained.
    finish: maps the last state of a training and the training cells `[S, n]` to
      the state that scores; the last state itself where None.
    transfers: whether its parameters fit every space, so that it scores the
      cells of others (`Predictor.transfer`).
    trained: whether it has parameters that a training finds; otherwise the
      regression beside it is the whole predictor.
    keeps: fields of `config.model` that keep their value where a config changes
      to this model from one that has them too.
    fields: other fields of a config that change with the model, by dotted name.
  """

  module: type[nn.Module]
  choices: Mapping[str, tuple[str, ...]] = dataclasses.field(
    default_factory=dict
  )
  check: Callable[[Mapping[str, Any]], None] | None = None
  objective: Objective | None = None
  start: Start | None = None
  finish: Finish | None = None
  transfers: bool = False
  trained: bool = True
  keeps: tuple[str, ...] = ()
  fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
