"""The flags of `search.py`: what they mean, and which do not go together."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from absl import flags

from nasjax import errors, files
from nasjax.commands import flags as command_flags
from nasjax.commands import own_spaces
from nasjax.io import replacing
from nasjax.spaces import registry as spaces

USAGE = """Scores a search space with a trained predictor and shows the best.

  python search.py --space nb201 [--dataset cifar10] [--strategy score_all]
    [--checkpoint DIR] [--top_k 10] [--budget N] [--seed 0] [--out FILE.json]

Without --checkpoint the predictor that comes with nasjax is used. Known
accuracies come from a benchmark and are printed beside the predicted ones.

  python search.py --space nb201 --scores table [--strategy local]

searches the known accuracies themselves, among the cells that have one.

  python search.py --space nb201 --dataset IMAGES --evaluate 3 [--epochs 10]
    [--image_size 16] [--workdir DIR]

trains the best cells on one's own images (a folder with a folder for each
class, a known format, or the name of a known set), keeps their weights and
names the winner. The same command resumes. In NAS-Bench-201 the predictor sees
the images; --checkpoint nb201 does not.
"""

# Written out, so that a mistake is found before anything heavy is imported.
NAMES = {
  "strategy": ("score_all", "random", "evolution", "local"),
  "scores": ("predictor", "table"),
  "best": ("highest", "lowest"),
}
_PATHS = ("dataset", "checkpoint", "data_dir", "out", "workdir")
_OF_EVALUATE = ("epochs", "image_size", "workdir")


@dataclasses.dataclass(frozen=True)
class Options:
  """The flags of one search.

  Attributes:
    space: name of the search space.
    dataset: data set of the known accuracies, or images, see `evaluate`.
    strategy: search strategy.
    scores: what is searched: `predictor`, or `table`.
    checkpoint: saved predictor, workdir, or pretrained name.
    benchmark: benchmark of the known accuracies.
    label: label of the known accuracies; test where None.
    data_dir: folder of benchmark tables; NASJAX_DATA where None.
    out: JSON file for the result.
    best: whether the `highest` or the `lowest` scores are the best; None for
      the lowest of a predictor of costs, else the highest.
    top_k: how many of the best are looked up.
    budget: how many architectures are scored.
    seed: seed of all draws.
    evaluate: how many of the best are trained on the images of `dataset`.
    epochs: epochs of each such training.
    image_size: images are resized to squares of so many pixels.
    workdir: folder of those trainings; one of the images and options where
      None.
  """

  space: str = "nb201"
  dataset: str = "cifar10"
  strategy: str = "score_all"
  scores: str = "predictor"
  checkpoint: str | None = None
  benchmark: str | None = None
  label: str | None = None
  data_dir: str | None = None
  out: str | None = None
  best: str | None = None
  top_k: int = 10
  budget: int | None = None
  seed: int = 0
  evaluate: int = 0
  epochs: int = 10
  image_size: int = 16
  workdir: str | None = None


_HELP = {
  "space": f"search space: {', '.join(spaces.space_names())}, or MODULE:NAME "
  "of one's own",
  "dataset": "data set of the known accuracies, or images: a path or a name",
  "strategy": "search strategy: " + ", ".join(NAMES["strategy"]),
  "scores": "what is searched: " + ", ".join(NAMES["scores"]),
  "checkpoint": "saved predictor, workdir, or pretrained name",
  "benchmark": "benchmark of the known accuracies",
  "label": "label of the known accuracies; test by default",
  "data_dir": "folder of benchmark tables; NASJAX_DATA by default",
  "out": "JSON file for the result",
  "best": "which scores are the best, highest or lowest: the lowest of costs, "
  "else the highest by default",
  "top_k": "how many of the best are looked up",
  "budget": "how many architectures are scored",
  "seed": "seed of all draws",
  "evaluate": "how many of the best are trained on the images of --dataset",
  "epochs": "epochs of each such training",
  "image_size": "images are resized to squares of so many pixels",
  "workdir": "folder of those trainings, from which a second run resumes",
}
_RANGES = {
  "top_k": (1, 1_000_000),
  "budget": (1, 2**63 - 1),
  "seed": (0, 2**63 - 1),
  "evaluate": (0, 1_000_000),
  "epochs": (1, 1_000_000),
  "image_size": (4, 512),
}


def parse(argv: Sequence[str]) -> Options | None:
  """Options of a command line; None where help was printed.

  Raises:
    UserError: a flag is unknown, out of range, or does not go with another.
  """
  values = flags.FlagValues()
  for field in dataclasses.fields(Options):
    number = field.type in (int, int | None)
    define: Any = flags.DEFINE_integer if number else flags.DEFINE_string
    define(field.name, field.default, _HELP[field.name], flag_values=values)
  if not command_flags.parse(values, argv, USAGE):
    return None
  given: dict[str, Any] = values.flag_values_dict()
  options = Options(**{**given, "space": own_spaces.find(given["space"])})
  _check_numbers(options)
  _check_names(options)
  unused = [name for name in _OF_EVALUATE if values[name].present]
  if unused and not options.evaluate:
    raise errors.UserError(
      f"--{unused[0]} is an option of the trainings: expected --evaluate K as "
      "well, got none"
    )
  _check_images(options)
  if options.out is not None:
    files.check_writable(options.out)
    former = replacing.has_json("space", "strategy", "top")
    replacing.check_file(options.out, former, "a result of a search")
  return options


def _check_numbers(options: Options) -> None:
  for name, (least, most) in _RANGES.items():
    value = getattr(options, name)
    if value is None or least <= value <= most:
      continue
    expected = f"at least {least}" if value < least else f"at most {most}"
    raise errors.UserError(f"--{name}: expected {expected}, got {value}")
  if options.evaluate and options.seed >= 2**32:
    raise errors.UserError(
      f"--seed: expected at most {2**32 - 1} with --evaluate, got "
      f"{options.seed}"
    )
  if options.evaluate > options.top_k:
    raise errors.UserError(
      f"--evaluate: expected 0 .. --top_k = {options.top_k}, got "
      f"{options.evaluate}"
    )


def _check_names(options: Options) -> None:
  for name, known in NAMES.items():
    value = getattr(options, name)
    if value not in known and not (name == "best" and value is None):
      what = name if name == "strategy" else f"--{name}"
      raise errors.one_of(what, value, known)
  for name in _PATHS:
    if getattr(options, name) is not None:
      files.expand(getattr(options, name))
  if options.scores == "table" and options.best == "lowest":
    raise errors.UserError(
      "--scores=table searches accuracies: expected it without --best=lowest"
    )
  if options.scores == "table" and options.checkpoint is not None:
    raise errors.UserError(
      "--scores=table asks no predictor: expected it without --checkpoint"
    )


def _check_images(options: Options) -> None:
  """Stops where a data set of labels and one of images are confused."""
  if options.evaluate:
    if options.scores == "table" or options.benchmark or options.label:
      raise errors.UserError(
        "--evaluate: expected none of --scores=table, --benchmark and --label, "
        "since images have no tabulated accuracies"
      )
  elif "/" in options.dataset:
    raise errors.UserError(
      f"--dataset {errors.quote(options.dataset)} is a path of images: "
      "expected --evaluate as well, since only the trainings need it"
    )
