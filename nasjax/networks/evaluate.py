"""Trains many cells; each result is a file, so that nothing is done twice."""

import contextlib
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nasjax import errors, files, progress
from nasjax.networks import distributed, jobs, weights
from nasjax.networks.image_sets import ImageSet
from nasjax.networks.jobs import Hook, Job, blocks, train_block
from nasjax.networks.recipe import TrainingRecipe
from nasjax.networks.skeleton import Skeleton
from nasjax.spaces import base
from nasjax.spaces import registry as spaces


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
  cells_at_once: int = 1,
  keep_weights: bool = False,
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
    executor: `serial`; `ray`, on the workers of a Ray cluster, the running one
      or a local one; `auto`, Ray if it was initialised in this process.
    max_retries: how often a cell whose worker died is trained again.
    checkpoint_every: epochs from checkpoint to checkpoint; 0 for none.
    before_cell: called with the cell's folder before each training.
    cells_at_once: cells of one program (on a CPU in turn); needs `shared`.
    keep_weights: whether the weights of each training are kept, see
      `weights_path`.

  Returns:
    For each row its result: `arch`, `params`, `trainings` (a list of what
    `TrainingResult.to_json` gives).

  Raises:
    UserError: arguments do not fit, the folder holds another run or is in use,
      or workers died too often (the next call finishes the rest).
  """
  space = spaces.as_space(space)
  sets = [image_sets] if isinstance(image_sets, ImageSet) else image_sets
  skeleton = skeleton or _skeleton_for(space, sets)
  runs = tuple(int(seed) for seed in seeds)
  folder = files.expand(workdir).absolute()
  how = checkpoint_every, before_cell, cells_at_once, keep_weights
  job = Job(space, skeleton, tuple(sets), recipe, runs, shared, folder, *how)
  texts = space.format(space.check(genotypes))
  _claim(job)
  _train_missing(job, list(dict.fromkeys(texts)), executor, max_retries)
  return [_read(job.cell_folder(text) / "result.json") for text in texts]


def weights_path(
  workdir: files.PathLike, arch: str, training: int = 0
) -> pathlib.Path:
  """Returns where the weights of a cell are kept; `networks.load` reads them.

  Args:
    workdir: folder of `evaluate`.
    arch: official notation of the cell.
    training: which of its trainings, in the order of its results.
  """
  folder = jobs.cell_folder(files.expand(workdir), arch)
  return folder / weights.file_name(training)


def _train_missing(
  job: Job, texts: Sequence[str], executor: str, max_retries: int
) -> None:
  missing = [text for text in texts if not job.is_done(text)]
  epochs = job.recipe.epochs
  with (
    errors.resuming(lambda: f"the same command goes on in {job.workdir}"),
    progress.Progress("training", len(texts) * epochs, unit="epochs") as bar,
  ):
    bar.resume((len(texts) - len(missing)) * epochs)
    _executor(executor)(job, blocks(job, missing), max_retries, bar)


def _skeleton_for(
  space: base.Space, image_sets: Sequence[ImageSet]
) -> Skeleton:
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
  if not isinstance(found, dict) or "recipe" not in found:
    raise errors.UserError(
      f"{str(path)!r} is not of trainings of networks: expected a new folder, "
      "or one of such trainings; give another folder"
    )
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
  return files.read_json(
    path, "a complete JSON file", "delete it and run again"
  )


def _executor(name: str) -> Callable[..., None]:
  executors = {"serial": _serial, "ray": distributed.run_on_ray}
  if name == "auto":
    name = "ray" if distributed.is_initialised() else "serial"
  if name not in executors:
    raise errors.one_of("executor", name, ("auto", *executors))
  return executors[name]


def _serial(
  job: Job,
  groups: Sequence[Sequence[str]],
  max_retries: int,
  bar: progress.Progress,
) -> None:
  del max_retries  # Nobody is left to try again if this process dies.
  for number, texts in enumerate(groups, 1):
    _train_watched(job, texts, f"{_what(job)} {number} of {len(groups)}", bar)


def _what(job: Job) -> str:
  return "cell" if job.cells_at_once == 1 else "group of cells"


def _train_watched(
  job: Job, texts: Sequence[str], what: str, bar: progress.Progress
) -> None:
  """Trains a group of cells and counts its epochs."""
  counted = 0
  with contextlib.ExitStack() as waiting:
    waiting.enter_context(progress.phase(f"{what}: compiling"))

    def on_epoch(done: int, accuracy: float) -> None:
      nonlocal counted
      waiting.close()
      note = f"{what}: epoch {done}, test accuracy {accuracy:.1f} %"
      bar.update((done - counted) * len(texts), note)
      counted = done

    train_block(job, texts, on_epoch)
  bar.update((job.recipe.epochs - counted) * len(texts))
