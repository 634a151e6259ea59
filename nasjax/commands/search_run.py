"""The search of `nasjax search`: open, ask, report."""

import time
from typing import Any

import numpy as np

from nasjax import files, progress, search
from nasjax.commands import known as known_accuracies
from nasjax.commands import scorers, search_report
from nasjax.commands.search_options import LATENT, Asked, SearchOptions
from nasjax.search import base as search_base
from nasjax.spaces import registry as spaces

_SAMPLES = 20_000
_QUERIES = 1_000
_TRAININGS = 100  # of strategies that are made for expensive scores


def budget(options: Asked, size: int | None) -> int | None:
  """How many architectures are scored; None for the whole space.

  Args:
    options: of the command.
    size: of the space; None where it cannot be enumerated.
  """
  if options.budget is not None:
    return options.budget
  if options.strategy in ("model", "dngo"):
    return _TRAININGS
  if options.strategy != "score_all":
    return _QUERIES
  return None if size is not None else _SAMPLES


def check_budget(options: Asked) -> None:
  """Refuses more architectures than can be scored.

  Raises:
    UserError: the budget is too large.
  """
  space = spaces.get_space(options.space)
  search_base.whole_budget(space, budget(options, space.size))


def run(options: SearchOptions) -> None:
  """Searches, prints and writes the result.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  check_budget(options)
  with progress.phase("reading known accuracies"):
    known = known_accuracies.load(options)
  table = options.scores == "table"
  what = "looking for labelled cells" if table else "opening the predictor"
  with progress.phase(what):
    scorer = scorers.open_scorer(options, known)
  report, _ = find(options, scorer, known, options.top_k)
  if options.out:
    files.write_json(options.out, report)


def find(
  options: Asked,
  scorer: scorers.Scorer,
  known: known_accuracies.Known,
  num_listed: int,
) -> tuple[dict[str, Any], np.ndarray]:
  """Asks for scores and prints the best.

  Args:
    options: of the command.
    scorer: what is asked.
    known: the accuracies that are shown beside the scores.
    num_listed: how many of the best are listed.

  Returns:
    The content of `--out`, and the genotypes that it lists, `[num_listed, G]`.
  """
  if scorer.is_cost:
    known = known_accuracies.Known(
      None, missing="the scores are costs, labels of benchmarks accuracies"
    )
  began = time.monotonic()
  result = _search(options, scorer)
  seconds = time.monotonic() - began
  with progress.phase("comparing with known accuracies"):
    space = spaces.get_space(options.space)
    # Cells of one function have one accuracy, and costs of their own.
    one = search.function_keys(space)
    key_fn = space.lookup_keys if scorer.is_cost else one
    rows = search.top_k(result, num_listed, key_fn)
    report = search_report.make(options, result, rows, seconds, scorer, known)
  search_report.show(report, known)
  return report, result.genotypes[rows]


def _search(options: Asked, scorer: scorers.Scorer) -> search.Result:
  """Runs the strategy, and says how far it is."""
  fields = {}
  if options.strategy == "model":
    fields = {"prior": options.prior}
    if scorer.is_cost:
      fields["target"] = "cost"
  if options.strategy in LATENT:
    fields["embedding"] = options.embedding
  strategy = search.get_strategy(options.strategy, **fields)
  space = scorer.space
  most = budget(options, space.size)
  sizes = [size for size in (space.size, most) if size is not None]
  first = "compiling" if scorer.trained_on is not None else ""
  with progress.Progress(
    "scoring", min(sizes), unit="architectures", first=first
  ) as bar:
    score_fn = scorers.in_parts(scorer.score_fn, bar)
    return search.run(strategy, space, score_fn, most, options.seed)
