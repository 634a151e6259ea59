"""The predictor as people use it: fit, predict, save, load."""

import dataclasses
import json
import numbers
import pathlib
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files, graphs, scoring
from nasjax import config as configs
from nasjax import labels as label_numbers
from nasjax.models import registry as models
from nasjax.spaces import base as spaces_base
from nasjax.spaces import notations
from nasjax.spaces import registry as spaces
from nasjax.training import checkpoint, kernel, loop, pretrain, state

PRETRAINED = pathlib.Path(__file__).parent / "pretrained"
FINAL_MODEL = "model"
DATASET_ENCODER = "dataset_encoder"  # marks a predictor that sees images


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


def as_genotypes(space: spaces_base.Space, archs: Any) -> np.ndarray:
  """Reads genotypes or official notations; returns `[n, G]` int8.

  Args:
    space: the space of the architectures.
    archs: genotypes, as an array `[n, G]` or a list of `n` rows, or a list,
      array or pandas Series of `n` notations; they count by their position.

  Raises:
    UserError: a cell is malformed or not of the space.
  """
  is_array = isinstance(archs, (np.ndarray, jax.Array))
  if is_array and archs.dtype.kind not in "OSU":
    return space.check(archs)
  given = notations.as_list(archs, space.name)
  rows = [_is_genotype(arch) for arch in given]
  if not any(rows):
    return space.parse(given)
  if not all(rows):
    raise errors.UserError(
      "architectures: expected all as notations or all as genotypes, got a "
      f"genotype at {rows.index(True)} and none at {rows.index(False)}"
    )
  return space.check(given)


def _is_genotype(arch: Any) -> bool:
  """Says whether an entry of a list is a row of numbers."""
  if isinstance(arch, np.ndarray | jax.Array):
    return arch.ndim == 1 and arch.dtype.kind not in "OSU"
  is_row = isinstance(arch, list | tuple) and len(arch) > 2
  return is_row and all(isinstance(each, numbers.Real) for each in arch)


normalize_labels = label_numbers.normalize
calibrate = label_numbers.calibrate


