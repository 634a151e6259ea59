"""Training recipes of compared predictors, as published, by name.

A recipe is a whole config: model, optimizer, learning rate, weight decay,
batch, epochs, loss. Two things are the same for all: labels are standardised
with the mean and spread of the seed's own training labels (publications use
constants of the whole benchmark, an affine map of the same labels), and the
cells come from the split that the caller puts into `config.split`.
"""

from collections.abc import Callable
from typing import Any

from nasjax import config as configs
from nasjax import errors
from nasjax.training import loop

_Fields = dict[str, Any]

_CONSTANT_ADAM: _Fields = {
  "optimizer.name": "adam",
  "optimizer.weight_decay": 0.0,
  "optimizer.schedule": "constant",
  "optimizer.warmup_rate": 0.0,
  "optimizer.clip_norm": 0.0,
}

# Adam with L2 decay, cosine: the code of TNASP and PINAT, which trains the
# other predictors of its tables in the same way.
_TNASP_PROTOCOL: _Fields = {
  "loss": "mse",
  "init": "torch",
  "epochs": 300,
  "batch_size": 10,
  "drop_last": True,
  "prune": False,
  "optimizer.name": "adam_l2",
  "optimizer.learning_rate": 1e-4,
  "optimizer.weight_decay": 1e-3,
  "optimizer.schedule": "cosine",
  "optimizer.warmup_rate": 0.0,
  "optimizer.clip_norm": 0.0,
}


def _default() -> _Fields:
  """What nasjax trains by default on the space."""
  return {}


def _paper() -> _Fields:
  """Wang et al. 2024, table 2 and section 4.1.4; sizes left open as in A.

  Squared error, Adam at 1e-4 without decay, batches of 10, 300 epochs. The
  paper names no schedule and no clipping. It names PyTorch, whose first weights
  are smaller than those of flax: with the latter the same recipe starts at a
  loss of hundreds and hardly recovers.
  """
  return {
    "model.name": "architecture",
    "loss": "mse",
    "init": "torch",
    "epochs": 300,
    "batch_size": 10,
    **_CONSTANT_ADAM,
    "optimizer.learning_rate": 1e-4,
  }


def _paper_mlp() -> _Fields:
  """`paper` with a perceptron instead of the predictor GCN (table 3)."""
  return {**_paper(), "model.head": "mlp"}


def _paper_onehot() -> _Fields:
  """`paper` without the numeric detail of operations (figure 8)."""
  return {**_paper(), "model.encoding": "onehot"}


def _paper_inference() -> _Fields:
  """`paper` on the forward graph alone (section 4.3)."""
  return {**_paper(), "model.graph": "inference"}


def _regression() -> _Fields:
  """The kernel regression alone, without a network."""
  return {"model.name": "regression"}


def _default_prior() -> _Fields:
  """The default predictor, which starts from the zero-label score."""
  return {"prior": "zero"}


def _regression_prior() -> _Fields:
  """The kernel regression alone, which starts from the zero-label score."""
  return {**_regression(), **_default_prior()}


def _mlp() -> _Fields:
  """A perceptron in the place of Peephole (Deng et al. 2017).

  No recipe is published for it: it is trained as the other baselines of the
  TNASP and PINAT tables.
  """
  return {"model.name": "mlp", **_TNASP_PROTOCOL}


def _neural_predictor() -> _Fields:
  """Neural Predictor (Wen et al. 2020) as the TNASP and PINAT tables train it.

  Three bidirectional layers of 144, a dense layer of 128, Adam at 1e-4 with L2
  decay 1e-3 and a cosine to zero, batches of 10, 300 epochs. Its convolutions
  start as Glorot and Bengio 2010, which at these widths is close to `lecun`.
  """
  return {
    "model.name": "neural_predictor",
    **_TNASP_PROTOCOL,
    "init": "lecun",
  }


def _tnasp() -> _Fields:
  """TNASP (Lu et al. 2021): Adam 1e-4, L2 decay 1e-3, batch 10, 300 epochs.

  Without its self-evolution, which trains on errors of validation cells.
  """
  return {"model.name": "tnasp", **_TNASP_PROTOCOL}


def _pinat() -> _Fields:
  """PINAT (Lu et al. 2023), official project: the recipe of TNASP."""
  return {"model.name": "pinat", **_TNASP_PROTOCOL}


