"""Splits of a benchmark into training and test cells, by named presets.

Published papers draw their splits differently, and say so rarely; a preset
repeats one recipe. All give rows of the benchmark, not genotypes.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nasjax import errors
from nasjax.benchmarks import base


class Split(NamedTuple):
  """Rows of a benchmark, int64, without repetition.

  Attributes:
    train: rows to train on, `[n]`, all with a train label.
    rest: rows to test on that were not trained on, `[m]`.
    all: rows that the published protocol tests on, `[k]`; except for
      `tagates` all rows with a test label, those of `train` included.
  """

  train: np.ndarray
  rest: np.ndarray
  all: np.ndarray


class _Rows(NamedTuple):
  """What a preset chooses from.

  Attributes:
    num: number of rows of the benchmark.
    train: rows with a train label, ascending.
    test: rows with a test label, ascending.
  """

  num: int
  train: np.ndarray
  test: np.ndarray


Preset = Callable[[_Rows, int], tuple[np.ndarray, np.ndarray]]


def _random(rows: _Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Draws uniformly; tests on all rows."""
  return np.random.default_rng(seed).permutation(rows.train), rows.test


def _tnasp(rows: _Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Draws as TNASP and PINAT do: `RandomState(seed)` permutes all rows.

  Their seed is 0. Rows without a train label are passed over. The order of
  rows is that of the benchmark here, so the recipe is the same, the cells are
  not.
  """
  order = np.random.RandomState(seed).permutation(rows.num)
  return order[np.isin(order, rows.train)], rows.test


def _narformer(rows: _Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Takes the first rows in the order of the file, whatever the seed."""
  del seed
  return rows.train, rows.test


def _tagates(rows: _Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Halves the rows with both labels as TA-GATES does: a pool and a test set.

  The halves are the same for every seed (the larger one is the pool); the seed
  draws from the pool.
  """
  both = np.intersect1d(rows.train, rows.test)
  mixed = np.random.default_rng(0).permutation(both)
  half = -(-len(mixed) // 2)
  pool = np.random.default_rng(seed).permutation(mixed[:half])
  return pool, np.sort(mixed[half:])


_PRESETS: dict[str, Preset] = {
  "random": _random,
  "tnasp": _tnasp,
  "narformer": _narformer,
  "tagates": _tagates,
}


def preset_names() -> tuple[str, ...]:
  """Returns the names of all presets."""
  return tuple(_PRESETS)


def make_split(
  preset: str,
  benchmark: base.Benchmark,
  train_label: str,
  test_label: str,
  num_train: int,
  seed: int,
) -> Split:
  """Draws a split; rows without a label never enter.

  Args:
    preset: `random` (uniform), `tnasp` (legacy generator of numpy, as TNASP
      and PINAT), `narformer` (first rows), or `tagates` (disjoint halves).
    benchmark: the cells.
    train_label: label to train on.
    test_label: label to test on.
    num_train: number of rows to train on, at least 2.
    seed: seed of the draw; `narformer` ignores it.

  Raises:
    UserError: an unknown preset or label, or too few labelled rows.
  """
  errors.check_name("split", preset, _PRESETS)
  rows = _Rows(
    num=len(benchmark),
    train=np.flatnonzero(np.isfinite(benchmark.values(train_label))),
    test=np.flatnonzero(np.isfinite(benchmark.values(test_label))),
  )
  pool, test = _PRESETS[preset](rows, seed)
  if not 2 <= num_train <= len(pool):
    raise errors.UserError(
      f"num_train: expected 2 to {len(pool)} (cells of {benchmark.name!r} "
      f"that split {preset!r} can train on with {train_label!r}), got "
      f"{num_train}"
    )
  train = pool[:num_train]
  rest = np.setdiff1d(test, train)
  if len(rest) < 2:
    raise errors.UserError(
      f"split {preset!r} of {benchmark.name!r}: expected at least 2 cells "
      f"with {test_label!r} besides the {num_train} trained on, got "
      f"{len(rest)}; lower num_train"
    )
  return Split(train, rest, test)
