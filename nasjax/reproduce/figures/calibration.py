"""Uncertainty of a predictor: its standard deviation against its error.

Prediction and standard deviation are those that `Predictor.predict(...,
return_std=True)` returns, in the unit of the training label. The error is the
prediction minus the training label of cells that were not trained on: this is
the quantity that was learnt, so that no offset between validation and test
accuracy enters. Without a regression the standard deviation is that of the
members.
"""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nasjax.experiments import experiment, tasks
from nasjax.predictors import predictor
from nasjax.reproduce import catalog, outcomes, reports, results
from nasjax.reproduce.figures import style
from nasjax.training import metrics

SPEC = reports.Spec(
  what="standard deviation of a prediction against its error",
  spaces=("nb201",),
  methods=("default", "regression"),
  known=tuple(catalog.TRAINED),
  sizes={
    "nb101": (424,),
    "nb201": (156,),
    "nb301": (1000,),
    "darts545": (300,),
  },
)
_HOME = ("nb201", 156)
MEMBERS = 4
NUM_BINS = 10


COVERED = (0.5, 0.8, 0.95)
"""Probabilities of the intervals whose coverage is reported."""


class Uncertainty(NamedTuple):
  """Standard deviation and error of one seed's unseen cells.

  Attributes:
    spread: standard deviation of the prediction, `[m]`, percent.
    error: absolute error of the mean, `[m]`, percent.
  """

  spread: np.ndarray
  error: np.ndarray


def run(options: reports.Options) -> None:
  """Trains predictors, compares their errors with what they expect."""
  measured: dict[tuple, list[Uncertainty]] = {}

  def rank_rows(outcome: outcomes.Outcome) -> list[results.Row]:
    found = uncertainties(outcome, options.setup.data_dir)
    measured[outcome.study, outcome.size, outcome.method] = found
    note = f"{outcome.config.num_members} members"
    return [
      *(
        outcome.row(
          f"coverage_{round(100 * share)}",
          [coverage(each, share) for each in found],
          note=note,
        )
        for share in COVERED
      ),
      outcome.row("nll", [nll(each) for each in found], note=note),
      outcome.row(
        "nll_constant", [nll(constant(each)) for each in found], note=note
      ),
      outcome.row(
        "spread_spearman",
        [metrics.spearman_rho(*each) for each in found],
        note=note,
      ),
      outcome.row(
        "spread_kendall",
        [metrics.kendall_tau(*each) for each in found],
        note=note,
      ),
    ]

  reports.collect(with_ensembles(options), extra_rows=rank_rows)
  for study, size in dict.fromkeys(key[:2] for key in measured):
    panels = {
      method: found
      for (own, number, method), found in measured.items()
      if (own, number) == (study, size)
    }
    title = f"{study.benchmark}, {study.dataset}, {size} training labels"
    name = style.file_name(options.name, study, size, _HOME)
    style.save(draw(panels, title), options.results, name)
  reports.finish(options)


def with_ensembles(options: reports.Options) -> reports.Options:
  """Gives recipes of a single model four members."""

  def recipe(method, space, num_train):
    config = options.setup.recipe(method, space, num_train)
    if config.num_members < 2:
      config.num_members = MEMBERS
    return config

  setup = dataclasses.replace(options.setup, recipe=recipe)
  return dataclasses.replace(options, setup=setup)


def uncertainties(
  outcome: outcomes.Outcome, data_dir: str | None
) -> list[Uncertainty]:
  """Spread and error of every seed of a finished experiment."""
  config = outcome.config
  task = tasks.make_task(config, data_dir)
  params = experiment.train(config, task, outcome.folder).params
  labels = task.benchmark.values(task.train_label)
  found = []
  for index, split in enumerate(task.splits):
    fitted, scores = experiment.fitted_seed(config, task, params, index)
    model = predictor.Predictor.from_fitted(config, fitted, {})
    unseen = np.isfinite(labels)
    unseen[split.train] = False
    cells = task.benchmark.genotypes[unseen]
    _, spread = model.predict(cells, return_std=True)
    found.append(Uncertainty(spread, np.abs(scores - labels)[unseen]))
  return found


def coverage(one: Uncertainty, share: float) -> float:
  """Share of the labels within the central interval of a probability."""
  width = statistics.NormalDist().inv_cdf(0.5 + share / 2)
  return float(np.mean(one.error <= width * one.spread))


def nll(one: Uncertainty) -> float:
  """Mean negative log likelihood of the labels under normal distributions."""
  spread = np.maximum(one.spread, 1e-9)
  terms = (one.error / spread) ** 2 / 2 + np.log(spread)
  return float(np.mean(terms) + np.log(2 * np.pi) / 2)


def constant(one: Uncertainty) -> Uncertainty:
  """The same errors under the one standard deviation that fits them best."""
  level = np.sqrt(np.mean(one.error**2))
  return one._replace(spread=np.full(len(one.error), level))


def bins(one: Uncertainty, num: int = NUM_BINS) -> np.ndarray:
  """Root mean squares of spread and error in bins of equal size.

  Args:
    one: spread and error of cells, `[m]`.
    num: number of bins `b`, by rising spread.

  Returns:
    `[b, 2]`: spread, error.
  """
  order = np.argsort(one.spread, kind="stable")
  parts = np.array_split(order, min(num, len(order)))
  return np.array(
    [[np.sqrt(np.mean(values[part] ** 2)) for values in one] for part in parts]
  )


def draw(panels: Mapping[str, Sequence[Uncertainty]], title: str) -> Any:
  """Draws binned error over binned spread, mean and std over the seeds."""
  figure, axes = style.new(size=(4.6, 4.2))
  axis = axes[0][0]
  series, both = {}, []
  for method, found in panels.items():
    curves = np.stack([bins(one) for one in found])
    spread, error = curves.mean(axis=0).T
    series[catalog.title(method)] = (spread, error, curves[..., 1].std(axis=0))
    both += [*spread, *error]
  style.lines(axis, series)
  ends = [min(both) * 0.8, max(both) * 1.25]
  axis.plot(ends, ends, color="0.4", linewidth=1, label="calibrated")
  style.log_axis(axis.xaxis)
  style.log_axis(axis.yaxis)
  axis.set_xlabel("standard deviation in a bin (RMS, % accuracy)")
  axis.set_ylabel("error of the prediction in the bin (RMS, % accuracy)")
  axis.set_title(title, fontsize=10)
  axis.legend(loc="upper left", fontsize=8)
  return figure
