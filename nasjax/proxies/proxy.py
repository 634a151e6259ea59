"""A proxy: a score of an untrained network."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from nasjax.proxies.subject import Subject
from nasjax.spaces import base as spaces_base


def _as_it_is(found: np.ndarray) -> np.ndarray:
  return found


@dataclasses.dataclass(frozen=True)
class Proxy:
  """One entry of `nasjax.proxies.PROXIES`; higher scores are better.

  Attributes:
    name: what it is called.
    source: the paper that proposed it.
    compute: what is computed of one network of one seed; traceable.
    finish: the score `[n]` from what `compute` gave, `[n, ...]` float64; numpy.
    count: for proxies of the cell alone: counts of cells `[n, G]`.
    sign: -1 where the published score is lower for better networks.
    needs_labels: whether it reads the classes of the images.
    needs_images: whether it reads images at all.
    by_rank: whether seeds are averaged as logarithms of ranks, since scores
      have long tails; else as scores.
  """

  name: str
  source: str
  compute: Callable[[Subject], jax.Array] | None = None
  finish: Callable[[np.ndarray], np.ndarray] = _as_it_is
  count: Callable[[spaces_base.Space, np.ndarray], np.ndarray] | None = None
  sign: int = 1
  needs_labels: bool = False
  needs_images: bool = True
  by_rank: bool = False

  @property
  def is_deterministic(self) -> bool:
    """Whether no seed changes it; with one, every proxy gives one score."""
    return self.compute is None
