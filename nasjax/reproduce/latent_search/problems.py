"""What is searched in NAS-Bench-101, what is reported, how long it takes.

Dimensions: `n` cells, `G` integers of a genotype.
"""

import dataclasses
import hashlib

import numpy as np

from nasjax import search
from nasjax.benchmarks import base as benchmarks
from nasjax.benchmarks import registry
from nasjax.reproduce import catalog
from nasjax.spaces import base as spaces_base

VALIDATION, MEAN = "validation", "mean"
LIMIT = 1e6
"""Seconds of training of a search."""
TITLES = {
  VALIDATION: "search on the validation accuracy of one run",
  MEAN: "search on the mean of three runs",
}
SUFFIXES = {VALIDATION: "", MEAN: "_mean"}


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
  """Cells with the label that guides, the one that counts, and times.

  Attributes:
    name: `VALIDATION` or `MEAN`.
    space: the cells.
    benchmark: where they come from.
    guide: name of the label that searches see.
    seconds: of a training of each row of the benchmark, `[n]`.
    best: the highest test accuracy of the cells, percent.
    end: test regret of the cell with the highest guide, a fraction.
    note: labels, cells and times in words.
  """

  name: str
  space: spaces_base.Space
  benchmark: benchmarks.Benchmark
  guide: str
  seconds: np.ndarray
  best: float
  end: float
  note: str

  def digest(self) -> str:
    """Of all labels, so that runs on other ones are not taken for these."""
    columns = self.benchmark.values(self.guide), self.seconds
    test = self.benchmark.values("cifar10/test")
    text = b"".join(each.tobytes() for each in (*columns, test))
    return hashlib.sha256(text).hexdigest()[:16]

  def labels(self, cells: np.ndarray) -> np.ndarray:
    """Guide, test accuracy and seconds of cells `[n, G]`, `[3, n]`."""
    rows = self.benchmark.rows(cells)
    columns = (
      self.benchmark.values(self.guide),
      self.benchmark.values("cifar10/test"),
      self.seconds,
    )
    return np.stack([column[rows] for column in columns])


def make(study: catalog.Study, data_dir: str | None) -> list[Problem]:
  """Returns both problems.

  A cell counts in the first one where a validation accuracy and a time of
  training are known of it, free of search bias; in the second one all do, and
  the test accuracy guides: the published validation accuracies are means of
  three runs too.

  Raises:
    UserError: data are missing.
  """
  benchmark = registry.get_benchmark(study.benchmark, data_dir)
  val = benchmark.values("cifar10/val")
  test = benchmark.values("cifar10/test")
  seconds = benchmark.values("cifar10/seconds")
  timed = np.isfinite(seconds)
  known = np.isfinite(val) & np.isfinite(test) & timed
  predicted, error = predict_seconds(benchmark, seconds)
  part = search.Subset(benchmark.space, benchmark.genotypes[known])
  describe, whole = benchmark.describe, benchmark.space
  if whole.size != len(test):
    whole = search.Subset(whole, benchmark.genotypes)
  return [
    Problem(
      VALIDATION,
      part,
      benchmark,
      "cifar10/val",
      seconds,
      float(test[known].max()),
      _end(val[known], test[known]),
      f"guide: {describe('cifar10/val')} | report: {describe('cifar10/test')} "
      f"| the {known.sum():,} cells that have these labels and a time",
    ),
    Problem(
      MEAN,
      whole,
      benchmark,
      "cifar10/test",
      np.where(timed, seconds, predicted),
      float(test.max()),
      0.0,
      f"guide and report: {describe('cifar10/test')} | all {len(test):,} "
      f"cells; times of {timed.sum():,} are recorded, the others are predicted "
      f"with a median error of {100 * error:.1f} %",
    ),
  ]


def _end(guide: np.ndarray, test: np.ndarray) -> float:
  """Test regret of the cell with the highest guide, as a fraction."""
  return float(test.max() - test[np.argmax(guide)]) / 100


def predict_seconds(
  benchmark: benchmarks.Benchmark, seconds: np.ndarray
) -> tuple[np.ndarray, float]:
  """Predicts times by linear regression on counts.

  Args:
    benchmark: the cells, of NAS-Bench-101.
    seconds: known times `[n]`; NaN where unknown.

  Returns:
    Seconds of all cells `[n]`, and the median relative error on a tenth of the
    known ones that the regression has not seen.
  """
  cells, space = benchmark.genotypes, benchmark.space
  costs = [np.log(space.flops(cells)), np.log(space.num_params(cells))]
  counts = [(cells[:, 21:] == each).sum(axis=1) for each in range(3)]
  columns = [*costs, *(each**2 for each in costs), costs[0] * costs[1]]
  columns += [*counts, cells[:, :21].sum(axis=1), np.ones(len(cells))]
  x = np.stack(columns, axis=1).astype(np.float64)
  known = np.flatnonzero(np.isfinite(seconds))
  known = np.random.default_rng(0).permutation(known)
  kept, tested = known[len(known) // 10 :], known[: len(known) // 10]
  weights = np.linalg.lstsq(x[kept], np.log(seconds[kept]), rcond=None)[0]
  found = np.exp(x @ weights)
  off = np.abs(found[tested] / seconds[tested] - 1)
  return found, float(np.median(off)) if len(off) else float("nan")
