"""One experiment of a table: trained or scored once, then read from its folder.

An experiment is a study, a method and a size, over all seeds. Its folder is
named after its config; `outcome.json` in it says that it is finished, with the
digest of the data it saw.
"""

import dataclasses
import hashlib
import json
import pathlib
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nasjax import config as configs
from nasjax import files
from nasjax.experiments import experiment, provenance, tasks
from nasjax.reproduce import catalog, floors, outcomes, recipes

Recipe = Callable[[str, str, int], configs.Config]

NUM_SEEDS = 5
"""Seeds of an experiment where nobody says how many."""

_OUTCOME = "outcome.json"
_PROBED = 64  # cells whose features tell whether the features changed


@dataclasses.dataclass(frozen=True)
class Setup:
  """Settings that all experiments of a command share.

  Attributes:
    recipe: maps (method, space, num_train) to a config.
    features: graph features of cells, for the floors.
    workdir: folder of the experiments.
    data_dir: folder of benchmark tables; `NASJAX_DATA` where None.
    seed: first seed.
    num_seeds: number of seeds.
    max_steps: training steps at most; 0 for the whole recipe.
  """

  recipe: Recipe
  features: floors.GraphFeatures
  workdir: pathlib.Path
  data_dir: str | None = None
  seed: int = 0
  num_seeds: int = NUM_SEEDS
  max_steps: int = 0


def make_config(
  setup: Setup,
  study: catalog.Study,
  method: str,
  size: int,
  fields: Mapping[str, Any] | None = None,
) -> configs.Config:
  """Config of an experiment: the method's recipe with the study's labels.

  Args:
    setup: seeds and steps.
    study: cells and labels.
    method: a trained method, or a floor (whose config holds the split alone).
    size: number of training labels.
    fields: further fields to set, by dotted name.

  Raises:
    UserError: a field is unknown, or `max_steps` is below one epoch.
  """
  if method in catalog.FLOORS:
    config = configs.default()
  else:
    config = setup.recipe(method, study.space, size)
  own = {
    "space": study.space,
    "benchmark": study.benchmark,
    "dataset": study.dataset,
    "train_label": study.train_label,
    "test_label": study.test_label,
    "num_train": size,
    "seed": setup.seed,
    "num_seeds": setup.num_seeds,
  }
  configs.override(config, {**own, **(fields or {})})
  floor = method in catalog.FLOORS
  return config if floor else recipes.bounded(config, setup.max_steps)


def measure(
  setup: Setup,
  study: catalog.Study,
  method: str,
  size: int,
  variant: str = "",
  fields: Mapping[str, Any] | None = None,
) -> outcomes.Outcome:
  """Runs an experiment, or reads it where it is finished.

  Args:
    setup: what all experiments share.
    study: cells and labels.
    method: a name of `catalog.METHODS`.
    size: number of training labels.
    variant: what `fields` change, in words; part of the row's method.
    fields: config fields that differ from the recipe.

  Raises:
    UserError: data are missing, or a name is unknown.
  """
  config = make_config(setup, study, method, size, fields)
  task = tasks.make_task(config, setup.data_dir)
  key = _key(method, config, task, setup.features)
  folder = _folder(setup, study, method, size, key)
  data = _digest(task)
  record = _finished(folder, key, data)
  if record is None:
    name = f"{method} {variant}".strip()
    print(f"{study.benchmark} {study.dataset} {name} {size}", file=sys.stderr)
    if method in catalog.FLOORS:
      record = _score_floor(setup, method, task)
    else:
      record = _train(config, folder, setup.data_dir)
    record = {"config": key, "data": data, **record}
    files.write_json(folder / _OUTCOME, record)
  return outcomes.Outcome(
    study=study,
    method=f"{method} {variant}".strip(),
    size=size,
    config=config,
    folder=folder,
    values={
      name: [float("nan") if value is None else value for value in values]
      for name, values in record["values"].items()
    },
    num_params=record["num_params"],
    seconds=record["seconds"],
    commit=record["commit"],
    note=labels_note(task),
    first_seed=setup.seed,
    max_steps=_bound(setup, study, method, size, fields, config),
  )


def _bound(setup, study, method, size, fields, config) -> int:
  """The bound on the training steps where it shortens the recipe, else 0."""
  if not setup.max_steps or method in catalog.FLOORS:
    return 0
  unbounded = dataclasses.replace(setup, max_steps=0)
  whole = make_config(unbounded, study, method, size, fields)
  return setup.max_steps if config.epochs < whole.epochs else 0


def labels_note(task: tasks.Task) -> str:
  """Says which labels a number stands for."""
  benchmark = task.benchmark
  return (
    f"train: {benchmark.describe(task.train_label)} | "
    f"test: {benchmark.describe(task.test_label)}"
  )


def _key(
  method: str,
  config: configs.Config,
  task: tasks.Task,
  features: floors.GraphFeatures,
) -> dict[str, Any]:
  """What identifies an experiment, as JSON values."""
  whole = json.loads(config.to_json())
  if method not in catalog.FLOORS:
    return whole
  names = (
    "space benchmark dataset split train_label test_label num_train seed "
    "num_seeds"
  )
  kept = {name: whole[name] for name in names.split()}
  if method.endswith(("_graph", "_paths")):
    cells = task.benchmark.genotypes[:_PROBED]
    probe = np.asarray(
      features(task.benchmark.space, cells, method.endswith("_paths")),
      np.float32,
    )
    kept["features"] = hashlib.sha256(probe.tobytes()).hexdigest()[:16]
  return {"floor": method, **floors.settings(method), **kept}


def _folder(setup, study, method, size, key) -> pathlib.Path:
  digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
  name = f"{method}-{size}-{digest[:10]}"
  return setup.workdir / "-".join(study.key) / name


def _digest(task: tasks.Task) -> str:
  """Digest of the cells and labels that an experiment sees."""
  digest = hashlib.sha256()
  for array in (
    task.genotypes,
    task.labels,
    task.benchmark.genotypes,
    task.benchmark.values(task.test_label),
  ):
    digest.update(np.ascontiguousarray(array).tobytes())
  return digest.hexdigest()


def _finished(folder: pathlib.Path, key: dict, data: str) -> dict | None:
  """The record of a finished experiment with this config and these data."""
  try:
    record = json.loads((folder / _OUTCOME).read_text())
  except (OSError, ValueError):
    return None
  same = record.get("config") == key and record.get("data") == data
  return record if same else None


def _train(config, folder: pathlib.Path, data_dir: str | None) -> dict:
  summary = experiment.run(config, folder, data_dir)
  return {
    "values": {name: _json(summary[name]) for name in outcomes.METRICS},
    "num_params": summary["num_params"],
    "seconds": summary["total_seconds"],
    "commit": summary["commit"],
  }


def _score_floor(setup: Setup, method: str, task: tasks.Task) -> dict:
  began = time.monotonic()
  predicted = floors.scores(method, task, setup.features)
  values = floors.correlations(task, predicted)
  return {
    "values": {name: _json(row) for name, row in values.items()},
    "num_params": None,
    "seconds": round(time.monotonic() - began, 2),
    "commit": provenance.commit(),
  }


def _json(values: Any) -> list[float | None]:
  return [round(x, 6) if np.isfinite(x) else None for x in values]
