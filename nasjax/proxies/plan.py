"""What a network that proxies look at is made of.

Dimensions: `N` nodes of a cell, `C`, `H`, `W`, `B` as in `proxies.layers`.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.proxies import layers
from nasjax.proxies.skeletons import Skeleton

Params = dict[str, Any]
STAGES = 3


class Graph(NamedTuple):
  """The cells of one architecture.

  Attributes:
    ops: operator ids, `[cells, N]` int32.
    adjacency: 1 where node i feeds node j > i, `[cells, N, N]`.
    mask: 1 on live nodes, `[cells, N]`.
  """

  ops: jax.Array
  adjacency: jax.Array
  mask: jax.Array


class Trace(NamedTuple):
  """What a pass through the network shows.

  Attributes:
    logits: `[classes, B]`.
    features: output of the stem, of each reduction and of each cell, in order,
      before shifts; `[C, H, W, B]` each.
    observed: sum of `observe` over what is observed.
    last: what is pooled over pixels for the classifier, `[C, H, W, B]`.
    log_scale: sum of the logarithms of what was divided out: by the live
      normalisations the roots of mean variances; where they are left out, at
      the end of each block the largest number.
  """

  logits: jax.Array
  features: tuple[jax.Array, ...]
  last: jax.Array
  observed: jax.Array
  log_scale: jax.Array


@dataclasses.dataclass(frozen=True)
class Pass:
  """How a pass is made.

  Attributes:
    observe: summed over the inputs of all ReLUs (`layers.Observe`), or over
      what `is_of_layers` says.
    is_of_layers: True observes outputs of convolutions, of separable ones after
      both, and of the classifier, in the place of inputs of ReLUs.
    is_normalised: False leaves normalisations out; blocks are divided by their
      largest number, without a gradient, so that nothing overflows.
    is_cut: True lets no gradient pass from one block to the one before; with
      shifts, gradients are those of single blocks.
  """

  observe: layers.Observe = lambda x: jnp.zeros(())
  is_of_layers: bool = False
  is_normalised: bool = True
  is_cut: bool = False


PLAIN = Pass()
"""A pass in which nothing is observed."""


@dataclasses.dataclass(frozen=True)
class Plan:
  """What all networks of a space with one skeleton share.

  Attributes:
    names: operators of the space.
    num_nodes: `N`.
    num_cells: cells of an architecture: 2 where there is a reduction cell.
    skeleton: widths and depth.
  """

  names: tuple[str, ...]
  num_nodes: int
  num_cells: int
  skeleton: Skeleton

  @property
  def own(self) -> tuple[operators.Operator, ...]:
    """The operators that compute something."""
    found = operators.operators()
    chosen = [found[operators.operator_id(name)] for name in self.names]
    return tuple(each for each in chosen if each.kind not in ("none", "skip"))

  @property
  def entries(self) -> tuple[int, ...]:
    """Places in `Trace.features` of what enters each stage."""
    depth = self.skeleton.cells_per_stage
    second = 1 + depth
    return 0, second, second + 1 + depth + (self.num_cells > 1)
