"""The ceiling: how well the training label itself ranks the test label."""

import numpy as np

from nasjax.experiments import provenance, tasks
from nasjax.reproduce import catalog, outcomes, results
from nasjax.training import metrics


def ceiling_row(outcome: outcomes.Outcome, data_dir: str | None) -> results.Row:
  """Row of the ceiling: tau of the training label with the test label.

  Over all cells that have both; 1 where they are the same label.
  """
  task = tasks.make_task(outcome.config, data_dir)
  first, second = (
    task.benchmark.values(label)
    for label in (task.train_label, task.test_label)
  )
  both = np.isfinite(first) & np.isfinite(second)
  return results.make_row(
    outcome.study,
    catalog.CEILING,
    outcome.size,
    "tau_all",
    [metrics.kendall_tau(first[both], second[both])],
    note=f"{both.sum()} cells; {outcome.note}",
    first_seed=outcome.first_seed,
    commit=provenance.commit(),
    seconds=0.0,
  )
