"""`python search.py --space nb201`: score a space, search it, show the best."""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import flags

from nasjax import checkpoints, errors, files, replacing, search
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry as benchmarks
from nasjax.commands import evaluation
from nasjax.commands import flags as command_flags
from nasjax.networks import image_sets
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.training import metrics

_USAGE = """Scores a search space with a trained predictor and shows the best.

  python search.py --space nb201 [--dataset cifar10] [--strategy score_all]
    [--checkpoint DIR] [--top_k 10] [--budget N] [--seed 0] [--out FILE.json]

Without --checkpoint the predictor that comes with nasjax is used. Known
accuracies come from a benchmark and are printed beside the predicted ones.

  python search.py --space nb201 --dataset IMAGES --evaluate 3 [--epochs 10]
    [--image_size 16] [--workdir DIR]

trains the best cells on one's own images (a folder with a folder for each
class, a known format, or the name of a known set). The same command resumes.
In NAS-Bench-201 the predictor sees the images; --checkpoint nb201 does not.
"""

_SAMPLES = 20_000
_QUERIES = 1_000


@dataclasses.dataclass(frozen=True)
class Options:
  """The flags of one search.

  Attributes:
    space: search space.
    dataset: data set of the known accuracies, or images, see `evaluate`.
    strategy: search strategy.
    scores: what is searched: `predictor`, or `table`.
    checkpoint: saved predictor, workdir, or pretrained name.
    benchmark: benchmark of the known accuracies.
    label: label of the known accuracies; test where None.
    data_dir: folder of benchmark tables; NASJAX_DATA where None.
    out: JSON file for the result.
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
  top_k: int = 10
  budget: int | None = None
  seed: int = 0
  evaluate: int = 0
  epochs: int = 10
  image_size: int = 16
  workdir: str | None = None


_HELP = {
  "space": "search space: " + ", ".join(spaces.space_names()),
  "dataset": "data set of the known accuracies, or images: a path or a name",
  "strategy": ", ".join(search.strategy_names()),
  "scores": "what is searched: predictor, or table",
  "checkpoint": "saved predictor, workdir, or pretrained name",
  "benchmark": "benchmark of the known accuracies",
  "label": "label of the known accuracies; test by default",
  "data_dir": "folder of benchmark tables; NASJAX_DATA by default",
  "out": "JSON file for the result",
  "top_k": "how many of the best are looked up",
  "budget": "how many architectures are scored",
  "seed": "seed of all draws",
  "evaluate": "how many of the best are trained on the images of --dataset",
  "epochs": "epochs of each such training",
  "image_size": "images are resized to squares of so many pixels",
  "workdir": "folder of those trainings, from which a second run resumes",
}


def _parse(argv: Sequence[str]) -> Options | None:
  """Options of a command line; None where help was printed."""
  values = flags.FlagValues()
  for field in dataclasses.fields(Options):
    number = field.type in (int, int | None)
    define: Any = flags.DEFINE_integer if number else flags.DEFINE_string
    define(field.name, field.default, _HELP[field.name], flag_values=values)
  if not command_flags.parse(values, argv, _USAGE):
    return None
  options = Options(**values.flag_values_dict())
  for name in ("top_k", "epochs", "image_size"):
    value = getattr(options, name)
    if value < 1:
      raise errors.UserError(f"--{name}: expected at least 1, got {value}")
  if not 0 <= options.evaluate <= options.top_k:
    raise errors.UserError(
      f"--evaluate: expected 0 .. --top_k = {options.top_k}, got "
      f"{options.evaluate}"
    )
  _check_images(options)
  return options


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
      f"--dataset {options.dataset!r} is a path of images: expected --evaluate "
      "as well, since only the trainings need it"
    )


def _known_label(
  benchmark: benchmarks_base.Benchmark, dataset: str, label: str | None
) -> str:
  """Full name of the label whose values are shown as known."""
  if label:
    benchmark.values(f"{dataset}/{label}")
    return f"{dataset}/{label}"
  for name in (f"{dataset}/test", f"{dataset}/val"):
    if name in benchmark.columns:
      return name
  datasets = sorted({name.split("/")[0] for name in benchmark.columns})
  raise errors.one_of(f"--dataset of {benchmark.name!r}", dataset, datasets)


def _load_known(
  options: Options,
) -> tuple[benchmarks_base.Benchmark | None, str, str]:
  """Benchmark and label of known accuracies, or None and the reason."""
  name = options.benchmark
  if options.evaluate:
    return None, "", f"{options.dataset} is a set of images"
  default = benchmarks.default_benchmark(options.space)
  needed = name is not None or options.scores == "table"
  try:
    benchmark = benchmarks.get_benchmark(name or default, options.data_dir)
  except errors.UserError as error:
    if needed:
      raise
    return None, "", str(error)
  if benchmark.space.name != options.space:
    raise errors.UserError(
      f"--benchmark {name!r} is of the space {benchmark.space.name!r}: "
      f"expected one of {options.space!r}"
    )
  label = _known_label(benchmark, options.dataset, options.label)
  return benchmark, label, ""


def _default_budget(space: spaces_base.Space, strategy: str) -> int | None:
  if strategy != "score_all":
    return _QUERIES
  return None if space.size is not None else _SAMPLES


def _score_fn(options: Options, benchmark, label: str, image_set=None):
  """What the strategy asks, and a line that says what it is."""
  kind = options.scores
  if kind == "table":

    def look_up(genotypes):
      return benchmark.lookup(genotypes, label)

    return look_up, f"table {benchmark.name}: {benchmark.describe(label)}"
  if kind != "predictor":
    raise errors.one_of("--scores", kind, ("predictor", "table"))
  space, checkpoint = options.space, options.checkpoint
  if image_set is None:
    model = checkpoints.open_predictor(space, checkpoint)
  else:
    model = checkpoints.open_on_images(
      space, checkpoint, lambda: evaluation.embed(image_set, options.seed)
    )
  card = model.card
  trained = (
    f"{card['num_train']} labels, {card['label']}" if card else "unknown"
  )
  return model.predict, f"predictor trained on {trained}"


def _tau(scores: np.ndarray, known: np.ndarray) -> float | None:
  mask = np.isfinite(known)
  if mask.sum() < 2:
    return None
  tau = metrics.kendall_tau(scores[mask], known[mask])
  return tau if np.isfinite(tau) else None


def _search(argv: Sequence[str]) -> None:
  """Parses flags, searches, prints and writes the result."""
  options = _parse(argv)
  if options is None:
    return
  if options.out:
    replacing.check_file(
      options.out,
      replacing.has_json("space", "strategy", "top"),
      "a result of a search",
    )
  space = spaces.get_space(options.space)
  strategy = search.get_strategy(options.strategy)
  image_set = None
  if options.evaluate:
    image_set = evaluation.load(
      options.dataset, options.image_size, options.seed
    )
  benchmark, label, missing = _load_known(options)
  score_fn, scored_by = _score_fn(options, benchmark, label, image_set)
  budget = options.budget
  if budget is None:
    budget = _default_budget(space, strategy.name)
  began = time.monotonic()
  result = search.run(strategy, space, score_fn, budget, options.seed)
  seconds = time.monotonic() - began
  report = _report(options, result, seconds, benchmark, label)
  _print(report, scored_by, benchmark, label, missing)
  if image_set is not None:
    _evaluate(options, image_set, result, report["top"])
  if options.out:
    files.write_json(options.out, report)


def _evaluate(
  options: Options,
  image_set: image_sets.ImageSet,
  result: search.Result,
  top: list[dict[str, Any]],
) -> None:
  """Trains the best cells, prints and notes their accuracies."""
  seed, epochs, space = options.seed, options.epochs, options.space
  workdir = options.workdir or evaluation.folder(space, image_set, epochs, seed)
  print(
    f"training the best {options.evaluate} for {epochs} epochs on "
    f"{len(image_set.train_labels)} images of {image_set.num_classes} classes, "
    f"{options.image_size} pixels; results in {workdir}"
  )
  rows = search.top_k(result, options.evaluate)
  accuracies = evaluation.train_best(
    space, result.genotypes[rows], image_set, epochs, seed, workdir
  )
  evaluation.report(top, accuracies)


def _report(
  options: Options,
  result: search.Result,
  seconds: float,
  benchmark: benchmarks_base.Benchmark | None,
  label: str,
) -> dict[str, Any]:
  """The content of `--out`; unknown numbers are null."""
  rows = search.top_k(result, options.top_k)
  names = result.space.format(result.genotypes[rows])
  tau, regret, known = None, None, np.full(len(rows), np.nan)
  if benchmark is not None:
    everywhere = benchmark.lookup(result.genotypes, label)
    known = everywhere[rows]
    tau = _tau(result.scores, everywhere)
    if np.isfinite(known).any():
      best = float(np.nanmax(benchmark.values(label)))
      regret = search.regret(float(np.nanmax(known)), best)
  return {
    "space": result.space.name,
    "strategy": options.strategy,
    "benchmark": benchmark.name if benchmark else None,
    "label": label or None,
    "seed": options.seed,
    "num_scored": result.num_scored,
    "seconds": round(seconds, 3),
    "archs_per_second": round(result.num_scored / max(seconds, 1e-9), 1),
    "tau": tau,
    "top": [
      {
        "arch": name,
        "score": float(result.scores[row]),
        "known": float(value) if np.isfinite(value) else None,
      }
      for name, row, value in zip(names, rows, known, strict=True)
    ],
    "regret": regret,
  }


def _print(
  report: dict[str, Any],
  scored_by: str,
  benchmark: benchmarks_base.Benchmark | None,
  label: str,
  missing: str,
) -> None:
  def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"

  print(f"scores  {scored_by}")
  if benchmark is None:
    print(f"known   none: {missing}")
  else:
    print(f"known   {benchmark.name}: {benchmark.describe(label)}")
  print(f"{'rank':>4}  {'score':>8}  {'known':>7}  architecture")
  for rank, row in enumerate(report["top"], 1):
    print(
      f"{rank:>4}  {row['score']:>8.3f}  {number(row['known'], 3):>7}  "
      f"{row['arch']}"
    )
  print(
    f"{report['num_scored']} architectures in {report['seconds']:.2f} s "
    f"({report['archs_per_second']:.0f}/s); "
    f"Kendall tau-b {number(report['tau'], 4)}; "
    f"regret of the top {len(report['top'])} {number(report['regret'], 3)}"
  )


main = command_flags.guard(_search)
