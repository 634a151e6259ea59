"""Mistakes of a search that are found before JAX and tables are loaded."""

import pathlib
from typing import Any

from nasjax import errors, files
from nasjax.commands.search_options import Asked, SearchOptions
from nasjax.training import model_folders

# Written out, as the names of flags are: name and space of each benchmark.
BENCHMARKS = {
  "nb201_analog": "nb201",
  "nb201": "nb201",
  "mini201": "nb201",
  "nb101": "nb101",
  "nb301": "darts",
  "darts545": "darts",
  "nb201_9x199": "nb201",
  "darts_9x199": "darts",
  "transnas": "nb201",
  "nats_size": "size",
}
IMAGES, ZERO = "images", "zero"
_PRETRAINED = pathlib.Path(__file__).parent.parent / "pretrained"


def check(options: SearchOptions) -> None:
  """Checks that what the options name is there and is of their space.

  Whether it is whole shows when it is loaded.

  Raises:
    UserError: the benchmark is unknown or of another space, the data folder
      does not exist, or the predictor is none, is of another space or needs
      images that are not given.
  """
  if options.data_dir is not None:
    files.data_dir(options.data_dir)
  if options.benchmark is not None:
    _check_benchmark(options.benchmark, options.space)
  if options.checkpoint == IMAGES and not options.evaluate:
    raise errors.UserError(
      "--checkpoint images is a predictor that sees images: expected "
      "--evaluate and --dataset of images as well"
    )
  check_predictor(options)


def check_predictor(options: Asked) -> None:
  """Checks that the predictor is there and is of the space.

  Raises:
    UserError: it is none, or one of another space.
  """
  name, space = options.checkpoint, options.space
  if name in (None, IMAGES, ZERO):
    return
  meta: Any = model_folders.read(_folder(name, space))
  config = meta.get("config")
  found = config.get("space") if isinstance(config, dict) else None
  if isinstance(found, str) and found != space:
    raise errors.UserError(
      f"--checkpoint {errors.quote(name)} is a predictor of the space "
      f"{errors.quote(found)}: expected one of {space!r}"
    )


def _check_benchmark(name: str, space: str) -> None:
  errors.check_name("benchmark", name, BENCHMARKS)
  if BENCHMARKS[name] != space:
    raise errors.UserError(
      f"--benchmark {name!r} is of the space {BENCHMARKS[name]!r}: expected "
      f"one of {space!r}"
    )


def _folder(name: str, space: str) -> pathlib.Path:
  """The folder that the words of `--checkpoint` stand for."""
  shipped = {path.parent.name for path in _PRETRAINED.glob("*/model.json")}
  for each in (f"{space}_{name}", name):
    if each in shipped:
      return _PRETRAINED / each
  folder = files.expand(name)
  of_run = folder / "checkpoint" / "model"
  return of_run if of_run.is_dir() else folder
