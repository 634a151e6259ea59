"""What a zero-label ranking is made of, in each space.

Nothing here is fitted to labels of the space that is ranked.
"""

import dataclasses

from nasjax.spaces import base as spaces_base
from nasjax.zero_label import kernels

TRANSFER = "transfer"
PROXIES = ("nwot", "jacov", "jacov_stage")
"""Proxies of untrained networks that are joined with the transfer predictor."""
SEEDS = (0, 1, 2)
MOST = 20_000
"""Architectures beyond which networks are not measured by default."""


@dataclasses.dataclass(frozen=True)
class Recipe:
  """What is joined.

  Attributes:
    source: space that the transfer predictor was learnt from.
    models: its models that are asked.
    proxies: proxies of untrained networks that are joined with it by default.
  """

  source: str = "nb101"
  models: tuple[str, ...] = kernels.MODELS
  proxies: tuple[str, ...] = PROXIES


def of(space: spaces_base.Space) -> Recipe:
  """Returns the recipe of a space.

  NAS-Bench-101 is ranked by what was learnt from NAS-Bench-201. Architectures
  of several cells, as in DARTS, are ranked by the models of all features
  alone, since their cells are larger than any of the source, and their networks
  are not measured.
  """
  whole = space.whole
  if whole.num_cells > 1:
    return Recipe(models=kernels.ALL_ONLY, proxies=())
  return Recipe(source="nb201" if whole.name == "nb101" else "nb101")


def weights(proxies: tuple[str, ...]) -> dict[str, float]:
  """Weights of the parts: the transfer weighs as much as all proxies."""
  found = {TRANSFER: float(max(len(proxies), 1))}
  return {**found, **dict.fromkeys(proxies, 1.0)}
