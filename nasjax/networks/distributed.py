"""Trainings on the workers of a Ray cluster (extra `distributed`)."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

from nasjax import errors, progress
from nasjax.networks import jobs


def is_initialised() -> bool:
  """Says whether this process is connected to a Ray cluster."""
  ray = sys.modules.get("ray")
  return ray is not None and ray.is_initialized()


def run_on_ray(
  job: jobs.Job,
  groups: Sequence[Sequence[str]],
  max_retries: int,
  bar: progress.Progress,
) -> None:
  """Trains cells on the workers; starts a local cluster where none runs.

  A worker that finds a result trains nothing, so a cell that is tried again
  is never counted twice. Workers need the folder of the results.

  Args:
    job: what the trainings share (`jobs.Job`).
    groups: official notations of the cells of each task.
    max_retries: how often a cell whose worker died is tried again.
    bar: counts the epochs of finished cells.

  Raises:
    UserError: Ray is not installed, or workers died too often.
  """
  try:
    ray: Any = importlib.import_module("ray")
  except ImportError as error:
    raise errors.UserError(
      "executor 'ray': expected Ray to be installed, got none; run "
      "`pip install 'nasjax[distributed]'` or use executor 'serial'"
    ) from error
  if not groups:
    return
  started = not ray.is_initialized()
  if started:
    ray.init(log_to_driver=False, include_dashboard=False)
  try:
    task = ray.remote(
      max_retries=max_retries,
      num_cpus=1,
      num_gpus=1 if ray.cluster_resources().get("GPU") else 0,
    )(jobs.train_block)
    shared = ray.put(job)
    pending = {task.remote(shared, texts): texts for texts in groups}
    _collect(ray, pending, bar, job.recipe.epochs)
  finally:
    if started:
      ray.shutdown()


def _collect(
  ray: Any, pending: dict[Any, Sequence[str]], bar, epochs: int
) -> None:
  """Waits for all tasks; the first mistake of a user ends them."""
  lost: list[str] = []
  while pending:
    done, _ = ray.wait(list(pending), num_returns=1)
    texts = pending.pop(done[0])
    try:
      ray.get(done[0])
      bar.update(len(texts) * epochs)
    except ray.exceptions.RayTaskError as error:
      for other in pending:
        ray.cancel(other)
      raise error.as_instanceof_cause() from None
    except ray.exceptions.RayError:
      lost += texts
  if lost:
    raise errors.UserError(
      f"{len(lost)} cells were not trained because their workers died again "
      f"and again, the first is {lost[0]!r}: run again to finish the rest"
    )
