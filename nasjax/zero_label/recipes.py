"""What a zero-label ranking is made of, in each space.

Nothing here is fitted to labels of the space that is ranked.
"""

import dataclasses

from nasjax.spaces import base as spaces_base
from nasjax.zero_label import kernels

TRANSFER, SIZES = "transfer", "sizes"
"""What every ranking has one of: the transfer predictor, or sizes."""
PROXIES = ("nwot", "jacov", "jacov_stage")
"""Proxies of untrained networks that can be joined with the transfer."""
SEEDS = (0, 1, 2, 3, 4, 5)
MOST = 20_000
"""Architectures beyond which networks are not measured by default."""


@dataclasses.dataclass(frozen=True)
class Recipe:
  """What is joined.

  Attributes:
    source: what the transfer predictor was learnt from (`transfer.SOURCES`);
      empty where sizes rank.
    models: its models that are asked.
    proxies: proxies of untrained networks that are joined with it by default.
    base: `TRANSFER` or `SIZES`.
  """

  source: str = "nb101"
  models: tuple[str, ...] = kernels.MODELS
  proxies: tuple[str, ...] = ()
  base: str = TRANSFER


def of(space: spaces_base.Space) -> Recipe:
  """Returns the recipe of a space.

  NAS-Bench-101 is ranked by what was learnt from other spaces. Architectures of
  several cells, as in DARTS, are ranked by the models of all features, since
  their cells are larger than any of the source. Proxies are joined by default
  where they are known to help, in NAS-Bench-201; in NAS-Bench-101 they rank
  worse than the transfer predictor and spoil it. Where networks differ in width
  alone all have one cell, and sizes rank.
  """
  whole = space.whole
  if whole.is_by_size:
    return Recipe(source="", models=(), base=SIZES)
  if whole.num_cells > 1:
    return Recipe(models=kernels.ALL_ONLY)
  if whole.name == "nb101":
    return Recipe(source="nb201_transnas")
  return Recipe(proxies=PROXIES if whole.name == "nb201" else ())


def weights(proxies: tuple[str, ...], base: str = TRANSFER) -> dict[str, float]:
  """Weights of the parts: the base weighs as much as all proxies."""
  found = {base: float(max(len(proxies), 1))}
  return {**found, **dict.fromkeys(proxies, 1.0)}
