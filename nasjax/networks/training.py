"""Training of a network on several image sets and seeds at once.

Dimensions: `E` epochs, `T` trainings: every image set with every seed.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files
from nasjax.networks import epoch, resumption
from nasjax.networks import state as states
from nasjax.networks.image_sets import ImageSet, check_equal_shapes
from nasjax.networks.recipe import TrainingRecipe

_SERIES = ("loss", "train_accuracy", "test_accuracy")


@dataclasses.dataclass(frozen=True)
class TrainingResult:
  """Result of one training; accuracies in percent.

  Attributes:
    image_set: name of the image set.
    seed: seed of the training.
    loss: mean training loss of each epoch, `[E]`.
    train_accuracy: on the augmented training images, `[E]`.
    test_accuracy: after each epoch, `[E]`; NaN where it was not tested.
    final: test accuracy after the last epoch; NaN if the training diverged.
    best: the highest test accuracy; NaN if there is none.
    diverged: first epoch, from 1, whose loss was not finite; None if all were.
    seconds: time of all trainings of the program together.
  """

  image_set: str
  seed: int
  loss: np.ndarray
  train_accuracy: np.ndarray
  test_accuracy: np.ndarray
  diverged: int | None
  seconds: float

  @property
  def final(self) -> float:
    """Test accuracy after the last epoch."""
    return float(self.test_accuracy[-1])

  @property
  def best(self) -> float:
    """Highest test accuracy of all epochs."""
    known = self.test_accuracy[np.isfinite(self.test_accuracy)]
    return float(known.max()) if known.size else math.nan

  def to_json(self) -> dict[str, Any]:
    """Returns JSON values; None stands for NaN."""
    values = dataclasses.asdict(self)
    for name in _SERIES:
      values[name] = [_number(value) for value in values[name]]
    return {**values, "final": _number(self.final), "best": _number(self.best)}


def _number(value: float) -> float | None:
  return round(float(value), 4) if math.isfinite(value) else None


class Trainer:
  """Trains a network; compiled once, then run for any number of cells."""

  @compiler.own_numbers()
  def __init__(
    self,
    module: Any,
    image_sets: Sequence[ImageSet],
    recipe: TrainingRecipe,
    *,
    seeds: Sequence[int] = (0,),
    together: bool | None = None,
  ):
    """Prepares the trainings: each image set with each seed.

    Args:
      module: network from `networks.build`, with the recipe's dtype, or a
        `SharedNetwork`, which takes the cell as an argument of `run`.
      image_sets: image sets of equal shapes; they may have different classes,
        at most as many as the skeleton.
      recipe: the training.
      seeds: seeds of the trainings of each image set.
      together: whether the trainings are one batch (`vmap`) or run one after
        another in one program; by default one after another on a CPU, whose
        caches then hold them.

    Raises:
      UserError: image sets, skeleton and recipe do not fit.
    """
    check_equal_shapes(image_sets)
    _check_fit(module, image_sets, recipe)
    self._module, self._recipe = module, recipe
    self._names = [each.name for each in image_sets]
    self._digests = [each.digest() for each in image_sets]
    self._pairs = [(i, s) for s in seeds for i in range(len(image_sets))]
    on_cpu = jax.default_backend() == "cpu"
    batched = not on_cpu if together is None else together
    self._data = states.put(image_sets)
    self._initial = compiler.jit(
      lambda data, *rest: states.initial_state(module, recipe, data, *rest),
      quick=True,
    )
    self._epoch = compiler.jit(
      lambda data, state, number: epoch.run(
        module, recipe, data, state, number, together=batched
      )
    )

  @property
  def data(self) -> states.Data:
    """The image sets on the device."""
    return self._data

  def run(
    self, genotype: np.ndarray | None = None, **options: Any
  ) -> list[TrainingResult]:
    """Runs the trainings of one cell; see `run_cells`.

    Args:
      genotype: `[G]`, for a `SharedNetwork` only.
      **options: options of `run_cells`.

    Returns:
      One result for each training.
    """
    codes = np.zeros(0) if genotype is None else np.asarray(genotype)
    return self.run_cells(codes[None], **options)[0]

  @compiler.own_numbers()
  def run_cells(
    self,
    genotypes: np.ndarray,
    *,
    workdir: files.PathLike | None = None,
    checkpoint_every: int = 1,
    stop_after: int | None = None,
    on_epoch: Callable[[int, float], Any] | None = None,
    on_end: Callable[[states.State], Any] | None = None,
  ) -> list[list[TrainingResult]]:
    """Runs the trainings of cells at once, or the rest after a stop.

    A resumed training gives the numbers of an uninterrupted one, and a cell
    those that it gives alone, up to rounding.

    Args:
      genotypes: `[c, G]` for a `SharedNetwork`, else `[1, 0]`.
      workdir: folder of the checkpoints and of `log.jsonl`, a line for each
        epoch of each training; None keeps nothing.
      checkpoint_every: epochs from checkpoint to checkpoint; 0 for none.
      stop_after: ends after that epoch, as an interruption would; the results
        then hold NaN for the rest.
      on_epoch: called after each epoch with the number of epochs done and the
        highest test accuracy of the trainings, NaN where there is none.
      on_end: called with the last state, whose leaves lead with an axis of all
        trainings, those of the first cell first.

    Returns:
      For each cell one result for each training: all image sets with the first
      seed, then with the next one.

    Raises:
      UserError: the folder holds another training, or cannot be written.
    """
    which, seeds = np.tile(np.array(self._pairs), (len(genotypes), 1)).T
    codes = np.repeat(genotypes, len(self._pairs), axis=0)
    state = self._initial(
      self._data,
      jnp.asarray(seeds, jnp.uint32),
      jnp.asarray(which, jnp.int32),
      jnp.asarray(codes, jnp.int32),
    )
    history = _empty_history(self._recipe.epochs, len(which))
    meta = self._meta(genotypes)
    keeper = resumption.Keeper(workdir, checkpoint_every, meta)
    try:
      state, history = self._run_epochs(
        state, history, keeper, stop_after, on_epoch
      )
    finally:
      keeper.close()
    if on_end is not None:
      on_end(state)
    results = self._results(history)
    num = len(self._pairs)
    return [results[i : i + num] for i in range(0, len(results), num)]

  def _run_epochs(self, state, history, keeper, stop_after, on_epoch):
    """Runs what a checkpoint leaves to do; returns state and history."""
    done, state, history = keeper.restore(state, history)
    last = min(stop_after or self._recipe.epochs, self._recipe.epochs)
    for number in range(done, last):
      start = time.perf_counter()
      state, metrics = self._epoch(self._data, state, jnp.int32(number))
      for name in _SERIES:
        history[name][number] = getattr(metrics, name)
      history["seconds"][number] = time.perf_counter() - start
      keeper.save(number + 1, state, history, self._log_rows)
      if on_epoch is not None:
        tested = history["test_accuracy"][number]
        known = tested[np.isfinite(tested)]
        on_epoch(number + 1, float(known.max()) if known.size else math.nan)
      if not np.isfinite(history["loss"][number]).any():
        break
    return state, history

  def _meta(self, genotypes: np.ndarray) -> dict[str, Any]:
    return {
      "network": repr(self._module),
      "genotypes": genotypes.tolist(),
      "recipe": dataclasses.asdict(self._recipe),
      "image_sets": self._digests,
      "trainings": [list(pair) for pair in self._pairs],
    }

  def _results(self, history: dict[str, np.ndarray]) -> list[TrainingResult]:
    results = []
    for i in range(history["loss"].shape[1]):
      which, seed = self._pairs[i % len(self._pairs)]
      series = {name: history[name][:, i].copy() for name in _SERIES}
      bad = np.flatnonzero(~np.isfinite(series["loss"]))
      ran = np.flatnonzero(history["seconds"] > 0)
      diverged = int(bad[0]) + 1 if bad.size and bad[0] in ran else None
      seconds = round(float(history["seconds"].sum()), 3)
      name = self._names[which]
      results.append(
        TrainingResult(
          name, int(seed), **series, diverged=diverged, seconds=seconds
        )
      )
    return results

  def _log_rows(self, done: int, history) -> list[dict[str, Any]]:
    rows = []
    for number in range(done):
      for i in range(history["loss"].shape[1]):
        cell, pair = divmod(i, len(self._pairs))
        which, seed = self._pairs[pair]
        row = {
          "epoch": number + 1,
          "cell": cell,
          "image_set": self._names[which],
          "seed": int(seed),
        }
        row |= {name: _number(history[name][number, i]) for name in _SERIES}
        if not math.isfinite(history["loss"][number, i]):
          row["note"] = "diverged: lower the learning rate or clip gradients"
        rows.append(row)
    return rows


def _empty_history(epochs: int, trainings: int) -> dict[str, np.ndarray]:
  series = {
    name: np.full((epochs, trainings), np.nan, np.float32) for name in _SERIES
  }
  return {**series, "seconds": np.zeros(epochs)}


def _check_fit(
  module: nn.Module, image_sets: Sequence[ImageSet], recipe: TrainingRecipe
) -> None:
  skeleton: Any = getattr(module, "skeleton")  # noqa: B009
  size = skeleton.image_size
  expected = [size, size, skeleton.image_channels]
  got = list(image_sets[0].train_images.shape[1:])
  if got != expected:
    raise errors.UserError(
      f"image sets: expected images of shape {expected}, the skeleton's, got "
      f"{got}; resize them or change the skeleton"
    )
  if len(image_sets[0].train_images) < recipe.batch_size:
    raise errors.UserError(
      f"recipe: expected batch_size <= {len(image_sets[0].train_images)}, the "
      f"number of training images, got {recipe.batch_size}"
    )
  for each in image_sets:
    if each.num_classes > skeleton.num_classes:
      raise errors.UserError(
        f"image set {each.name!r}: expected at most {skeleton.num_classes} "
        f"classes, those of the skeleton, got {each.num_classes}"
      )
