"""One reported training: split, fit every seed, score the space, report."""

import json
import pathlib
import sys
import time
from typing import Any

import jax
import numpy as np

from nasjax import config as configs
from nasjax import errors, files, progress
from nasjax.experiments import (
  metrics_log,
  provenance,
  summaries,
  tasks,
  workdirs,
)
from nasjax.io import replacing
from nasjax.predictors import fitting, predictor
from nasjax.spaces import registry as spaces
from nasjax.training import checkpoint, loop, state

command = provenance.command
commit = provenance.commit


def train(
  config: configs.Config, task: tasks.Task, workdir: pathlib.Path
) -> state.TrainState:
  """Trains every seed, checkpointing; resumes what the workdir holds.

  Returns:
    The last state, axes `[S, R]`.

  Raises:
    UserError: the workdir holds another run, the training diverged, or
      `config.kernel.max_cells` is bad.
  """
  fitting.check(config)
  meta = {"config": json.loads(config.to_json()), "data": tasks.digest(task)}
  checkpoints = checkpoint.Checkpoints(workdir / "checkpoint" / "state")
  log = metrics_log.MetricsLog(workdir / "metrics.jsonl")
  num_train = task.targets.shape[1]
  epochs = loop.make_plan(config, num_train).epochs
  bar = fitting.progress_bar(config, num_train)

  def on_start(done):
    workdirs.write(workdir, config)
    log.keep_until(done)
    bar.resume(done)

  def on_epoch(epoch, train_state, measured):
    means = {name: each.mean(axis=(1, 2)) for name, each in measured.items()}
    log.write(
      {
        "epoch": epoch,
        **{
          name: [round(float(seed), 6) for seed in mean]
          for name, mean in means.items()
        },
      }
    )
    bar.update(1, f"loss {means['loss'].mean():.4f}")
    if epoch % config.checkpoint_every == 0 or epoch == epochs:
      checkpoints.save(epoch, train_state, meta)

  with bar:
    trained = fitting.train(
      config,
      task.benchmark.space,
      task.genotypes,
      task.targets,
      resume=lambda fresh: checkpoints.restore(fresh, meta, _modern),
      on_start=on_start,
      on_epoch=on_epoch,
    )
  checkpoints.close()
  return trained


def _modern(meta: dict[str, Any]) -> dict[str, Any]:
  """What a checkpoint of any version was saved with, as this one says it."""
  return {**meta, "config": configs.completed(meta["config"])}


def fitted_seed(
  config: configs.Config, task: tasks.Task, params: Any, index: int
) -> tuple[predictor.Fitted, np.ndarray]:
  """Scores all cells of the benchmark with one seed's members.

  Args:
    config: the config of the run.
    task: its task.
    params: parameters, leaves `[S, R, ...]`.
    index: which seed.

  Returns:
    The calibrated members, and the scores `[n]` in the label's unit.
  """
  benchmark = task.benchmark
  fitted, raw = fitting.finish(
    config,
    benchmark.space,
    jax.tree.map(lambda leaf: leaf[index], params),
    task.genotypes[index],
    task.labels[index],
    benchmark.genotypes,
    task.splits[index].train,
  )
  return fitted, fitting.combine(fitted, raw)[0]


def run(
  config: configs.Config,
  workdir: files.PathLike,
  data_dir: files.PathLike | None = None,
) -> dict[str, Any]:
  """Trains, evaluates and reports; a second run in the workdir resumes.

  Writes `config.json`, `metrics.jsonl`, `checkpoint/` (`state` to resume,
  `model` for `Predictor.load`), `predictions.npz` and `summary.json`.

  Args:
    config: see `nasjax.config.default`.
    workdir: folder of the run.
    data_dir: folder of benchmark tables; `NASJAX_DATA` where None.

  Returns:
    What `summary.json` holds.

  Raises:
    UserError: bad config, missing data, another run in the workdir (ended or
      going on), full disk.
  """
  began = time.monotonic()
  folder = files.expand(workdir)
  config = fitting.resolve(config, spaces.get_space(config.space))
  workdirs.check(folder, config)
  _check_workdir(folder)
  with progress.phase("reading labels"):
    task = tasks.make_task(config, data_dir)
  with (
    files.hold(folder / "checkpoint"),
    errors.resuming(lambda: _kept(folder / "checkpoint" / "state")),
  ):
    return _run(config, task, folder, began)


