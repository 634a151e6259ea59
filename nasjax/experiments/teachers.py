"""Predicted accuracies as labels, from which a small student can learn."""

import dataclasses

from nasjax.benchmarks import base as benchmarks_base
from nasjax.predictors import checkpoints

LABEL = "predicted"


def add_predictions(
  benchmark: benchmarks_base.Benchmark, dataset: str, teacher: str
) -> benchmarks_base.Benchmark:
  """Adds the label `<dataset>/predicted`, known for every cell.

  Args:
    benchmark: the cells; its own labels stay.
    dataset: data set that the teacher predicts.
    teacher: what `checkpoints.open_predictor` takes.

  Returns:
    A benchmark with one more label.

  Raises:
    UserError: there is no such teacher.
  """
  model = checkpoints.open_predictor(benchmark.space.name, teacher)
  label = benchmarks_base.Label(
    dataset=dataset,
    split=LABEL,
    epochs=0,
    seeds=f"{len(model.fitted.scale)} members of {teacher}",
    note="no training behind it",
  )
  name = f"{dataset}/{LABEL}"
  return dataclasses.replace(
    benchmark,
    labels={**benchmark.labels, name: label},
    columns={**benchmark.columns, name: model.predict(benchmark.genotypes)},
  )
