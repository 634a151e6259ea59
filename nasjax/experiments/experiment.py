"""One reported training: split, fit every seed, score the space, report."""

import json
import pathlib
import shlex
import subprocess
import sys
import time
from importlib import metadata
from typing import Any

import jax
import numpy as np

from nasjax import config as configs
from nasjax import errors, files, progress
from nasjax.experiments import invocation, tasks, workdirs
from nasjax.io import replacing
from nasjax.predictors import fitting, predictor
from nasjax.spaces import registry as spaces
from nasjax.training import checkpoint, loop, metrics, state

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")

_FOLDERS = ("workdir", "data_dir")


class _Log:
  """`metrics.jsonl`: one line an epoch; a resume drops what it will redo."""

  def __init__(self, path: pathlib.Path):
    self._path = path

  def keep_until(self, epoch: int) -> None:
    """Drops the lines of later epochs, and a last line that is cut off."""
    lines = []
    if self._path.exists():
      for line in self._path.read_text().splitlines():
        try:
          if json.loads(line)["epoch"] <= epoch:
            lines.append(line + "\n")
        except (ValueError, KeyError):
          continue
    text = "".join(lines).encode()
    files.write_atomic(self._path, lambda file: file.write(text))

  def write(self, record: dict[str, Any]) -> None:
    try:
      with open(self._path, "a") as file:
        file.write(json.dumps(record) + "\n")
    except OSError as error:
      raise errors.UserError(
        f"cannot write {str(self._path)!r}: {error.strerror}; free some space "
        "and run the same command again: it resumes"
      ) from error


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
  log = _Log(workdir / "metrics.jsonl")
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
      resume=lambda fresh: checkpoints.restore(fresh, meta),
      on_start=on_start,
      on_epoch=on_epoch,
    )
  checkpoints.close()
  return trained


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


def _correlations(
  task: tasks.Task, scores: np.ndarray
) -> dict[str, list[float]]:
  """Metrics of every seed on its test sets; `scores` `[S, n]`."""
  labels = task.benchmark.values(task.test_label)
  sign = -1 if task.target == configs.COST else 1
  result: dict[str, list[float]] = {
    "tau_rest": [],
    "tau_all": [],
    "spearman_rest": [],
    "top10_regret_all": [],
  }
  for split, score in zip(task.splits, scores, strict=True):
    rest, everything = split.rest, split.all
    result["tau_rest"].append(metrics.kendall_tau(score[rest], labels[rest]))
    result["tau_all"].append(
      metrics.kendall_tau(score[everything], labels[everything])
    )
    result["spearman_rest"].append(
      metrics.spearman_rho(score[rest], labels[rest])
    )
    result["top10_regret_all"].append(
      metrics.top_k_regret(
        sign * score[everything], sign * labels[everything], 10
      )
    )
  return result


def command() -> str:
  """The command line that runs, without the folders of one machine."""
  words = invocation.without(sys.argv[1:], _FOLDERS)
  return f"{invocation.program()} {shlex.join(words)}"


def commit() -> str:
  """Commit of the checkout that runs, or the released version."""
  root = pathlib.Path(__file__).parents[2]
  try:
    done = subprocess.run(
      ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
      capture_output=True,
      text=True,
      check=True,
      timeout=10,
    )
    return done.stdout.strip()
  except (OSError, subprocess.SubprocessError):
    return "v" + metadata.version("nasjax")


def _summary(
  config: configs.Config,
  task: tasks.Task,
  correlations: dict[str, list[float]],
  num_params: int,
) -> dict[str, Any]:
  def mean(name):
    return round(float(np.mean(correlations[name])), 6)

  def std(name):
    return round(float(np.std(correlations[name])), 6)

  benchmark = task.benchmark
  return {
    "space": config.space,
    "benchmark": benchmark.name,
    "train_label": task.train_label,
    "train_label_is": benchmark.describe(task.train_label),
    "test_label": task.test_label,
    "test_label_is": benchmark.describe(task.test_label),
    "target": task.target,
    "split": config.split,
    "num_train": task.genotypes.shape[1],
    "num_test": len(task.splits[0].rest),
    "num_all": len(task.splits[0].all),
    "seeds": list(range(config.seed, config.seed + config.num_seeds)),
    **{
      name: [round(x, 6) for x in values]
      for name, values in correlations.items()
    },
    "tau_rest_mean": mean("tau_rest"),
    "tau_rest_std": std("tau_rest"),
    "tau_all_mean": mean("tau_all"),
    "tau_all_std": std("tau_all"),
    "spearman_rest_mean": mean("spearman_rest"),
    "top10_regret_all_mean": mean("top10_regret_all"),
    "num_members": config.num_members,
    "num_params": num_params,
  }


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
  correlations = _correlations(task, np.stack(scores))
  files.save_npz(
    folder / "predictions.npz",
    genotypes=task.benchmark.genotypes,
    scores=np.stack(scores),
    train_rows=np.stack([split.train for split in task.splits]),
    test_labels=task.benchmark.values(task.test_label),
  )
  summary = {
    **_summary(config, task, correlations, loop.num_params(trained.params)),
    "train_seconds": round(train_seconds, 2),
    "total_seconds": round(time.monotonic() - began, 2),
    "command": command(),
    "device": f"{jax.devices()[0].device_kind} x {jax.device_count()}",
    "commit": commit(),
    "versions": {name: metadata.version(name) for name in _PACKAGES},
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
