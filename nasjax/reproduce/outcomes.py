"""Finished experiments and their result rows."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from nasjax import config as configs
from nasjax.reproduce import catalog, results

METRICS = ("tau_rest", "tau_all", "spearman_rest")


@dataclasses.dataclass(frozen=True)
class Outcome:
  """A finished experiment.

  Attributes:
    study: cells and labels.
    method: name of the method, with its variant where it has one.
    size: number of training labels.
    config: the config that was trained, or of the splits of a floor.
    folder: where its files are.
    values: metric name -> one value a seed.
    num_params: parameters of one member; None for a floor.
    seconds: how long it took.
    commit: the commit that ran it.
    note: what the labels are.
    first_seed: the first of its seeds.
    max_steps: bound that shortened the recipe, in training steps; 0 for none.
  """

  study: catalog.Study
  method: str
  size: int
  config: configs.Config
  folder: pathlib.Path
  values: Mapping[str, list[float]]
  num_params: int | None
  seconds: float
  commit: str
  note: str
  first_seed: int
  max_steps: int = 0

  def row(
    self, metric: str, values: Sequence[float] | None = None, note: str = ""
  ) -> results.Row:
    """Returns the result row of one metric; `values` where not in `values`."""
    return results.make_row(
      self.study,
      self.method,
      self.size,
      metric,
      self.values[metric] if values is None else values,
      note=f"{note}; {self.note}" if note else self.note,
      first_seed=self.first_seed,
      max_steps=self.max_steps,
      commit=self.commit,
      seconds=self.seconds,
    )
