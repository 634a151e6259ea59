"""Labels of networks that a ranking is adapted to.

Dimensions: `m` labelled networks.
"""

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.computation import measures
from nasjax.computation.graph import ComputationGraph
from nasjax.predictors import adapted_ranker

FEWEST = 3
"""Labels without which nothing is adapted."""

LARGEST = 1e30
"""Size that no label has."""


def checked(labelled: list[Any], values: Sequence[float]) -> list[Any]:
  """Returns labelled networks whose labels fit.

  Args:
    labelled: networks, `[m]`; none of them asks for no adaptation.
    values: their labels, `[m]`.

  Raises:
    UserError: there is not one finite number for each network, there are fewer
      than three, or they are all equal.
  """
  num = len(values) if isinstance(values, Sized) else errors.quote(values)
  if len(labelled) != num:
    raise errors.UserError(
      f"rank: expected one value for each labelled network, got "
      f"{len(labelled)} networks and {num} values"
    )
  if not labelled:
    return labelled
  try:
    numbers = np.asarray(values, np.float64)
    is_finite = numbers.ndim == 1 and bool((np.abs(numbers) < LARGEST).all())
  except (TypeError, ValueError):
    is_finite = False
  if not is_finite:
    raise errors.UserError(
      f"rank: expected finite numbers below {LARGEST:g} as values, got "
      f"{errors.quote(values)}"
    )
  if len(numbers) < FEWEST or numbers.std() == 0:
    raise errors.UserError(
      f"rank: expected at least {FEWEST} labelled networks with values that "
      f"differ, got {len(np.unique(numbers))} different of {len(numbers)}; "
      "train more, or rank without labels"
    )
  return labelled


def read(
  labelled: list[Any],
  values: Sequence[float],
  checkpoint: files.PathLike | None,
) -> adapted_ranker.AdaptedRanker | None:
  """Checks labels before networks are read; reads a checkpoint, if it is given.

  Args:
    labelled: see `checked`.
    values: see `checked`.
    checkpoint: workdir of an adaptation.

  Raises:
    UserError: see `checked`; or there are labels and a checkpoint, or none is
      in the folder.
  """
  if checked(labelled, values) and checkpoint is not None:
    raise errors.UserError(
      "rank: expected labelled networks or a checkpoint, got both; leave one "
      "out"
    )
  return None if checkpoint is None else adapted_ranker.load(checkpoint)


def adapted(
  labelled: Sequence[ComputationGraph], values: Sequence[float]
) -> adapted_ranker.AdaptedRanker:
  """Returns the ranker that is adapted to networks and their labels.

  Args:
    labelled: networks with labels, `[m]`.
    values: their labels; higher = better, `[m]`.

  Raises:
    UserError: those whose output depends on an input are all equal.
  """
  known = measures.of_graphs(labelled)
  live = known[known.any(axis=1)]
  if len(np.unique(live, axis=0)) < 2:
    raise errors.UserError(
      "rank: expected labelled networks that differ, got copies of one (or "
      "networks that read no input); label others too, or rank without labels"
    )
  return adapted_ranker.AdaptedRanker(known, np.asarray(values, np.float64))
