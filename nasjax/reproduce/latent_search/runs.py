"""Runs of a method on a problem, one a seed; finished ones are read.

Dimensions: `s` seeds, `t` trainings in the order of the questions.
"""

import dataclasses
import hashlib
import json
import pathlib
import time
from collections.abc import Sequence

import numpy as np

from nasjax import files, progress
from nasjax.experiments import provenance
from nasjax.reproduce.latent_search import lockstep, methods, problems
from nasjax.search import reinforce
from nasjax.search import state as states

_TOGETHER = 50  # seeds that walk in step


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
  """What a method found on a problem.

  Attributes:
    problem: labels.
    method: its name.
    trainings: guide, test accuracy and seconds of each run, `[3, t]`.
    seconds: that the runs took.
    commits: that ran them.
  """

  problem: problems.Problem
  method: str
  trainings: Sequence[np.ndarray]
  seconds: float
  commits: tuple[str, ...]

  def regrets(self, at: Sequence[np.ndarray]) -> np.ndarray:
    """Test regret as fractions after so many trainings of each run.

    Of the cell with the highest guide so far, the first one of equals; it is
    against the best test accuracy of the cells.

    Args:
      at: trainings of each run, at least 1, `[s]` arrays `[p]`.

    Returns:
      `[s, p]`.
    """
    found = []
    for (guide, test, _), num in zip(self.trainings, at, strict=True):
      best = np.maximum.accumulate(guide)
      is_new = np.append(True, best[1:] > best[:-1])
      chosen = np.maximum.accumulate(np.where(is_new, np.arange(len(best)), 0))
      place = np.minimum(num, len(guide)) - 1
      found.append(self.problem.best - test[chosen[place]])
    return np.stack(found) / 100

  def after_seconds(self, seconds: np.ndarray) -> np.ndarray:
    """Regrets after seconds `[p]` of training, one after the other, `[s, p]`.

    Before the end of the first training that of its cell.
    """
    done = [
      np.searchsorted(np.cumsum(each[2]), seconds, side="right")
      for each in self.trainings
    ]
    return self.regrets([np.maximum(each, 1) for each in done])

  def num_after(self, seconds: float) -> np.ndarray:
    """How many trainings had ended after so many seconds, `[s]`."""
    return np.array(
      [(np.cumsum(x[2]) <= seconds).sum() for x in self.trainings]
    )


def measure(
  problem: problems.Problem,
  method: str,
  seeds: Sequence[int],
  workdir: pathlib.Path,
  *,
  limit: float,
) -> Runs:
  """Runs a method with every seed, or reads the runs that are finished.

  Args:
    problem: cells and labels.
    method: a name in `methods.METHODS`.
    seeds: one run each.
    workdir: where runs are kept.
    limit: seconds of training of a run.
  """
  folder = run_folder(problem, method, limit, workdir)
  paths = [folder / f"{seed}.npz" for seed in seeds]
  missing = [path for path in paths if not path.exists()]
  title = f"{method}, {problem.name}"
  with progress.Progress(title, len(seeds), unit="runs") as bar:
    bar.resume(len(paths) - len(missing))
    strategy = methods.make(method)
    size = _TOGETHER if isinstance(strategy, reinforce.Reinforce) else 1
    for start in range(0, len(missing), size):
      part = missing[start : start + size]
      embed = methods.learn if method.endswith("_supervised") else None
      _run(problem, strategy, part, limit, embed)
      bar.update(len(part))
  runs = [files.load_npz(path) for path in paths]
  return Runs(
    problem,
    method,
    [run["trainings"] for run in runs],
    round(float(sum(run["seconds"] for run in runs)), 1),
    tuple(sorted({str(run["commit"]) for run in runs})),
  )


def run_folder(
  problem: problems.Problem, method: str, limit: float, workdir: pathlib.Path
) -> pathlib.Path:
  """The folder of all runs of a method with these settings on these labels."""
  strategy = methods.make(method)
  facts = {**states.options_of(strategy), "limit": limit}
  facts["labels"] = problem.digest()
  text = json.dumps(facts, sort_keys=True, default=str)
  digest = hashlib.sha256(text.encode()).hexdigest()[:10]
  return workdir / "latent_search" / problem.name / f"{method}-{digest}"


def _run(
  problem, strategy, paths: Sequence[pathlib.Path], limit: float, embed
) -> None:
  """Runs the seeds that the names of files say, and writes these."""
  began = time.monotonic()
  seeds = [int(path.stem) for path in paths]
  if isinstance(strategy, reinforce.Reinforce):
    table = strategy.table(strategy.init(problem.space, 0, 1))
    guide, test, cost = problem.labels(table.genotypes)
    rows = lockstep.run(strategy, problem.space, guide, cost, seeds, limit)
    found = [np.stack([guide[row], test[row], cost[row]]) for row in rows]
  else:
    found = [
      methods.run(strategy, problem, seed, limit, embed) for seed in seeds
    ]
  seconds = (time.monotonic() - began) / len(paths)
  for path, trainings in zip(paths, found, strict=True):
    files.save_npz(
      path,
      trainings=trainings,
      seconds=np.array(seconds),
      commit=np.array(provenance.commit()),
    )
