"""The search of `search.py`: open, ask, report, and train the best."""

import time
from typing import Any

import numpy as np

from nasjax import files, progress, search
from nasjax.commands import evaluation, scorers, search_report
from nasjax.commands import known as known_accuracies
from nasjax.commands.search_options import Options
from nasjax.networks import families, image_sets
from nasjax.search import base as search_base
from nasjax.spaces import registry as spaces

_SAMPLES = 20_000
_QUERIES = 1_000


def _budget(options: Options, size: int | None) -> int | None:
  """How many architectures are scored; None for the whole space."""
  if options.budget is not None:
    return options.budget
  if options.strategy != "score_all":
    return _QUERIES
  return None if size is not None else _SAMPLES


def run(options: Options) -> None:
  """Searches, prints and writes the result.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  space = spaces.get_space(options.space)
  search_base.whole_budget(space, _budget(options, space.size))
  image_set = None
  if options.evaluate:
    families.get_family(options.space)
    with progress.phase(f"reading images of {options.dataset}"):
      image_set = evaluation.load(
        options.dataset, options.image_size, options.seed
      )
  with progress.phase("reading known accuracies"):
    known = known_accuracies.load(options)
  table = options.scores == "table"
  what = "looking for labelled cells" if table else "opening the predictor"
  with progress.phase(what):
    scorer = scorers.open_scorer(options, known, image_set)
  if scorer.is_cost:
    known = known_accuracies.Known(
      None, missing="the scores are costs, labels of benchmarks accuracies"
    )
  began = time.monotonic()
  result = _search(options, scorer)
  seconds = time.monotonic() - began
  with progress.phase("comparing with known accuracies"):
    # Cells of one function have one accuracy, and costs of their own.
    one = search.function_keys(space)
    key_fn = space.lookup_keys if scorer.is_cost else one
    rows = search.top_k(result, options.top_k, key_fn)
    report = search_report.make(options, result, rows, seconds, scorer, known)
  search_report.show(report, known)
  if image_set is not None:
    cells = result.genotypes[rows[: options.evaluate]]
    _evaluate(options, image_set, cells, report["top"])
  if options.out:
    files.write_json(options.out, report)


def _search(options: Options, scorer: scorers.Scorer) -> search.Result:
  """Runs the strategy, and says how far it is."""
  strategy = search.get_strategy(options.strategy)
  space = scorer.space
  budget = _budget(options, space.size)
  sizes = [size for size in (space.size, budget) if size is not None]
  first = "compiling" if scorer.trained_on is not None else ""
  with progress.Progress(
    "scoring", min(sizes), unit="architectures", first=first
  ) as bar:
    score_fn = scorers.in_parts(scorer.score_fn, bar)
    return search.run(strategy, space, score_fn, budget, options.seed)


def _evaluate(
  options: Options,
  image_set: image_sets.ImageSet,
  cells: np.ndarray,
  top: list[dict[str, Any]],
) -> None:
  """Trains the best cells, prints and notes their accuracies."""
  seed, epochs, space = options.seed, options.epochs, options.space
  workdir = options.workdir or evaluation.folder(space, image_set, epochs, seed)
  print(
    f"training the best {len(cells)} for {epochs} epochs on "
    f"{len(image_set.train_labels)} images of {image_set.num_classes} classes, "
    f"{options.image_size} pixels; results in {workdir}"
  )
  trained = evaluation.train_best(
    space, cells, image_set, epochs, seed, workdir
  )
  evaluation.report(top, trained, workdir)
