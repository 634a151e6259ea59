"""`rank`: architectures of a space in order, without one label from it.

Dimensions: `n` architectures, `G` integers of a genotype.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from nasjax import errors
from nasjax.proxies import PROXIES
from nasjax.proxies import scores as checked
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.zero_label import (
  log_ranks,
  parts,
  recipes,
  sizes,
  tables,
  transfer,
)

AUTO = "auto"


@dataclasses.dataclass(frozen=True, eq=False)
class Ranking:
  """Zero-label scores, and what they are made of.

  Attributes:
    space: the space.
    genotypes: `[n, G]` int8.
    scores: higher = better, `[n]` float64: the weighted mean of the logarithms
      of the ranks of the parts, or the one part as it is.
    parts: what is joined, `[n]` float64 each; NaN where an architecture has
      none.
    weights: of the parts.
    source: what the transfer predictor was learnt from; empty where sizes
      rank.
    notes: what a user should know, a line each.
  """

  space: spaces_base.Space
  genotypes: np.ndarray
  scores: np.ndarray
  parts: Mapping[str, np.ndarray]
  weights: Mapping[str, float]
  source: str
  notes: tuple[str, ...] = ()

  @property
  def order(self) -> np.ndarray:
    """Rows by their scores, the best first, `[n]`; of equals the first row."""
    return np.argsort(-self.scores, kind="stable")

  def describe(self) -> str:
    """One line: what was joined, with which weights."""
    return describe(self.source, self.weights)


def describe(source: str, weights: Mapping[str, float]) -> str:
  """One line: what is joined, with which weights.

  Args:
    source: what the transfer predictor was learnt from; empty where there is
      none.
    weights: of the parts.
  """
  named = {
    recipes.TRANSFER: f"transfer from {source}",
    recipes.SIZES: "mean log of sizes",
  }
  shown = [
    f"{weight:g} x {named.get(name, name)}" for name, weight in weights.items()
  ]
  if shown[1:]:
    return f"sum of log ranks: {' + '.join(shown)}"
  return named[next(iter(weights))]


def rank(
  space: str | spaces_base.Space,
  genotypes: np.ndarray | None = None,
  *,
  proxies: str | Sequence[str] = AUTO,
  progress: bool = True,
) -> Ranking:
  """Ranks architectures by a transfer predictor and untrained networks.

  Where networks differ in width alone (`Space.is_by_size`) sizes stand for the
  transfer predictor.

  No label of the space enters. The ranks are those among the given
  architectures, so a score is comparable within one ranking only. Parts of
  1,000 architectures or more are kept in the cache folder.

  Args:
    space: a space or its name.
    genotypes: valid cells `[n, G]`; the whole space where None.
    proxies: names of `nasjax.proxies.PROXIES` that are joined with the transfer
      predictor, `()` for none; `auto` for those of the space's recipe
      (`recipes.of`), which are left out with a note beyond 20,000
      architectures.
    progress: whether long steps say how far they are.

  Raises:
    UserError: a genotype or a name is wrong, or the space cannot be enumerated.
  """
  space = spaces.as_space(space)
  if genotypes is None:
    genotypes = space.enumerate()
  cells = space.check(genotypes)
  recipe = recipes.of(space)
  names, notes = _chosen(space, cells, recipe, proxies)
  first = parts.of_base(space, cells, recipe, progress=progress)
  found = {recipe.base: first}
  measured = parts.measured(space, cells, names, progress=progress)
  found.update(measured)
  dead = first == transfer.DEAD
  for name, values in measured.items():
    notes += _missing(name, values[~dead])
    found[name] = np.where(dead, np.nan, values)
  weights = recipes.weights(tuple(measured), recipe.base)
  scores = log_ranks.join(found, weights) if measured else first
  return Ranking(space, cells, scores, found, weights, recipe.source, notes)


def _chosen(
  space: spaces_base.Space,
  cells: np.ndarray,
  recipe: recipes.Recipe,
  proxies: str | Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
  """Names of the proxies, and a note where those of the recipe are left out."""
  if not (isinstance(proxies, str) and proxies == AUTO):
    names = checked.check_names(proxies)
    _check_widths(space, recipe, names)
    return names, ()
  if recipe.base == recipes.SIZES:
    return (), ()
  if not recipe.proxies:
    return (), (
      f"the transfer predictor alone: in {space.name!r} untrained networks are "
      "measured where proxies are named",
    )
  if len(cells) > recipes.MOST:
    return (), (
      f"the transfer predictor alone: networks of {len(cells):,} "
      f"architectures are not measured, {recipes.MOST:,} at most",
    )
  return recipe.proxies, ()


def _check_widths(
  space: spaces_base.Space, recipe: recipes.Recipe, names: tuple[str, ...]
) -> None:
  """Refuses untrained networks, which have one width, where widths differ."""
  drawn = [name for name in names if not PROXIES[name].is_deterministic]
  if recipe.base == recipes.SIZES and drawn:
    raise errors.UserError(
      f"proxies: expected params or flops in the space {space.name!r}, whose "
      f"networks differ in width alone, got {errors.quote(drawn[0])}; the "
      "others are measured at one width"
    )


def _missing(name: str, values: np.ndarray) -> tuple[str, ...]:
  """A note on architectures that have no score of a proxy."""
  number = int(np.isnan(values).sum())
  if not number:
    return ()
  return (f"{number:,} architectures have no {name} and rank last in it",)


def scorer(
  space: str | spaces_base.Space,
  *,
  proxies: str | Sequence[str] = AUTO,
  progress: bool = True,
) -> tuple[tables.ScoreFn, Ranking | None]:
  """A function that scores any cells of a space, `[n, G]` to `[n]`.

  In a space of at most 20,000 cells it looks up the ranking of all of them,
  elsewhere it asks the transfer predictor, or sizes, alone; either way a score
  depends on its cell alone.

  Args:
    space: a space or its name.
    proxies: as in `rank`; none of them asks the transfer predictor, or sizes,
      alone.
    progress: whether long steps say how far they are.

  Returns:
    The function, and the ranking behind it where there is one.
  """
  space = spaces.as_space(space).whole
  recipe = recipes.of(space)
  is_large = space.size is None or space.size > recipes.MOST
  if is_large or not (recipe.proxies if proxies == AUTO else proxies):

    def asked(genotypes: np.ndarray) -> np.ndarray:
      if recipe.base == recipes.SIZES:
        return sizes.scores(space, genotypes)
      model = transfer.load(recipe.source)
      return model.predict(space, genotypes, recipe.models)

    return asked, None
  whole = rank(space, proxies=proxies, progress=progress)
  return tables.look_up(space, whole.genotypes, whole.scores), whole
