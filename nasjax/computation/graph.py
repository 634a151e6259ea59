"""Computation graphs: a network as primitive operators and their edges."""

import collections
import dataclasses
import functools

import numpy as np

from nasjax import errors
from nasjax.computation.operators import CODES, OPERATORS

_MOST = 2**63 - 1  # parameters or multiply-adds


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
  """One primitive operator of a network.

  The bias of a convolution or a linear layer belongs to its node. Batch
  normalisation is a node of its own. What keeps numbers and their order
  (identity, dropout, casts, flattening, squeezing) has no node.

  Attributes:
    operator: one of `operators.OPERATORS`; `other` if it is unknown.
    shape: shape of the output without the batch, channels last: `(h, w, c)`,
      `(c,)`, or of any rank; 0 where an extent is unknown.
    inputs: indices of the earlier nodes that it reads, in the order of the
      operator.
    kernel: spatial extent of a convolution or a pool.
    stride: steps of the kernel.
    dilation: spacing of the kernel; empty for a pool without one.
    groups: groups of the channels of a convolution.
    bias: whether a convolution or a linear layer adds one.
    params: trainable parameters of this node; two for each channel of a batch
      normalisation.
    macs: multiply-adds for one input of the network.
    name: what the source calls an unknown operator, else empty.
  """

  operator: str
  shape: tuple[int, ...]
  inputs: tuple[int, ...] = ()
  kernel: tuple[int, ...] = ()
  stride: tuple[int, ...] = ()
  dilation: tuple[int, ...] = ()
  groups: int = 1
  bias: bool = False
  params: int = 0
  macs: int = 0
  name: str = ""


@dataclasses.dataclass(frozen=True, repr=False)
class ComputationGraph:
  """A network as a directed acyclic graph of primitive operators.

  Attributes:
    nodes: in an order in which every node stands behind those that it reads.
    name: name of the network.

  Raises:
    UserError: a node has an unknown operator, or reads itself or a later node;
      or parameters or multiply-adds do not fit 64 bits.
  """

  nodes: tuple[Node, ...]
  name: str = ""

  def __post_init__(self):
    for index, node in enumerate(self.nodes):
      if node.operator not in CODES:
        raise errors.one_of(f"operator of node {index}", node.operator, CODES)
      if node.inputs and not 0 <= min(node.inputs) <= max(node.inputs) < index:
        raise errors.UserError(
          f"node {index}: expected inputs that stand before it, got "
          f"{errors.quote(node.inputs)}; sort the nodes along the edges"
        )
    if max(self.params, self.macs) > _MOST:
      raise errors.UserError(
        f"network {errors.quote(self.name)}: expected fewer than 2^63 "
        f"parameters and multiply-adds, got {self.params:.1e} and "
        f"{self.macs:.1e}; give the shape of one input"
      )

  def __repr__(self) -> str:
    """One line; a network has hundreds of nodes."""
    return (
      f"ComputationGraph({errors.quote(self.name)}, {len(self.nodes)} nodes, "
      f"{self.params:,} parameters, {self.macs:,} multiply-adds)"
    )

  @functools.cached_property
  def edges(self) -> np.ndarray:
    """Pairs `(from, to)` of nodes, int32 `[e, 2]`, sorted by the second.

    A node that reads another one twice has two edges from it.
    """
    pairs = [
      (source, target)
      for target, node in enumerate(self.nodes)
      for source in node.inputs
    ]
    return np.asarray(pairs, np.int32).reshape(-1, 2)

  @functools.cached_property
  def params(self) -> int:
    """Trainable parameters."""
    return sum(node.params for node in self.nodes)

  @functools.cached_property
  def macs(self) -> int:
    """Multiply-adds for one input."""
    return sum(node.macs for node in self.nodes)

  def counts(self) -> dict[str, int]:
    """Number of nodes of each operator that occurs, in the order of all."""
    found = collections.Counter(node.operator for node in self.nodes)
    return {name: found[name] for name in OPERATORS if name in found}

  def unknown(self) -> dict[str, int]:
    """Number of nodes of each unknown operator, by the name in the source."""
    return dict(
      collections.Counter(
        node.name for node in self.nodes if node.operator == "other"
      )
    )
