"""The training of some cells among many; each result is a file."""

import dataclasses
import functools
import hashlib
import json
import pathlib
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import errors, files
from nasjax.networks import nb201_shared, registry, weights
from nasjax.networks import state as states
from nasjax.networks.image_sets import ImageSet
from nasjax.networks.recipe import TrainingRecipe
from nasjax.networks.skeleton import Skeleton
from nasjax.networks.training import Trainer, TrainingResult
from nasjax.spaces import base

Hook = Callable[[pathlib.Path], None]
OnEpoch = Callable[[int, float], Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
  """Settings that the trainings of all cells share.

  Attributes:
    space: the space of the cells.
    skeleton: skeleton of the networks.
    image_sets: image sets of equal shapes.
    recipe: the training.
    seeds: seeds of the trainings of each cell on each image set.
    shared: one program for all cells (NAS-Bench-201 only) instead of one for
      each; it compiles once.
    workdir: folder of the results.
    checkpoint_every: epochs from checkpoint to checkpoint; 0 for none.
    before_cell: called with the cell's folder before its training.
    cells_at_once: how many cells one program trains; 1 unless `shared`.
    keep_weights: whether the weights of each training are kept beside the
      result of its cell.
  """

  space: base.Space
  skeleton: Skeleton
  image_sets: tuple[ImageSet, ...]
  recipe: TrainingRecipe
  seeds: tuple[int, ...]
  shared: bool
  workdir: pathlib.Path
  checkpoint_every: int = 1
  before_cell: Hook | None = None
  cells_at_once: int = 1
  keep_weights: bool = False

  @functools.cached_property
  def description(self) -> dict[str, Any]:
    """Settings that must agree when results join a folder, as JSON values."""
    return {
      "space": self.space.name,
      "skeleton": dataclasses.asdict(self.skeleton),
      "recipe": dataclasses.asdict(self.recipe),
      "seeds": list(self.seeds),
      "shared": self.shared,
      "image_sets": {each.name: each.digest() for each in self.image_sets},
    }

  def __hash__(self) -> int:
    return hash(json.dumps(self.description))

  def __eq__(self, other: object) -> bool:
    return (
      isinstance(other, Job)
      and self.description == other.description
      and self.workdir == other.workdir
    )

  def cell_folder(self, text: str) -> pathlib.Path:
    """Returns the folder of the cell of that official notation."""
    return cell_folder(self.workdir, text)

  def is_done(self, text: str) -> bool:
    """Says whether that cell has its result, and its weights where kept."""
    folder = self.cell_folder(text)
    names = ["result.json"]
    if self.keep_weights:
      num = len(self.seeds) * len(self.image_sets)
      names += [weights.file_name(i) for i in range(num)]
    return all((folder / name).exists() for name in names)


def cell_folder(workdir: files.PathLike, text: str) -> pathlib.Path:
  """Returns the folder of a cell, by its official notation."""
  digest = hashlib.sha256(text.encode()).hexdigest()[:16]
  return pathlib.Path(workdir) / "cells" / digest


def blocks(job: Job, texts: Sequence[str]) -> list[tuple[str, ...]]:
  """Groups cells that one program trains; the last group may be smaller.

  Raises:
    UserError: several cells have no program in common.
  """
  size = job.cells_at_once
  if size < 1 or (size > 1 and not job.shared):
    raise errors.UserError(
      "cells_at_once: expected 1, or more with shared=True (NAS-Bench-201), "
      f"got {size} with shared={job.shared}"
    )
  return [tuple(texts[i : i + size]) for i in range(0, len(texts), size)]


def train_block(
  job: Job, texts: Sequence[str], on_epoch: OnEpoch | None = None
) -> None:
  """Trains cells in one program, those of them that have no result yet.

  Args:
    job: what the trainings share.
    texts: official notations of the cells.
    on_epoch: see `Trainer.run_cells`.

  Raises:
    UserError: another process trains these cells, or the folder cannot be
      written.
  """
  texts = [text for text in texts if not job.is_done(text)]
  if not texts:
    return
  folder = _block_folder(job, texts)
  with files.hold(folder):
    _train_held(job, texts, folder, on_epoch)


def _train_held(
  job: Job,
  texts: Sequence[str],
  folder: pathlib.Path,
  on_epoch: OnEpoch | None,
) -> None:
  """`train_block` in a folder that no other process writes to."""
  if job.before_cell is not None:
    job.before_cell(folder)
  space = job.space
  genotypes = space.parse(list(texts))
  trainer = _shared_trainer(job) if job.shared else _trainer(job, genotypes[0])
  # One size of block compiles once: the last one is filled up.
  filled = genotypes[np.arange(job.cells_at_once) % len(texts)]
  last: list[states.State] = []
  results = trainer.run_cells(
    filled if job.shared else np.zeros((1, 0)),
    workdir=folder if job.checkpoint_every else None,
    checkpoint_every=job.checkpoint_every,
    on_epoch=on_epoch,
    on_end=last.append,
  )
  num = len(job.seeds) * len(job.image_sets)
  for place, (text, genotype, trained) in enumerate(
    zip(texts, genotypes, results, strict=False)
  ):
    network = registry.build(space, genotype, skeleton=job.skeleton)
    cell = {
      "arch": text,
      "params": registry.count_params(network),
      "trainings": [result.to_json() for result in trained],
    }
    job.cell_folder(text).mkdir(parents=True, exist_ok=True)
    if job.keep_weights:
      _keep_weights(job, text, trained, trainer.data, last[0], place * num)
    files.write_json(job.cell_folder(text) / "result.json", cell)
  shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def _keep_weights(
  job: Job,
  text: str,
  trained: Sequence[TrainingResult],
  data: states.Data,
  state: states.State,
  first: int,
) -> None:
  """Writes the weights of all trainings of a cell; `first` is their row."""
  by_name = {each.name: i for i, each in enumerate(job.image_sets)}
  for number, result in enumerate(trained):
    which = by_name[result.image_set]
    image_set = job.image_sets[which]
    facts = weights.Facts(
      job.space.name,
      text,
      job.skeleton,
      job.recipe.dtype,
      job.shared,
      image_set.name,
      image_set.num_classes,
      image_set.class_names,
      result.seed,
      job.recipe.epochs,
      result.to_json()["final"],
    )
    mine = {
      name: jax.tree.map(lambda leaf: leaf[first + number], tree)  # noqa: B023
      for name, tree in (
        ("params", state.params),
        ("batch_stats", state.batch_stats),
      )
    }
    path = job.cell_folder(text) / weights.file_name(number)
    weights.save(path, facts, mine, data.mean[which], data.scale[which])


def _block_folder(job: Job, texts: Sequence[str]) -> pathlib.Path:
  """Folder of log and checkpoints: the cell's own, or one of several cells."""
  if job.cells_at_once == 1:
    return job.cell_folder(texts[0])
  digest = hashlib.sha256(" ".join(texts).encode()).hexdigest()[:16]
  return job.workdir / "blocks" / digest


def _trainer(job: Job, genotype: np.ndarray) -> Trainer:
  module = registry.build(
    job.space,
    genotype,
    skeleton=job.skeleton,
    dtype=jnp.dtype(job.recipe.dtype),
  )
  return Trainer(module, job.image_sets, job.recipe, seeds=job.seeds)


@functools.lru_cache(maxsize=1)
def _shared_trainer(job: Job) -> Trainer:
  if job.space.name != "nb201":
    raise errors.UserError(
      "shared program: expected space 'nb201', got "
      f"{errors.quote(job.space.name)}; give shared=False"
    )
  module = nb201_shared.SharedNetwork(job.skeleton, jnp.dtype(job.recipe.dtype))
  return Trainer(module, job.image_sets, job.recipe, seeds=job.seeds)
