"""`measure`: scores of untrained networks.

Dimensions: `n` cells, `G` integers of a genotype, `S` seeds, `m` networks that
are measured.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from nasjax import errors
from nasjax import progress as reports
from nasjax.proxies import batches as batches_lib
from nasjax.proxies import cells, program, skeletons
from nasjax.proxies.proxy import Proxy
from nasjax.proxies.registry import PROXIES
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces


class Scores(dict[str, np.ndarray]):
  """Scores by name of the proxy, `[n]` float64, and how they were made.

  Attributes:
    of_seeds: scores of each seed, `[S, n]`; of counts `[1, n]`.
    failed: number of cells without a score, by name.
    images: what the networks were shown, in words.
    skeleton: name of the skeleton.
    num_networks: networks that were measured: each function once.
  """

  def __init__(self, images: str, skeleton: str, num_networks: int):
    """Starts empty."""
    super().__init__()
    self.of_seeds: dict[str, np.ndarray] = {}
    self.failed: dict[str, int] = {}
    self.images, self.skeleton = images, skeleton
    self.num_networks = num_networks

  def add(self, proxy: Proxy, of_seeds: np.ndarray) -> None:
    """Adds the scores of a proxy, `[S, n]`; what is not finite failed."""
    clean = np.where(np.isfinite(of_seeds), of_seeds, np.nan)
    self.of_seeds[proxy.name] = clean
    self[proxy.name] = _mean(clean, proxy.by_rank)
    self.failed[proxy.name] = int(np.isnan(self[proxy.name]).sum())

  def __str__(self) -> str:
    """One line: networks, images, failures."""
    failed = [f"{name} {num}" for name, num in self.failed.items() if num]
    return (
      f"{self.num_networks} networks ({self.skeleton} skeleton, {self.images})"
      f"; cells without a score: {', '.join(failed) or 'none'}"
    )


def measure(
  space: str | spaces_base.Space,
  genotypes: np.ndarray,
  names: Sequence[str],
  *,
  skeleton: str = "mini",
  seeds: Sequence[int] = (0, 1, 2),
  images: Any = None,
  progress: bool = True,
) -> Scores:
  """Scores cells by untrained networks; higher = better.

  Dead parts of cells are removed, and cells that compute one function are
  measured once. Seeds differ in weights and in images. An interrupted
  measurement goes on when it is asked again: finished parts lie in the cache
  folder until it is done.

  Args:
    space: a space or its name.
    genotypes: cells `[n, G]`.
    names: names in `PROXIES`.
    skeleton: a name in `skeletons.SKELETONS`: `mini` measures whole spaces on a
      CPU, `official` is what papers measure.
    seeds: seeds; their scores are averaged, or the logarithms of their ranks
      where the proxy says so. A cell without a score for one has none.
    images: `[n, H, H, C]`, or a pair of them and labels `[n]`; Gaussian noise
      by default.
    progress: whether a bar is shown.

  Returns:
    Scores `[n]` float64 by name, NaN where a cell has none; which images were
    used and how many cells failed (`Scores`).

  Raises:
    UserError: a name, a cell, a seed or an image is wrong, or the space lacks
      what a proxy needs.
  """
  space = spaces.as_space(space)
  genotypes = space.check(genotypes)
  names, seeds = check_names(names), _check_seeds(seeds)
  sizes = skeletons.get(skeleton)
  found = cells.distinct(space, genotypes)
  if images is None:
    batches = batches_lib.noise(sizes, seeds)
  else:
    batches = batches_lib.real(sizes, seeds, images)
  scores = Scores(batches.what, skeleton, len(found.genotypes))
  setting = program.Setting(space.whole, sizes, seeds, batches)
  computed = _compute(setting, found.genotypes, names, progress)
  for name in names:
    rows = PROXIES[name].sign * computed[name][:, found.rows]
    scores.add(PROXIES[name], rows)
  return scores


def _compute(
  setting: program.Setting,
  genotypes: np.ndarray,
  names: tuple[str, ...],
  shown: bool,
) -> dict[str, np.ndarray]:
  """Published scores of the networks `[m, G]`, `[S, m]` float64 each."""
  drawn = tuple(name for name in names if PROXIES[name].count is None)
  found = {}
  for name in names:  # first: a space may have no counts
    count = PROXIES[name].count
    if count is not None:
      counts = count(setting.space, genotypes)
      found[name] = np.asarray(counts, np.float64)[None]
  raw: dict[str, np.ndarray] = {}
  if drawn and len(genotypes):
    with reports.Progress(
      f"measuring {', '.join(drawn)}",
      len(genotypes),
      unit="networks",
      first="compiling",
      shown=shown,
    ) as bar:
      raw = program.run(setting, drawn, genotypes, bar)
  for name in drawn:
    found[name] = np.zeros((len(setting.seeds), 0))
    if name in raw:
      with np.errstate(all="ignore"):
        found[name] = PROXIES[name].finish(raw[name].astype(np.float64)).T
  return found


def _mean(of_seeds: np.ndarray, by_rank: bool) -> np.ndarray:
  """Mean over seeds `[S, n]` of scores, or of the logarithms of their ranks."""
  if by_rank and of_seeds.size:
    ranks = stats.rankdata(of_seeds, axis=1, nan_policy="omit")
    counts = np.isfinite(of_seeds).sum(1, keepdims=True)
    of_seeds = np.log(ranks / np.maximum(counts, 1))
  return of_seeds.mean(0)


def check_names(names: Any) -> tuple[str, ...]:
  """Returns names of proxies, each once.

  Args:
    names: names in `PROXIES`, or one of them.

  Raises:
    UserError: a name is unknown, or they are no names.
  """
  if isinstance(names, str):
    names = (names,)
  if not isinstance(names, Iterable):
    raise errors.UserError(
      f"proxies: expected names, got {errors.quote(names)}; () for none"
    )
  names = tuple(names)
  for name in names:
    errors.check_name("proxy", name, PROXIES)
  return tuple(dict.fromkeys(names))


def _check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
  found = tuple(seeds) if isinstance(seeds, Iterable) else ()
  whole = all(isinstance(seed, int | np.integer) for seed in found)
  if not found or not whole or min(found) < 0 or max(found) >= 2**32:
    raise errors.UserError(
      "seeds of proxies: expected whole numbers from 0, at least one, got "
      f"{errors.quote(seeds)}"
    )
  return tuple(int(seed) for seed in found)
