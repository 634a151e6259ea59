"""What is searched and what is reported: the protocols of a study."""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from nasjax.benchmarks import base as benchmarks
from nasjax.benchmarks import registry
from nasjax.reproduce import catalog
from nasjax.reproduce.few_trainings import nb301_network
from nasjax.search import subset
from nasjax.spaces import base as spaces_base

VALIDATION, SAME = "validation", "same"
"""Protocols: search on validation and report the test label; or one label."""

Lookup = Callable[[np.ndarray], np.ndarray]  # [b, G] -> [b]


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
  """A space with the label that strategies see and the one that is reported.

  Attributes:
    study: cells and labels.
    protocol: `VALIDATION` or `SAME`.
    space: where the strategies search.
    searched: the label that they see, of cells `[b, G]`, percent.
    reported: the label that counts, likewise.
    seconds: how long a training of cells `[b, G]` took; None where the
      benchmark does not say.
    best: the highest reported label of the space; NaN where it is not known.
    note: which labels these are.
    digest: of all labels, so that runs on other ones are not taken for these.
  """

  study: catalog.Study
  protocol: str
  space: spaces_base.Space
  searched: Lookup
  reported: Lookup
  seconds: Lookup | None
  best: float
  note: str
  digest: str


def make(study: catalog.Study, data_dir: str | None) -> list[Problem]:
  """Returns the problems of a study, one for each protocol.

  NAS-Bench-101 has validation accuracies of a part of its cells (in its table
  those of two uniform samples): there the search on validation goes over these
  cells alone. In DARTS the NB301 network is the truth of every cell.

  Raises:
    UserError: data are missing.
  """
  if study.space == "darts":
    return [_of_network(study, data_dir)]
  benchmark = registry.get_benchmark(study.benchmark, data_dir)
  test = f"{study.dataset}/{study.test_label}"
  val = f"{study.dataset}/{study.train_label}"
  return [
    _of_table(study, benchmark, VALIDATION, (val, test)),
    _of_table(study, benchmark, SAME, (test, test)),
  ]


def _of_table(
  study: catalog.Study,
  benchmark: benchmarks.Benchmark,
  protocol: str,
  labels: Sequence[str],
) -> Problem:
  """The cells of a benchmark that have all labels.

  The search on validation goes over cells whose time of training is known,
  where the benchmark has any times.
  """
  searched, reported = (benchmark.values(label) for label in labels)
  known = np.isfinite(searched) & np.isfinite(reported)
  time = f"{study.dataset}/seconds"
  is_timed = protocol == VALIDATION and time in benchmark.columns
  if is_timed:
    known &= np.isfinite(benchmark.values(time))
  space = benchmark.space
  cells = f"all {len(benchmark):,} cells"
  if not known.all() or space.size != len(benchmark):
    space = subset.Subset(space, benchmark.genotypes[known])
    cells = f"the {known.sum():,} cells that have these labels"
    cells += " and a time of training" if is_timed else ""
  digest = hashlib.sha256(searched.tobytes() + reported.tobytes())
  return Problem(
    study=study,
    protocol=protocol,
    space=space,
    searched=lambda rows: benchmark.lookup(rows, labels[0]),
    reported=lambda rows: benchmark.lookup(rows, labels[1]),
    seconds=(lambda rows: benchmark.lookup(rows, time)) if is_timed else None,
    best=float(reported[known].max()),
    note=f"search: {benchmark.describe(labels[0])} | report: "
    f"{benchmark.describe(labels[1])} | {cells}",
    digest=digest.hexdigest()[:16],
  )


def _of_network(study: catalog.Study, data_dir: str | None) -> Problem:
  network = nb301_network.load(data_dir)
  what = nb301_network.WHAT
  return Problem(
    study=study,
    protocol=SAME,
    space=registry.get_benchmark(study.benchmark, data_dir).space,
    searched=network,
    reported=network,
    seconds=None,
    best=float("nan"),
    note=f"search: {what} | report: the same | any cell",
    digest="nb301_network",
  )