def combine(fitted: Fitted, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Mean and spread of the members, in the label's unit.

  Args:
    fitted: the trained members.
    raw: raw scores `[R, n]`.

  Returns:
    Mean `[n]` and standard deviation over members `[n]`, float64.
  """
  return label_numbers.combine(fitted.scale, fitted.shift, raw)


class Predictor:
  """Predicts the accuracy of the architectures of one space.

  `fit` and `load` are the two ways to a predictor that can `predict`.

  Attributes:
    config: all fields; see `nasjax.config.default`.
    space: the search space.
    card: what is known of the model (data, label, split, score, command).
  """

  def __init__(
    self,
    space: str = "nb201",
    seed: int = 0,
    *,
    config: configs.Config = None,
    **fields: Any,
  ):
    """Makes an untrained predictor.

    Args:
      space: name of the search space.
      seed: seed of all draws of the training.
      config: a whole config; the default of the space where None
        (`nasjax.config.space_defaults`).
      **fields: further config fields (`epochs=100`, `num_members=4`,
        `model=dict(width=32)`).

    Raises:
      UserError: a name is unknown or a value has the wrong type.
    """
    if config is None:
      resolved: configs.Config = configs.space_defaults(space)
    else:
      resolved = config.copy_and_resolve_references()
    flat = {}
    for name, value in fields.items():
      if isinstance(value, dict):
        flat.update({f"{name}.{key}": each for key, each in value.items()})
      else:
        flat[name] = value
    configs.override(resolved, {"space": space, "seed": seed, **flat})
    self.config: configs.Config = resolved
    self.space = spaces.get_space(resolved.space)
    self.card: dict[str, Any] = {}
    self._model = models.create_model(resolved.model)
    self._fitted: Fitted | None = None

  @property
  def model(self) -> nn.Module:
    """The linen module, for one architecture."""
    return self._model

  @property
  def fitted(self) -> Fitted:
    """The trained members.

    Raises:
      UserError: nothing was fitted or loaded yet.
    """
    if self._fitted is None:
      raise errors.UserError(
        "this predictor is not trained: call fit(archs, labels) or "
        "Predictor.load(path) first"
      )
    return self._fitted

  @classmethod
  def from_fitted(
    cls, config: configs.Config, fitted: Fitted, card: dict[str, Any]
  ) -> "Predictor":
    """Wraps members that were trained elsewhere."""
    predictor = cls(config.space, config.seed, config=config)
    predictor._fitted, predictor.card = fitted, card
    predictor._set_kernel(kernel.sizes(fitted.params))
    return predictor

  @compiler.own_numbers()
  def fit(self, archs: Any, labels: Any) -> "Predictor":
    """Trains on architectures with known labels.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      labels: `[n]`, higher = better, any unit.

    Returns:
      Itself.

    Raises:
      UserError: an architecture, a label or a field of the config is bad, or
        the training diverged.
    """
    genotypes = as_genotypes(self.space, archs)
    values = label_numbers.read(labels, (len(genotypes),))
    targets, mean, std = normalize_labels(values, len(genotypes))
    label_numbers.check_unit(mean, std)
    kernel.check(self.config)
    self._set_kernel({"kernel_cells": 0, "kernel_distance": 0})
    cells = graphs.training_cells(
      self.space,
      genotypes[None],
      self.config.prune,
      signals=graphs.reads_signals(self._model),
    )
    keys = state.member_keys(self.config.seed, 1, self.config.num_members)
    trained = loop.fit(
      self.config,
      self._model,
      cells,
      targets[None],
      keys,
      start=lambda fresh: (
        0,
        pretrain.start_state(self.config, self._model, self.space, fresh),
      ),
    )
    params = jax.tree.map(lambda leaf: leaf[0], trained.params)
    _, params = complete(self.config, self.space, params, genotypes, values)
    self._set_kernel(kernel.sizes(params))
    raw = self._raw(params, genotypes)
    self._fitted = Fitted(params, *calibrate(raw, values))
    return self

  def _set_kernel(self, sizes: dict[str, int]) -> None:
    """Makes the model one with a regression of those `kernel.sizes`."""
    if "kernel_cells" in self.config.model:
      self.config.model.update(sizes)
    self._model = models.create_model(self.config.model)

  def _raw(self, params: Any, genotypes: np.ndarray) -> np.ndarray:
    return scoring.score(
      self._model, params, self.space, genotypes, prune=self.config.prune
    )

  def predict(self, archs: Any, *, return_std: bool = False) -> Any:
    """Scores architectures; higher = better.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      return_std: whether the spread of the members is returned too.

    Returns:
      Scores `[n]` float64 in the label's unit; with `return_std` a pair of
      scores and their standard deviation over the members `[n]`.

    Raises:
      UserError: the predictor is not trained or an architecture is bad.
    """
    fitted = self.fitted
    genotypes = as_genotypes(self.space, archs)
    mean, std = combine(fitted, self._raw(fitted.params, genotypes))
    return (mean, std) if return_std else mean

  def save(self, path: files.PathLike) -> None:
    """Writes parameters, config, label normaliser and card to a folder.

    Raises:
      UserError: the predictor is not trained, or the folder cannot be written.
    """
    fitted = self.fitted
    meta = {
      "config": json.loads(self.config.to_json()),
      "scale": fitted.scale.tolist(),
      "shift": fitted.shift.tolist(),
      "card": self.card,
    }
    checkpoint.save_model(path, fitted.params, meta)

  @classmethod
  def load(cls, path: files.PathLike) -> "Predictor":
    """Reads a predictor from a saved folder or from a training's workdir.

    Raises:
      UserError: nothing is there, or it is damaged.
    """
    folder = pathlib.Path(path)
    if (folder / "checkpoint" / FINAL_MODEL).is_dir():
      folder = folder / "checkpoint" / FINAL_MODEL
    meta = checkpoint.load_meta(folder)
    if DATASET_ENCODER in meta:
      raise errors.UserError(
        f"{str(path)!r} is a predictor that sees images: expected one of "
        "architectures alone; use DatasetPredictor.load"
      )
    config = configs.restored(meta["config"])
    predictor = cls(config.space, config.seed, config=config)
    scale, shift = np.asarray(meta["scale"]), np.asarray(meta["shift"])
    template = predictor._params_template(len(scale))
    params = checkpoint.load_params(folder, template)
    predictor._fitted = Fitted(params, scale, shift)
    predictor.card = meta["card"]
    return predictor

  @classmethod
  def pretrained(cls, name: str) -> "Predictor":
    """Loads a checkpoint that comes with nasjax, by name (`nb201`, ...).

    Raises:
      UserError: no checkpoint has that name.
    """
    names = pretrained_names()
    if name not in names:
      raise errors.one_of("pretrained checkpoint", name, names)
    return cls.load(PRETRAINED / name)

  @compiler.own_numbers()
  def _params_template(self, num_members: int) -> Any:
    """Shapes of the parameters with a leading axis of members."""
    genotypes = np.zeros((1, self.space.genotype_length), np.int8)
    cells = jax.eval_shape(
      lambda: graphs.cell_graphs(
        self.space,
        jnp.asarray(genotypes),
        prune=self.config.prune,
        signals=graphs.reads_signals(self._model),
      )
    )
    example = jax.tree.map(
      lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), cells
    )
    shapes = jax.eval_shape(self._model.init, jax.random.key(0), example)
    return jax.tree.map(
      lambda leaf: jax.ShapeDtypeStruct((num_members, *leaf.shape), leaf.dtype),
      shapes,
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


def pretrained_names() -> Sequence[str]:
  """Names of the checkpoints that come with nasjax."""
  if not PRETRAINED.is_dir():
    return ()
  return tuple(
    sorted(path.parent.name for path in PRETRAINED.glob("*/model.json"))
  )
