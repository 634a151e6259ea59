"""`python search.py --space nb201`: score a space, search it, show the best."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import flags

from nasjax import errors, files, predictor, search
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry as benchmarks
from nasjax.commands import flags as command_flags
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.training import metrics

_USAGE = """Scores a search space with a trained predictor and shows the best.

  python search.py --space nb201 [--dataset cifar10] [--strategy score_all]
    [--checkpoint DIR] [--top_k 10] [--budget N] [--seed 0] [--out FILE.json]

Without --checkpoint the predictor that comes with nasjax is used. Known
accuracies come from a benchmark and are printed beside the predicted ones.
"""

_SAMPLES = 20_000
_QUERIES = 1_000


def _define() -> flags.FlagValues:
  values = flags.FlagValues()
  text = [
    ("space", "nb201", "search space: " + ", ".join(spaces.space_names())),
    ("dataset", "cifar10", "data set of the known accuracies"),
    ("strategy", "score_all", ", ".join(search.strategy_names())),
    ("scores", "predictor", "what is searched: predictor, or table"),
    ("checkpoint", None, "saved predictor, workdir, or pretrained name"),
    ("benchmark", None, "benchmark of the known accuracies"),
    ("label", None, "label of the known accuracies; test by default"),
    ("data_dir", None, "folder of benchmark tables; NASJAX_DATA by default"),
    ("out", None, "JSON file for the result"),
  ]
  for name, default, what in text:
    flags.DEFINE_string(name, default, what, flag_values=values)
  number = [
    ("top_k", 10, "how many of the best are looked up"),
    ("budget", None, "how many architectures are scored"),
    ("seed", 0, "seed of all draws"),
  ]
  for name, default, what in number:
    flags.DEFINE_integer(name, default, what, flag_values=values)
  return values


def _load_predictor(space: str, checkpoint: str | None) -> predictor.Predictor:
  """The predictor of a folder, of a pretrained name, or of the space."""
  names = predictor.pretrained_names()
  if checkpoint is None or checkpoint in names:
    model = predictor.Predictor.pretrained(checkpoint or space)
  else:
    model = predictor.Predictor.load(checkpoint)
  if model.space.name != space:
    raise errors.UserError(
      f"--checkpoint is a predictor of the space {model.space.name!r}: "
      f"expected one of {space!r}"
    )
  return model


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
  values: flags.FlagValues,
) -> tuple[benchmarks_base.Benchmark | None, str, str]:
  """Benchmark and label of known accuracies, or None and the reason."""
  name = values["benchmark"].value
  default = benchmarks.default_benchmark(values["space"].value)
  needed = name is not None or values["scores"].value == "table"
  try:
    benchmark = benchmarks.get_benchmark(
      name or default, values["data_dir"].value
    )
  except errors.UserError as error:
    if needed:
      raise
    return None, "", str(error)
  if benchmark.space.name != values["space"].value:
    raise errors.UserError(
      f"--benchmark {name!r} is of the space {benchmark.space.name!r}: "
      f"expected one of {values['space'].value!r}"
    )
  label = _known_label(
    benchmark, values["dataset"].value, values["label"].value
  )
  return benchmark, label, ""


def _default_budget(space: spaces_base.Space, strategy: str) -> int | None:
  if strategy != "score_all":
    return _QUERIES
  return None if space.size is not None else _SAMPLES


def _score_fn(values: flags.FlagValues, benchmark, label: str):
  """What the strategy asks, and a line that says what it is."""
  kind = values["scores"].value
  if kind == "table":

    def look_up(genotypes):
      return benchmark.lookup(genotypes, label)

    return look_up, f"table {benchmark.name}: {benchmark.describe(label)}"
  if kind != "predictor":
    raise errors.one_of("--scores", kind, ("predictor", "table"))
  model = _load_predictor(values["space"].value, values["checkpoint"].value)
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
  values = _define()
  if not command_flags.parse(values, argv, _USAGE):
    return
  if values["top_k"].value < 1:
    raise errors.UserError(
      f"--top_k: expected at least 1, got {values['top_k'].value}"
    )
  space = spaces.get_space(values["space"].value)
  strategy = search.get_strategy(values["strategy"].value)
  benchmark, label, missing = _load_known(values)
  score_fn, scored_by = _score_fn(values, benchmark, label)
  budget = values["budget"].value
  if budget is None:
    budget = _default_budget(space, strategy.name)
  began = time.monotonic()
  result = search.run(strategy, space, score_fn, budget, values["seed"].value)
  seconds = time.monotonic() - began
  report = _report(values, result, seconds, benchmark, label)
  _print(report, scored_by, benchmark, label, missing)
  if values["out"].value:
    files.write_json(values["out"].value, report)


def _report(
  values: flags.FlagValues,
  result: search.Result,
  seconds: float,
  benchmark: benchmarks_base.Benchmark | None,
  label: str,
) -> dict[str, Any]:
  """The content of `--out`; unknown numbers are null."""
  rows = search.top_k(result, values["top_k"].value)
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
    "strategy": values["strategy"].value,
    "benchmark": benchmark.name if benchmark else None,
    "label": label or None,
    "seed": values["seed"].value,
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
