"""Trains many cells; each result is a file, so that nothing is done twice."""

import dataclasses
import functools
import hashlib
import json
import pathlib
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from nasjax import errors, files, progress
from nasjax.networks import nb201_shared, registry
from nasjax.networks.image_sets import ImageSet
from nasjax.networks.recipe import TrainingRecipe
from nasjax.networks.skeleton import Skeleton
from nasjax.networks.training import Trainer
from nasjax.spaces import base
from nasjax.spaces import registry as spaces

Hook = Callable[[pathlib.Path], None]


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
  """What the trainings of all cells share.

  Attributes:
    space: name of the space.
    skeleton: of the networks.
    image_sets: of equal shapes.
    recipe: the training.
    seeds: of the trainings of each cell on each image set.
    shared: one program for all cells (NAS-Bench-201 only) instead of one for
      each; it compiles once.
    workdir: folder of the results.
    checkpoint_every: epochs from checkpoint to checkpoint; 0 for none.
    before_cell: called with the cell's folder before its training.
  """

  space: str
  skeleton: Skeleton
  image_sets: tuple[ImageSet, ...]
  recipe: TrainingRecipe
  seeds: tuple[int, ...]
  shared: bool
  workdir: pathlib.Path
  checkpoint_every: int = 1
  before_cell: Hook | None = None

  @functools.cached_property
  def description(self) -> dict[str, Any]:
    """What must agree when results are added to a folder, as JSON values."""
    return {
      "space": self.space,
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
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return self.workdir / "cells" / digest


def evaluate(
  space: str | base.Space,
  genotypes: np.ndarray,
  image_sets: ImageSet | Sequence[ImageSet],
  recipe: TrainingRecipe,
  workdir: files.PathLike,
  *,
  skeleton: Skeleton | None = None,
  seeds: Sequence[int] = (0,),
  shared: bool = False,
  executor: str = "auto",
  max_retries: int = 3,
  checkpoint_every: int = 1,
  before_cell: Hook | None = None,
) -> list[dict[str, Any]]:
  """Trains cells on image sets; finishes what an earlier call began.

  Args:
    space: a space or its name.
    genotypes: cells `[n, G]`; equal rows are trained once.
    image_sets: one or several, of equal shapes.
    recipe: the training.
    workdir: folder of results, logs and checkpoints.
    skeleton: of the networks; by default the small one.
    seeds: of the trainings of each cell on each image set.
    shared: one program for all cells (NAS-Bench-201 only): it compiles once.
    executor: `serial`, one cell after another; `ray`, on the workers of a Ray
      cluster, the running one or a local one; `auto`, Ray if it was
      initialised in this process.
    max_retries: how often a cell whose worker died is trained again.
    checkpoint_every: epochs from checkpoint to checkpoint; 0 for none.
    before_cell: called with the cell's folder before each training.

  Returns:
    For each row its result: `arch`, `params`, `trainings` (a list of what
    `TrainingResult.to_json` gives).

  Raises:
    UserError: arguments do not fit, the folder holds another run, or workers
      died too often (the next call finishes the rest).
  """
  space = spaces.get_space(space) if isinstance(space, str) else space
  if isinstance(image_sets, ImageSet):
    image_sets = (image_sets,)
  job = Job(
    space.name,
    skeleton or _skeleton_for(space.name, image_sets),
    tuple(image_sets),
    recipe,
    tuple(int(seed) for seed in seeds),
    shared,
    pathlib.Path(workdir).absolute(),
    checkpoint_every,
    before_cell,
  )
  texts = space.format(space.check(genotypes))
  _claim(job)
  missing = [
    text
    for text in dict.fromkeys(texts)
    if not (job.cell_folder(text) / "result.json").exists()
  ]
  with progress.Progress("cells", len(set(texts)), unit="cells") as bar:
    bar.skip(len(set(texts)) - len(missing))
    _executor(executor)(job, missing, max_retries, bar)
  return [_read(job.cell_folder(text) / "result.json") for text in texts]


def train_cell(job: Job, text: str) -> pathlib.Path:
  """Trains one cell unless its result exists; returns the result's file."""
  folder = job.cell_folder(text)
  path = folder / "result.json"
  if path.exists():
    return path
  folder.mkdir(parents=True, exist_ok=True)
  if job.before_cell is not None:
    job.before_cell(folder)
  space = spaces.get_space(job.space)
  genotype = space.parse([text])[0]
  network = registry.build(space, genotype, skeleton=job.skeleton)
  trainer = _shared_trainer(job) if job.shared else _trainer(job, genotype)
  results = trainer.run(
    genotype if job.shared else None,
    workdir=folder if job.checkpoint_every else None,
    checkpoint_every=job.checkpoint_every,
  )
  files.write_json(
    path,
    {
      "arch": text,
      "params": registry.count_params(network),
      "trainings": [result.to_json() for result in results],
    },
  )
  shutil.rmtree(folder / "checkpoints", ignore_errors=True)
  return path


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
  if job.space != "nb201":
    raise errors.UserError(
      f"shared program: expected space 'nb201', got {job.space!r}; give "
      "shared=False"
    )
  module = nb201_shared.SharedNetwork(job.skeleton, jnp.dtype(job.recipe.dtype))
  return Trainer(module, job.image_sets, job.recipe, seeds=job.seeds)


def _skeleton_for(space: str, image_sets: Sequence[ImageSet]) -> Skeleton:
  if not image_sets:
    raise errors.UserError("image sets: expected at least one, got none")
  shape = image_sets[0].train_images.shape
  return Skeleton.small(
    space,
    image_size=shape[1],
    image_channels=shape[3],
    num_classes=max(each.num_classes for each in image_sets),
  )


def _claim(job: Job) -> None:
  """Writes what the folder is for, or checks that it is the same."""
  path = job.workdir / "run.json"
  if not path.exists():
    files.write_json(path, job.description)
    return
  found = _read(path)
  if found != job.description:
    names = [
      name
      for name, value in job.description.items()
      if found.get(name) != value
    ]
    raise errors.UserError(
      f"{str(job.workdir)!r} holds trainings with another {', '.join(names)}: "
      "expected the same; give another folder"
    )


def _read(path: pathlib.Path) -> dict[str, Any]:
  try:
    return json.loads(path.read_text())
  except (OSError, ValueError) as error:
    raise errors.UserError(
      f"{str(path)!r}: expected a complete JSON file ({error}); delete it and "
      "run again"
    ) from error


def _executor(name: str) -> Callable[..., None]:
  from nasjax.networks import distributed

  executors = {"serial": _serial, "ray": distributed.run_on_ray}
  if name == "auto":
    name = "ray" if distributed.is_initialised() else "serial"
  if name not in executors:
    raise errors.one_of("executor", name, ("auto", *executors))
  return executors[name]


def _serial(
  job: Job, texts: Sequence[str], max_retries: int, bar: progress.Progress
) -> None:
  del max_retries  # Nobody is left to try again if this process dies.
  for text in texts:
    train_cell(job, text)
    bar.update()
