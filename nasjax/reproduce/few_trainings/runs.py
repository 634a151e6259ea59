"""Runs of a method on a problem, one a seed; finished ones are read.

Dimensions: `s` seeds, `t` trainings in the order in which they were asked.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
import time
from collections.abc import Sequence

import numpy as np

from nasjax import files, progress, search
from nasjax.experiments import provenance
from nasjax.reproduce.few_trainings import methods, problems
from nasjax.search import state as states

FOLDER = "few_trainings"


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
  """What a method found on a problem.

  Attributes:
    problem: labels.
    method: its name.
    seeds: of the runs, `[s]`.
    genotypes: the cells, `[s, t, G]`.
    searched: the label that it saw, `[s, t]`.
    reported: the label that counts, `[s, t]`.
    seconds_of_trainings: `[s, t]`; NaN where the benchmark does not say.
    seconds: that the runs took.
    commits: that ran them.
  """

  problem: problems.Problem
  method: str
  seeds: Sequence[int]
  genotypes: np.ndarray
  searched: np.ndarray
  reported: np.ndarray
  seconds_of_trainings: np.ndarray
  seconds: float
  commits: tuple[str, ...]

  @property
  def found(self) -> np.ndarray:
    """Reported label of the cell of the highest searched one so far, `[s, t]`.

    Of equals the one that was asked first.
    """
    best = np.maximum.accumulate(self.searched, axis=1)
    is_new = np.ones_like(best, bool)
    is_new[:, 1:] = best[:, 1:] > best[:, :-1]
    steps = np.arange(best.shape[1])
    at = np.maximum.accumulate(np.where(is_new, steps, 0), axis=1)
    return np.take_along_axis(self.reported, at, axis=1)

  def until_best(self, best: float) -> np.ndarray:
    """Trainings until a cell with the reported label `best`, `[s]`.

    NaN where none was among them.
    """
    hits = self.reported >= best
    first = np.argmax(hits, axis=1) + 1.0
    return np.where(hits.any(axis=1), first, np.nan)


def measure(
  problem: problems.Problem,
  name: str,
  budget: int,
  seeds: Sequence[int],
  workdir: pathlib.Path,
) -> Runs:
  """Runs a method with every seed, or reads the runs that are finished.

  Args:
    problem: space and labels.
    name: a name in `methods.METHODS`.
    budget: trainings of a run.
    seeds: one run each.
    workdir: where runs are kept.
  """
  method = methods.make(name, problem.study.space)
  folder = run_folder(problem, name, method, budget, workdir)
  paths = [folder / f"{seed}.npz" for seed in seeds]
  title = f"{problem.study.dataset} {problem.protocol} {name}"
  bar = progress.Progress(title, len(seeds), unit="runs", first="compiling")
  missing = [path for path in paths if not path.exists()]
  if missing:
    with bar:
      bar.resume(len(paths) - len(missing))
      for path in missing:
        _run(problem, method, budget, int(path.stem), path)
        bar.update()
  return _join(problem, name, seeds, [files.load_npz(path) for path in paths])


def is_finished(
  problem: problems.Problem,
  name: str,
  budget: int,
  seeds: Sequence[int],
  workdir: pathlib.Path,
) -> bool:
  """Whether `measure` would only read."""
  method = methods.make(name, problem.study.space)
  folder = run_folder(problem, name, method, budget, workdir)
  return all((folder / f"{seed}.npz").exists() for seed in seeds)


def run_folder(
  problem: problems.Problem,
  name: str,
  method: methods.Method,
  budget: int,
  workdir: pathlib.Path,
) -> pathlib.Path:
  """The folder of all runs with these settings on these labels."""
  facts = {
    **states.options_of(method.strategy),
    "batch_size": method.batch_size,
    "budget": budget,
    "labels": problem.digest,
  }
  text = json.dumps(facts, sort_keys=True, default=str)
  digest = hashlib.sha256(text.encode()).hexdigest()[:10]
  study = "-".join(problem.study.key)
  return workdir / FOLDER / study / problem.protocol / f"{name}-{digest}"


def _run(
  problem: problems.Problem,
  method: methods.Method,
  budget: int,
  seed: int,
  path: pathlib.Path,
) -> None:
  began = time.monotonic()
  result = search.run(
    method.strategy,
    problem.space,
    problem.searched,
    budget,
    seed,
    batch_size=method.batch_size,
  )
  files.save_npz(
    path,
    genotypes=result.genotypes,
    searched=result.scores,
    reported=problem.reported(result.genotypes),
    seconds=np.array(time.monotonic() - began),
    commit=np.array(_commit()),
  )


@functools.cache
def _commit() -> str:
  """The commit when the process first asked: that of the code it runs."""
  return provenance.commit()


def _join(
  problem: problems.Problem,
  name: str,
  seeds: Sequence[int],
  runs: Sequence[dict[str, np.ndarray]],
) -> Runs:
  """Puts runs side by side, cut to the shortest of them."""
  length = min(len(run["searched"]) for run in runs)
  genotypes, searched, reported = (
    np.stack([run[key][:length] for run in runs])
    for key in ("genotypes", "searched", "reported")
  )
  cost = np.full(searched.shape, np.nan)
  if problem.seconds is not None:
    cost = np.stack(
      [problem.seconds(run["genotypes"][:length]) for run in runs]
    )
  return Runs(
    problem=problem,
    method=name,
    seeds=seeds,
    genotypes=genotypes,
    searched=searched,
    reported=reported,
    seconds_of_trainings=cost,
    seconds=round(float(sum(run["seconds"] for run in runs)), 1),
    commits=tuple(sorted({str(run["commit"]) for run in runs})),
  )
