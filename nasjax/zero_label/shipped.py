"""Proxies of all cells of a space that come with nasjax.

`python -m nasjax.pretrained.zero_label proxies` measures them.

Dimensions: `n` architectures, `G` integers of a genotype.
"""

import functools
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nasjax import errors, files
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry
from nasjax.zero_label import recipes, tables, transfer

SPACES = ("nb201",)
"""Spaces of which the proxies of the recipe come with nasjax."""
MEASURED: Mapping[str, tuple[str, tuple[int, ...]]] = {
  "nwot": ("deep", (0, 1)),
  "jacov": ("deep", (0, 1)),
  "jacov_stage": ("mini", recipes.SEEDS),
}
"""Proxy to the skeleton and the seeds of what comes with nasjax. Deep networks
agree better with published scores, and are measured for nobody to wait."""


def path_of(name: str) -> pathlib.Path:
  """Returns the file of a space."""
  return transfer.FOLDER / f"{name}_proxies.npz"


def look_up(
  space: spaces_base.Space, genotypes: np.ndarray, names: Sequence[str]
) -> Mapping[str, np.ndarray] | None:
  """Scores of untrained networks by proxy, `[n]` float64; NaN where none.

  They are those of `proxies.measure` for all cells of the space as `MEASURED`
  says, to float32: where a proxy averages logarithms of ranks, the ranks are
  those in the whole space.

  Args:
    space: the space.
    genotypes: valid cells `[n, G]`.
    names: proxies.

  Returns:
    The scores, or None where they do not come with nasjax.
  """
  whole = space.whole
  if whole.name not in SPACES or not registry.is_shipped(whole.name):
    return None
  if not set(names) <= set(MEASURED):
    return None
  found = _tables(whole.name)
  return {name: found[name](genotypes) for name in names}


def save(space: spaces_base.Space, scores: Mapping[str, np.ndarray]) -> None:
  """Writes the scores of all cells of a space, in the order of `enumerate()`.

  Args:
    space: the space.
    scores: proxy to `[size]`.
  """
  arrays = {name: each.astype(np.float32) for name, each in scores.items()}
  files.save_npz(path_of(space.name), **arrays)
  _tables.cache_clear()


@functools.cache
def _tables(name: str) -> Mapping[str, Callable[[np.ndarray], np.ndarray]]:
  """Look-ups by proxy of a space."""
  space = registry.get_space(name)
  cells = space.enumerate()
  arrays = files.load_npz(path_of(name))
  expected = dict.fromkeys(MEASURED, (len(cells),))
  if {proxy: each.shape for proxy, each in arrays.items()} != expected:
    raise errors.UserError(
      f"{errors.quote(str(path_of(name)))}: expected {', '.join(MEASURED)} of "
      f"{len(cells):,} cells, got others; install nasjax again"
    )
  return {
    proxy: tables.look_up(space, cells, scores.astype(np.float64))
    for proxy, scores in arrays.items()
  }
