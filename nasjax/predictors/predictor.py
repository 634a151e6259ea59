"""The predictor as people use it: fit, predict, save, load."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import flax.linen as nn

from nasjax import compiler, errors, files, scoring
from nasjax import config as configs
from nasjax import labels as label_numbers
from nasjax.config import checks
from nasjax.predictors import (
  deviations,
  fitting,
  priors,
  saved,
  saved_space,
  transfer,
)
from nasjax.regression import beside
from nasjax.spaces import architectures
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.training import checkpoint

PRETRAINED = pathlib.Path(__file__).parents[1] / "pretrained"
FINAL_MODEL = "model"

Fitted = fitting.Fitted
combine = fitting.combine
as_genotypes = architectures.as_genotypes


@dataclasses.dataclass(frozen=True)
class _State:
  """All that a predictor is, so that one assignment replaces it.

  Attributes:
    config: the config that people see, and may change for the next `fit`.
    model: the linen module of `fitted`, or of the config before a training.
    fitted: the trained members, with the config of their training.
    card: what is known of the model.
  """

  config: configs.Config
  model: nn.Module
  fitted: tuple[Fitted, configs.Config] | None
  card: dict[str, Any]


class Predictor:
  """Predicts the accuracy of the architectures of one space.

  `fit` and `load` are the two ways to a predictor that can `predict`. With
  `target="cost"` (latency, energy) cells are taken as they are.

  Attributes:
    space: the search space.
    config: all fields; a change of one takes effect at the next `fit`.
    card: what is known of the model (data, label, split, score, command).
  """

  def __init__(
    self,
    space: str | spaces_base.Space = "nb201",
    seed: int = 0,
    *,
    config: configs.Config = None,
    verbose: bool = False,
    **fields: Any,
  ):
    """Makes an untrained predictor.

    Args:
      space: the search space, or its name; a space of one's own need not be
        registered.
      seed: seed of all draws of the training.
      config: a whole config; the default of the space where None
        (`nasjax.config.space_defaults`).
      verbose: whether `fit` says on standard error what it is doing.
      **fields: further config fields (`epochs=100`, `num_members=4`,
        `target="cost"`, `model=dict(width=32)`).

    Raises:
      UserError: a name is unknown, or a value has the wrong type or is out of
        its range (`nasjax.config.checks`).
    """
    self.space = spaces.as_own(space)
    if config is None:
      resolved: configs.Config = configs.space_defaults(self.space)
    else:
      resolved = checks.check(config).copy_and_resolve_references()
    flat = {}
    for name, value in fields.items():
      if isinstance(value, dict):
        flat.update({f"{name}.{key}": each for key, each in value.items()})
      else:
        flat[name] = value
    name = self.space.name
    configs.override(resolved, {"space": name, "seed": seed, **flat})
    checks.check(resolved)
    resolved = fitting.resolve(resolved, self.space)
    model = models.create_model(resolved.model)
    self._state = _State(resolved, model, None, {})
    self.verbose = verbose

  @property
  def target(self) -> str:
    """Kind of the scores: `accuracy`, or `cost` (lower is better)."""
    return self.config.target

  @property
  def config(self) -> configs.Config:
    """All fields; see `nasjax.config.default`."""
    return self._state.config

  @property
  def card(self) -> dict[str, Any]:
    """Facts on the model (data, label, split, scores); empty after `fit`."""
    return self._state.card

  @card.setter
  def card(self, card: dict[str, Any]) -> None:
    self._state = dataclasses.replace(self._state, card=card)

  @property
  def model(self) -> nn.Module:
    """The linen module, for one architecture."""
    return self._state.model

  @property
  def fitted(self) -> Fitted:
    """The trained members.

    Raises:
      UserError: nothing was fitted or loaded yet.
    """
    return self._trained[0]

  @property
  def params(self) -> Any:
    """Parameters of the trained members, leaves `[R, ...]`.

    Raises:
      UserError: nothing was fitted or loaded yet.
    """
    return self.fitted.params

  @property
  def _trained(self) -> tuple[Fitted, configs.Config]:
    if self._state.fitted is None:
      raise errors.UserError(
        "this predictor is not trained: call fit(archs, labels) or "
        "Predictor.load(path) first"
      )
    return self._state.fitted

  @classmethod
  def from_fitted(
    cls, config: configs.Config, fitted: Fitted, card: dict[str, Any]
  ) -> "Predictor":
    """Wraps members that were trained elsewhere."""
    predictor = cls(config.space, config.seed, config=config)
    predictor._state = _finished(predictor.config, fitted, card)
    return predictor

  @compiler.own_numbers()
  def fit(self, archs: Any, labels: Any) -> "Predictor":
    """Trains on architectures with known labels.

    A former training stays as it was until the new one is complete: whatever
    ends the call early, an error or an interrupt, changes nothing.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      labels: `[n]`, any unit; higher = better, or with `target="cost"` lower.

    Returns:
      Itself, with an empty card.

    Raises:
      UserError: an architecture, a label or a field is bad, or it diverged.
    """
    genotypes = as_genotypes(self.space, archs)
    values = label_numbers.read(labels, (len(genotypes),))
    config = fitting.resolve(checks.check(self.config), self.space)
    (fitted,) = fitting.fit_members(
      config, self.space, genotypes[None], values[None], shown=self.verbose
    )
    self._state = _finished(config, fitted, {})
    return self

  def predict(self, archs: Any, *, return_std: bool = False) -> Any:
    """Scores architectures; higher = better, or with `target="cost"` lower.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      return_std: whether the spread of the members is returned too.

    Returns:
      Scores `[n]` float64 in the label's unit; with `return_std` a pair of
      scores and their standard deviations `[n]`: how far a label may lie from
      the score, by the errors on training cells that were left out
      (`nasjax.regression.spread`); without a regression the standard deviation
      over the members.

    Raises:
      UserError: the predictor is not trained or an architecture is bad.
    """
    fitted, config = self._trained
    model = self._state.model
    genotypes = as_genotypes(self.space, archs)
    raw = scoring.score(
      model, fitted.params, self.space, genotypes, prune=config.prune
    )
    raw = priors.add(config, self.space, fitted.params, raw, genotypes)
    mean, std = combine(fitted, raw)
    if not return_std:
      return mean
    if fitted.spread is not None:
      std = deviations.predict(
        config, model, fitted.spread, self.space, genotypes, mean
      )
    return mean, std

  def transfer(self, space: str | spaces_base.Space) -> "Predictor":
    """Returns this predictor for the cells of another space, not trained again.

    It can be saved. Its scores rank the cells; their unit is that of the labels
    it was trained on, on which the new space has no say.

    Args:
      space: the other space, or its name; its operators need sentences
        (`nasjax.Operator`), not to have been in the training.

    Returns:
      A new predictor with the same parameters, whose card says where they were
      trained (`trained_in`).

    Raises:
      UserError: it is not trained, its model knows the operators of one space
        alone, or an operator has no sentence.
    """
    fitted, config = self._trained
    target = spaces.as_own(space)
    moved = Predictor(target, config=transfer.config_for(config, target))
    transfer.check(moved.model, target, config.prune)
    card = {**self.card, "space": target.name, "trained_in": self.space.name}
    moved._state = _finished(moved.config, fitted, card)
    return moved

  def save(self, path: files.PathLike, *, readme: str | None = None) -> None:
    """Writes parameters, config, label normaliser and card to a folder.

    A new or an empty folder is filled, a saved model is replaced in one step;
    a folder that holds anything else is refused and stays as it is.

    Args:
      path: the folder.
      readme: content of a `README.md` in it; none where None.

    Raises:
      UserError: the predictor is not trained, the folder holds something else
        or cannot be written, or the card is not JSON.
    """
    fitted, config = self._trained
    model: Any = self.model
    meta = saved.make_meta(
      config,
      fitted.params,
      self.card,
      scale=fitted.scale,
      shift=fitted.shift,
      spread=fitted.spread,
      space=saved_space.describe(self.space, model.reads),
    )
    params = deviations.join(fitted.params, fitted.spread)
    checkpoint.save_model(path, params, meta, readme)

  @classmethod
  def load(
    cls, path: files.PathLike, *, space: spaces_base.Space | None = None
  ) -> "Predictor":
    """Reads a predictor from a saved folder or from a training's workdir.

    Args:
      path: the folder.
      space: the space of the predictor; the one that is registered by its name
        where None.

    Raises:
      UserError: nothing is there, it is damaged, it was changed after it was
        saved, or its space is another or not registered.
    """
    folder = files.expand(path)
    if (folder / "checkpoint" / FINAL_MODEL).is_dir():
      folder = folder / "checkpoint" / FINAL_MODEL
    found = saved.load(folder)
    if found.sample:
      raise errors.UserError(
        f"{errors.quote(str(path))} is a predictor that sees images: expected "
        "one of architectures alone; use DatasetPredictor.load"
      )
    config = found.config
    known = spaces.of_saved(path, config.space, space)
    predictor = cls(known, config.seed, config=config)
    model: Any = beside.of_sizes(
      predictor.model, found.regression, config.kernel.power
    )
    saved_space.check_same(path, found.space, known, model.reads)
    params = saved.load_params(
      folder,
      found,
      lambda: fitting.template(
        model, predictor.space, config.num_members, config.prune
      ),
    )
    params, spread = deviations.split(params, found)
    priors.check_kept(path, config, params, config.num_members)
    fitted = Fitted(params, found.scale, found.shift, spread)
    kept = config.copy_and_resolve_references()
    predictor._state = dataclasses.replace(
      predictor._state, model=model, fitted=(fitted, kept), card=found.card
    )
    return predictor

  @classmethod
  def pretrained(cls, name: str) -> "Predictor":
    """Loads a checkpoint that comes with nasjax, by name (`nb201`, ...).

    Raises:
      UserError: no checkpoint has that name.
    """
    names = pretrained_names()
    errors.check_name("pretrained checkpoint", name, names)
    return cls.load(PRETRAINED / name)


def _finished(
  config: configs.Config, fitted: Fitted, card: dict[str, Any]
) -> _State:
  """The state after a training with a config, which is copied."""
  kept = config.copy_and_resolve_references()
  network = models.create_model(kept.model)
  model = beside.beside(network, fitted.params, kept.kernel.power)
  shown = kept.copy_and_resolve_references()
  return _State(shown, model, (fitted, kept), card)


def pretrained_names() -> Sequence[str]:
  """Names of the checkpoints that come with nasjax."""
  if not PRETRAINED.is_dir():
    return ()
  return tuple(
    sorted(path.parent.name for path in PRETRAINED.glob("*/model.json"))
  )
