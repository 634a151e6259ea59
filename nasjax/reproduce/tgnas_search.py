"""The report `tgnas_search`: cells that a search without labels finds.

Qiao et al. 2024, section 3.4 and table 4. A search asks for scores alone; the
cell of the highest score is found. Its accuracy is looked up when all is done:
on three data sets in NAS-Bench-201, by the surrogate network of NAS-Bench-301
in DARTS.

Dimensions: `n` cells, `S` seeds, `G` integers of a genotype.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nasjax import search
from nasjax.benchmarks import registry as benchmarks
from nasjax.experiments import provenance
from nasjax.reproduce import (
  catalog,
  reports,
  results,
  search_page,
  search_scorers,
)
from nasjax.reproduce.few_trainings import nb301_network
from nasjax.search import pruning
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

BUDGETS = {"nb201": 1500, "darts": 8000}
"""Cells that are scored at most; pruning ends before."""
RANDOM = "random"
_DRAWN = 1000  # random cells of a seed
_NUM_SEEDS = 5
METHODS = {**search_scorers.TITLES, RANDOM: "random cells, published cells"}
SPEC = reports.Spec(
  what="cells that a search without labels finds (table 4 of Qiao et al. 2024)",
  spaces=("nb201", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  datasets=("cifar10", "cifar100", "imagenet16"),
  num_seeds={"nb201": _NUM_SEEDS, "nb301": _NUM_SEEDS},
)
Known = Callable[[np.ndarray], np.ndarray]  # [n, G] -> percent [n]


class Found(NamedTuple):
  """What the searches of some seeds found.

  Attributes:
    cells: the cell of the highest score of each seed, `[S, G]`.
    seconds: of the processor, of the search of each seed, without what was
      done beforehand.
    num_scored: cells that each of them scored.
    before: seconds of training or of ranking the space, of each seed.
    first: seconds of the first search with the scorer, compilation included.
    note: what the scorer is.
  """

  cells: np.ndarray
  seconds: tuple[float, ...]
  num_scored: tuple[int, ...]
  before: tuple[float, ...]
  first: tuple[float, ...]
  note: str


def run(options: reports.Options) -> None:
  """Searches with every scorer and part of the strategy; writes the tables.

  Raises:
    UserError: data are missing.
  """
  for name in dict.fromkeys(study.space for study in options.studies):
    space = spaces.get_space(name)
    studies = [s for s in options.studies if s.space == name]
    for method in options.methods:
      if method == RANDOM:
        reports.save(options, _references(options, studies, space))
      elif search_scorers.has(method, name):
        for part, found in _searches(options, method, space).items():
          rows = _rows(options, studies, f"{method} {part}", found)
          reports.save(options, rows)
  data = results.read(options.path)
  text = search_page.render(data, METHODS, SPEC.what)
  reports.write_page(options, text)


def _seeds(options: reports.Options) -> range:
  first = options.setup.seed
  return range(first, first + (options.num_seeds or _NUM_SEEDS))


def _searches(
  options: reports.Options, method: str, space: spaces_base.Space
) -> dict[str, Found]:
  """What each part of the strategy finds, by part."""
  seeds = _seeds(options)
  scorers = [search_scorers.make(options, method, space, s) for s in seeds]
  first = [_search(space, scorers[0].score_fn, "hybrid", seeds[0])[1]]
  found = {}
  for part in pruning.PARTS:
    runs = [
      _search(space, scorer.score_fn, part, seed)
      for scorer, seed in zip(scorers, seeds, strict=True)
    ]
    cells, seconds, counts = zip(*runs, strict=True)
    before = tuple(scorer.seconds for scorer in scorers)
    found[part] = Found(
      np.stack(cells), seconds, counts, before, tuple(first), scorers[0].note
    )
  return found


def _search(
  space: spaces_base.Space,
  score_fn: search_scorers.ScoreFn,
  part: str,
  seed: int,
) -> tuple[np.ndarray, float, int]:
  """The found cell `[G]`, the seconds, and how many cells were scored."""
  strategy = search.get_strategy("pruning", parts=part)
  began = time.process_time()
  result = search.run(
    strategy, space, score_fn, budget=BUDGETS[space.name], seed=seed
  )
  best = result.genotypes[result.order[0]]
  return best, round(time.process_time() - began, 3), result.num_scored


def known(study: catalog.Study, data_dir: str | None) -> tuple[Known, str]:
  """Accuracies of any cells of a study, and what they are."""
  if study.space == "darts":
    return nb301_network.load(data_dir), nb301_network.WHAT
  benchmark = benchmarks.get_benchmark(study.benchmark, data_dir)
  label = f"{study.dataset}/{study.test_label}"
  values = benchmark.values(label)
  return lambda cells: values[benchmark.rows(cells)], benchmark.describe(label)


def measured(studies: Sequence[catalog.Study]) -> list[catalog.Study]:
  """The studies whose labels every cell of the space has."""
  return [s for s in studies if s.benchmark in ("nb201", "nb301")]


def _rows(
  options: reports.Options,
  studies: Sequence[catalog.Study],
  method: str,
  found: Found,
) -> list[results.Row]:
  """Accuracies on every data set; what else there is beside the first."""
  space = spaces.get_space(studies[0].space)
  archs = space.format(found.cells)
  counts = {
    "flops": space.flops(found.cells) / 1e6,
    "params": space.num_params(found.cells) / 1e6,
    "search_seconds": found.seconds,
    "first_seconds": found.first,
    "num_scored": found.num_scored,
    "seconds_before": found.before,
  }
  rows = []
  for study in measured(studies):
    label_fn, what = known(study, options.setup.data_dir)
    values = {"found": label_fn(found.cells), **counts}
    counts = {}
    rows += [
      _row(
        options, study, method, metric, each, f"{found.note} | {what}", archs
      )
      for metric, each in values.items()
    ]
  return rows


def _references(
  options: reports.Options,
  studies: Sequence[catalog.Study],
  space: spaces_base.Space,
) -> list[results.Row]:
  """What cells have that no search here found.

  Means of random cells, a sample each seed; and published cells of DARTS.
  """
  rows = []
  for study in measured(studies):
    label_fn, what = known(study, options.setup.data_dir)
    means = [
      label_fn(space.sample(_DRAWN, np.random.default_rng(seed))).mean()
      for seed in _seeds(options)
    ]
    note = f"mean of {_DRAWN:,} cells a seed | {what}"
    rows.append(_row(options, study, RANDOM, "found", means, note, ()))
    for name, arch in search_page.CELLS.get(space.name, {}).items():
      cells = space.parse([arch])
      values = {
        "found": label_fn(cells),
        "flops": space.flops(cells) / 1e6,
        "params": space.num_params(cells) / 1e6,
      }
      rows += [
        _row(options, study, name, metric, each, what, (arch,))
        for metric, each in values.items()
      ]
  return rows


def _row(options, study, method, metric, values, note, archs) -> results.Row:
  return results.make_row(
    study,
    method,
    BUDGETS[study.space],
    metric,
    [float(value) for value in values],
    note=note,
    commit=provenance.commit(),
    seconds=0.0,
    first_seed=options.setup.seed,
    cells=list(archs) if metric == "found" else [],
  )
