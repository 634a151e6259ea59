"""The known accuracies of a search: which label, and the cells that have it."""

import dataclasses
from typing import Any

import numpy as np

from nasjax import errors, files, search
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry as benchmarks
from nasjax.commands.search_options import SearchOptions
from nasjax.spaces import base as spaces_base


@dataclasses.dataclass(frozen=True)
class Known:
  """A label of a benchmark, or the reason why there is none.

  Attributes:
    benchmark: its benchmark; None where nothing is known.
    label: its full name, `cifar10/test`; empty where nothing is known.
    missing: why nothing is known, in words.
  """

  benchmark: benchmarks_base.Benchmark | None
  label: str = ""
  missing: str = ""

  @property
  def labelled(self) -> np.ndarray:
    """The cells that have the label, `[n, G]`.

    Raises:
      UserError: there is none.
    """
    assert self.benchmark is not None
    cells = self.benchmark.genotypes
    cells = cells[np.isfinite(self.benchmark.lookup(cells, self.label))]
    if not len(cells):
      raise errors.UserError(
        f"label {self.label!r} of {self.benchmark.name!r}: expected cells that "
        "have it, got none; choose another --label or --dataset"
      )
    return cells

  def searched(self, space: spaces_base.Space) -> spaces_base.Space:
    """The part of a space that a table can answer: the cells with the label.

    The space itself where all of its cells have it.
    """
    subset = search.Subset(space, self.labelled)
    return space if subset.size == space.size else subset

  def lookup(self, genotypes: np.ndarray) -> np.ndarray:
    """Known accuracy of cells `[n, G]` in percent, `[n]`; NaN where unknown."""
    if self.benchmark is None:
      return np.full(len(genotypes), np.nan)
    return self.benchmark.lookup(genotypes, self.label)

  def report(self) -> dict[str, Any] | None:
    """Description of the label as JSON values; None without a label."""
    if self.benchmark is None:
      return None
    label = self.benchmark.labels[self.label]
    values = self.benchmark.values(self.label)
    return {
      "benchmark": self.benchmark.name,
      "label": self.label,
      "label_is": label.describe(),
      "dataset": label.dataset,
      "split": label.split,
      "epochs": label.epochs or None,
      "runs": label.seeds,
      "note": label.note or None,
      "unit": "% accuracy",
      "source": self.benchmark.source,
      "num_labelled": int(np.isfinite(values).sum()),
    }


def load(options: SearchOptions) -> Known:
  """Loads the known accuracies that the options name, or a reason in words.

  Raises:
    UserError: what the options name is not there.
  """
  name = options.benchmark
  if options.data_dir is not None:
    files.data_dir(options.data_dir)
  try:
    known = name or benchmarks.default_benchmark(options.space)
    benchmark = benchmarks.get_benchmark(known, options.data_dir)
  except errors.UserError as error:
    if name is not None or options.scores == "table":
      raise
    return Known(None, missing=str(error))
  if benchmark.space.name != options.space:
    raise errors.UserError(
      f"--benchmark {name!r} is of the space {benchmark.space.name!r}: "
      f"expected one of {options.space!r}"
    )
  return Known(benchmark, _label(benchmark, options.dataset, options.label))


def _label(
  benchmark: benchmarks_base.Benchmark, dataset: str, label: str | None
) -> str:
  """Full name of the label whose values are shown as known."""
  if label:
    benchmark.values(f"{dataset}/{label}")
    return f"{dataset}/{label}"
  for name in (f"{dataset}/test", f"{dataset}/val"):
    if name in benchmark.columns:
      return name
  labels = [
    name.partition("/")[2]
    for name in benchmark.columns
    if name.startswith(f"{dataset}/")
  ]
  if labels:
    raise errors.UserError(
      f"benchmark {benchmark.name!r} has no test or val accuracy of "
      f"{dataset!r}: expected --label=NAME as well, NAME one of "
      f"{', '.join(map(repr, labels))}"
    )
  datasets = sorted({name.split("/")[0] for name in benchmark.columns})
  raise errors.one_of(f"--dataset of {benchmark.name!r}", dataset, datasets)