def _kept(folder: pathlib.Path) -> str:
  """What an interrupted run in a workdir kept."""
  epochs = [int(each.name) for each in folder.glob("*") if each.name.isdigit()]
  if not epochs:
    return "no checkpoint was written yet"
  return f"the same command goes on after epoch {max(epochs)}"


def _check_workdir(folder: pathlib.Path) -> None:
  """Refuses a folder whose files a training would write over.

  Raises:
    UserError: a file or a model in it is no former result of a training.
  """
  has_json, has_arrays = replacing.has_json, replacing.has_arrays
  lines = replacing.has_json_lines("epoch", "loss")
  for name, former in (
    ("config.json", has_json("space", "model", "optimizer")),
    ("table.json", has_json("sha256")),
    ("metrics.jsonl", lines),
    ("predictions.npz", has_arrays("genotypes", "scores", "train_rows")),
    ("summary.json", has_json("space", "tau_rest", "seeds")),
  ):
    replacing.check_file(folder / name, former, "a result of a training")
  checkpoint.check_target(folder / "checkpoint" / predictor.FINAL_MODEL)


def _run(
  config: configs.Config, task: tasks.Task, folder: pathlib.Path, began: float
) -> dict[str, Any]:
  """`run` in a workdir that no other process writes to."""
  trained = train(config, task, folder)
  train_seconds = time.monotonic() - began
  scores = []
  with progress.Progress(
    "regression and scores",
    config.num_seeds,
    unit="seeds",
    first="seed 1, compiling",
  ) as bar:
    for index in range(config.num_seeds):
      fitted, score = fitted_seed(config, task, trained.params, index)
      scores.append(score)
      if index == 0 and not config.refit:
        _save_model(config, task, fitted, folder)
      bar.update()
  if config.refit:
    print("training the predictor that is kept on all labels", file=sys.stderr)
    _refit(config, task, folder)
  correlations = summaries.correlations(task, np.stack(scores))
  files.save_npz(
    folder / "predictions.npz",
    genotypes=task.benchmark.genotypes,
    scores=np.stack(scores),
    train_rows=np.stack([split.train for split in task.splits]),
    test_labels=task.benchmark.values(task.test_label),
  )
  summary = {
    **summaries.summary(
      config, task, correlations, loop.num_params(trained.params)
    ),
    "train_seconds": round(train_seconds, 2),
    "total_seconds": round(time.monotonic() - began, 2),
    **provenance.of_run(),
  }
  files.write_json(folder / "summary.json", summary)
  return summary


def _card(config: configs.Config, task: tasks.Task, rows: int) -> dict:
  return {
    "space": config.space,
    "benchmark": task.benchmark.name,
    "source": task.benchmark.source,
    "label": task.benchmark.describe(task.train_label),
    "target": config.target,
    "split": config.split,
    "num_train": rows,
    "seed": config.seed,
    "commit": commit(),
  }


def _save_model(config, task: tasks.Task, fitted, folder: pathlib.Path) -> None:
  """Saves the first seed's predictor under the workdir."""
  model = predictor.Predictor.from_fitted(
    config, fitted, _card(config, task, task.genotypes.shape[1])
  )
  model.save(folder / "checkpoint" / predictor.FINAL_MODEL)


def _refit(config, task: tasks.Task, folder: pathlib.Path) -> None:
  """Trains the predictor that is kept on every labelled row."""
  values = task.benchmark.values(task.train_label)
  rows = np.flatnonzero(np.isfinite(values))
  model = predictor.Predictor(
    config.space, config.seed, config=config, verbose=True
  )
  model.fit(task.benchmark.genotypes[rows], values[rows])
  card = _card(config, task, len(rows))
  model.card = {**card, "split": "none, all labelled cells"}
  model.save(folder / "checkpoint" / predictor.FINAL_MODEL)