def _gmae() -> _Fields:
  """GMAE-NAS (Jing et al. 2022): masked pre-training, then BPR on labels.

  From the paper: three quarters of the operations are hidden, the fine-tuning
  has 75 epochs with a pairwise logistic (BPR) loss behind a frozen encoder.
  Ours: the sample of unlabelled cells, the epochs and the learning rate of the
  pre-training, and the optimizer and batch of the fine-tuning. In spaces whose
  operations are drawn independently, no encoder can name hidden ones much
  better than by chance.
  """
  return {
    "model.name": "gmae",
    "model.freeze_encoder": True,
    "loss": "pairwise_logistic",
    "epochs": 75,
    "batch_size": 32,
    "prune": False,
    **_CONSTANT_ADAM,
    "optimizer.learning_rate": 1e-3,
    "pretrain.num_cells": 4096,
    "pretrain.epochs": 10,
    "pretrain.mask_rate": 0.75,
  }


def _tgnas_code() -> _Fields:
  """TG-NAS (Qiao et al. 2024), official project.

  Four layers of 64, squared error, AdamW at 1e-3 with its default decay, a
  tenth of the rate after 40 and 80 of 100 epochs, batches of 128. It is trained
  on test accuracies of NAS-Bench-101 (one of three runs, drawn at random; here
  their mean), and scores the normal cell alone in DARTS.
  """
  return {
    "model.name": "tgnas",
    "model.variant": "code",
    "model.num_layers": 4,
    "model.cells": "normal",
    "train_label": "test",
    "loss": "mse",
    "epochs": 100,
    "batch_size": 128,
    "prune": False,
    **_CONSTANT_ADAM,
    "optimizer.name": "adamw",
    "optimizer.learning_rate": 1e-3,
    "optimizer.schedule": "step",
    "optimizer.weight_decay": 0.01,
  }


def _tgnas_paper() -> _Fields:
  """TG-NAS as its paper says: two layers, degrees and graphs normalised.

  What the paper leaves open is as in the code.
  """
  return {**_tgnas_code(), "model.variant": "paper", "model.num_layers": 2}


_RECIPES: dict[str, Callable[[], _Fields]] = {
  "default": _default,
  "paper": _paper,
  "paper_mlp": _paper_mlp,
  "paper_onehot": _paper_onehot,
  "paper_inference": _paper_inference,
  "regression": _regression,
  "default_prior": _default_prior,
  "regression_prior": _regression_prior,
  "mlp": _mlp,
  "neural_predictor": _neural_predictor,
  "tnasp": _tnasp,
  "pinat": _pinat,
  "gmae": _gmae,
  "tgnas_code": _tgnas_code,
  "tgnas_paper": _tgnas_paper,
}


def recipe_names() -> tuple[str, ...]:
  """Returns the names of all recipes."""
  return tuple(_RECIPES)


def recipe(method: str, space: str, num_train: int) -> configs.Config:
  """Returns the config that trains a method on a space.

  Args:
    method: `default`, `paper` and its variants, or a compared predictor.
    space: name of the search space; gives benchmark and labels.
    num_train: training cells of each seed.

  Raises:
    UserError: a name is unknown, or num_train is below 2.
  """
  errors.check_name("method", method, _RECIPES)
  if num_train < 2:
    raise errors.UserError(f"num_train: expected at least 2, got {num_train}")
  config = configs.space_defaults(space)
  fields = _RECIPES[method]()
  if "model.name" in fields:  # its own defaults, not those of nasjax
    configs.use_model(config, fields["model.name"])
    config.num_members, config.max_steps = 1, 0
  configs.override(config, {"num_train": num_train, **fields})
  config.epochs = loop.make_plan(config, num_train).epochs
  return config


def bounded(config: configs.Config, max_steps: int) -> configs.Config:
  """Lowers the epochs of a config until a bound on its steps holds, in place.

  Schedules end with the last epoch. Steps of a pre-training do not count.

  Args:
    config: with `num_train`.
    max_steps: most training steps of a seed, 0 for no bound.

  Raises:
    UserError: the bound is below one epoch.
  """
  if not max_steps:
    return config
  batches = loop.make_plan(config, config.num_train).num_batches
  if max_steps < batches:
    raise errors.UserError(
      f"max_steps: expected at least {batches}, the steps of one epoch, got "
      f"{max_steps}"
    )
  config.epochs = min(config.epochs, max_steps // batches)
  return config
