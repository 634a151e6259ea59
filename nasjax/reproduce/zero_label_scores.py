"""Scores without labels: ours, counts, and published proxies.

Dimensions: `n` cells, `G` integers of a genotype.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping

import numpy as np

from nasjax import zero_label
from nasjax.benchmarks import base as benchmarks
from nasjax.reproduce import proxies
from nasjax.zero_label import log_ranks, parts, recipes

MEASURED_FOR = ("nb201", "nb101")
MOST = 5000
"""Cells of NAS-Bench-101 that are ranked, drawn with seed 0."""
_FEEDS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
  """Cells of a benchmark that are ranked.

  Attributes:
    benchmark: their benchmark.
    rows: rows of the benchmark, `[n]`.
    data_dir: folder of the tables.
  """

  benchmark: benchmarks.Benchmark
  rows: np.ndarray
  data_dir: str | None = None

  @property
  def genotypes(self) -> np.ndarray:
    """The cells, `[n, G]`."""
    return self.benchmark.genotypes[self.rows]

  @functools.cached_property
  def ranking(self) -> zero_label.Ranking:
    """The zero-label ranking of the cells."""
    return zero_label.rank(self.benchmark.space, self.genotypes)

  @functools.cached_property
  def proxies(self) -> Mapping[str, np.ndarray]:
    """Our proxies of untrained networks, `[n]` each."""
    space = self.benchmark.space
    return parts.measured(space, self.genotypes, recipes.PROXIES)

  @functools.cached_property
  def published(self) -> Mapping[str, np.ndarray]:
    """Published proxies, `[n]` each, of the cell without its dead operations.

    Raises:
      UserError: the table is not in the data folder, or is damaged.
    """
    index, scores = proxies.read(self.data_dir)
    known = _codes(self.benchmark.genotypes[index])
    order = np.argsort(known)
    wanted = _codes(without_dead(self.genotypes))
    place = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    found = order[place]
    is_there = known[found] == wanted
    return {
      name: np.where(is_there, each[found], np.nan)
      for name, each in scores.items()
    }


def without_dead(genotypes: np.ndarray) -> np.ndarray:
  """NAS-Bench-201 cells whose operations off every path are `none`."""
  live = genotypes != 0
  forward = np.zeros((4, len(genotypes)), bool)
  backward = forward.copy()
  forward[0] = backward[3] = True
  for edge, (source, target) in enumerate(_FEEDS):
    forward[target] |= live[:, edge] & forward[source]
  for edge, (source, target) in reversed(list(enumerate(_FEEDS))):
    backward[source] |= live[:, edge] & backward[target]
  reached = [forward[a] & backward[b] for a, b in _FEEDS]
  return np.where(np.stack(reached, axis=1), genotypes, 0)


def _codes(genotypes: np.ndarray) -> np.ndarray:
  return genotypes.astype(np.int64) @ 5 ** np.arange(genotypes.shape[1])


def _joined(problem: Problem) -> np.ndarray:
  """Published nwot and jacov in place of ours, with the same weights."""
  ours, theirs = problem.ranking, problem.published
  found = {
    **ours.parts,
    "nwot": theirs["nwot"],
    "jacov": theirs["jacov"],
  }
  is_dead = np.isnan(ours.parts["nwot"])
  found = {
    name: values if name == recipes.TRANSFER else _last(values, is_dead)
    for name, values in found.items()
  }
  return log_ranks.join(found, ours.weights)


def _last(values: np.ndarray, is_dead: np.ndarray) -> np.ndarray:
  return np.where(is_dead, np.nan, values)


def _count(problem: Problem, name: str) -> np.ndarray:
  return getattr(problem.benchmark.space, name)(problem.genotypes)


Method = Callable[[Problem], np.ndarray]
METHODS: dict[str, tuple[str, Method]] = {
  "zero": ("zero-label", lambda problem: problem.ranking.scores),
  "zero_published": ("zero-label, published nwot and jacov", _joined),
  "transfer": (
    "transfer predictor alone",
    lambda problem: problem.ranking.parts[recipes.TRANSFER],
  ),
  **{
    name: (f"{name}, ours", lambda problem, name=name: problem.proxies[name])
    for name in recipes.PROXIES
  },
  "flops": ("FLOPs", lambda problem: _count(problem, "flops")),
  "params": ("parameters", lambda problem: _count(problem, "num_params")),
  **{
    f"published_{name}": (
      f"{name}, published",
      lambda problem, name=name: problem.published[name],
    )
    for name in proxies.PUBLISHED
  },
}
"""Method -> its title, and what scores a problem, higher = better, `[n]`."""


def has(method: str, benchmark: str) -> bool:
  """Whether a method is measured on a benchmark."""
  if method == "zero_published" or method.startswith("published_"):
    return benchmark == "nb201"
  if method == recipes.TRANSFER:
    return benchmark != "nats_size"
  return method not in recipes.PROXIES or benchmark in MEASURED_FOR


def score(problem: Problem, method: str) -> tuple[np.ndarray, float]:
  """Scores `[n]`, missing ones below all, and the seconds that it took."""
  began = time.monotonic()
  found = np.asarray(METHODS[method][1](problem), np.float64)
  seconds = round(time.monotonic() - began, 2)
  is_known = np.isfinite(found)
  return np.where(is_known, found, found[is_known].min() - 1), seconds
