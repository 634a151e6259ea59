"""The parts of a zero-label ranking, computed once for each set of cells.

Dimensions: `n` architectures, `G` integers of a genotype.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nasjax import progress as reports
from nasjax import proxies
from nasjax.io import cache
from nasjax.proxies import identity
from nasjax.spaces import base as spaces_base
from nasjax.zero_label import recipes, shipped, sizes, transfer

FOLDER = "zero_label"
_KEPT_FROM = 1000
"""Architectures from which what was computed of them is kept on disk."""


def of_base(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  recipe: recipes.Recipe,
  *,
  progress: bool = True,
) -> np.ndarray:
  """Scores of the transfer predictor, or of sizes, `[n]` float64.

  Args:
    space: the space.
    genotypes: valid cells `[n, G]`.
    recipe: what is asked.
    progress: whether a long computation says so.
  """
  if recipe.base == recipes.SIZES:
    return sizes.scores(space, genotypes)
  model = transfer.load(recipe.source)

  def compute() -> dict[str, np.ndarray]:
    with reports.phase("asking the transfer predictor", shown=progress):
      return {"scores": model.predict(space, genotypes, recipe.models)}

  how = transfer.digest(recipe.source), *recipe.models
  code = identity.of_code("features", "graphs")
  return _kept(space, genotypes, (*how, code), compute)["scores"]


def measured(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  names: Sequence[str],
  *,
  progress: bool = True,
) -> Mapping[str, np.ndarray]:
  """Scores of untrained networks by proxy, `[n]` float64; NaN where none.

  What comes with nasjax is looked up, the rest is measured.

  Args:
    space: the space.
    genotypes: valid cells `[n, G]`.
    names: proxies.
    progress: whether a bar is shown.

  Raises:
    UserError: a name is unknown.
  """
  if not names:
    return {}
  known = shipped.look_up(space, genotypes, names)
  if known is not None:
    return known

  def compute() -> Mapping[str, np.ndarray]:
    return proxies.measure(
      space, genotypes, names, seeds=recipes.SEEDS, progress=progress
    )

  how = *names, *map(str, recipes.SEEDS)
  code = identity.of_code("proxies", "graphs")
  return _kept(space, genotypes, (*how, code), compute)


def _kept(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  how: Sequence[str],
  compute: Callable[[], Mapping[str, np.ndarray]],
) -> Mapping[str, np.ndarray]:
  """Reads what was computed of many cells before, or computes and keeps it."""
  if len(genotypes) < _KEPT_FROM:
    return compute()
  text = ";".join((identity.of_cells(space.whole, genotypes), *how))
  key = hashlib.sha256(text.encode()).hexdigest()
  return cache.cached(space.whole.name, key, compute, folder=FOLDER)
