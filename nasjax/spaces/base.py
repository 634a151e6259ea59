"""The base of search spaces: genotypes in batches, and their graphs.

Dimensions: `n` or `B` architectures, `G` integers of a genotype, `N` nodes of
the padded op-on-node graph.
"""

import abc
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import errors, operators
from nasjax.spaces import notations

Genotypes = np.ndarray  # [n, G] int8


class EncodedCells(NamedTuple):
  """Op-on-node graphs as a space draws them, before any pruning.

  Attributes:
    ops: operator ids (`nasjax.operators`), `[B, N]` int32; padding is 0.
    channels: input and output channels of each node, `[B, N, 2]` float32; 0
      on padding.
    cell_type: 0 normal cell, 1 reduction cell, `[B, N]` float32.
    adjacency: `adjacency[b, i, j] = 1` where node i feeds node j,
      `[B, N, N]` float32.
    mask: 1 on real nodes, `[B, N]` float32.
  """

  ops: jax.Array
  channels: jax.Array
  cell_type: jax.Array
  adjacency: jax.Array
  mask: jax.Array


class Graphs(NamedTuple):
  """Op-on-node graphs on the host, without their numeric detail.

  Attributes:
    ops: operator ids (`nasjax.operators`), `[n, N]`; `none` where absent.
    adjacency: 1 where node i feeds node j, `[n, N, N]` int8.
  """

  ops: np.ndarray
  adjacency: np.ndarray


class Functions(NamedTuple):
  """Which cells of a space are one network under several names.

  Attributes:
    numbers: number of the function of each cell of `Space.enumerate()`,
      `[size]` int32.
    cells: the cell that stands for each function, `[functions, G]` int8.
  """

  numbers: np.ndarray
  cells: np.ndarray


class Space(abc.ABC):
  """A search space: integer genotypes, always handled in batches.

  A subclass has the attributes up to `max_hops` and `size` and the abstract
  methods. All else is optional: where something needs what a space does not
  have, one line says so. `nasjax.register_space` makes a space known by name.

  Attributes:
    name: what configs, commands and saved predictors call it.
    genotype_length: `G`.
    num_nodes: `N`, nodes of the padded op-on-node graph.
    op_names: official names of the codes in a genotype, by code.
    operator_names: operators (`nasjax.operators`) of the nodes between inputs
      and outputs, without `none`.
    num_cells: cells of an architecture: 2 in DARTS (normal, reduction). They
      have equally many nodes of the graph, one cell after the other.
    max_hops: edges of the longest path that a graph can have.
    size: how many cells `enumerate` gives; None where it cannot.
    num_genotypes: how many genotypes there are where `size` is None.
    defaults: what the default config of the space has otherwise than
      `nasjax/config/fields.py`, by dotted name, such as
      `{"model.paths": True}`.
    networks: the networks of its cells (`nasjax.networks.Family`), with which
      cells can be trained on images; None where there are none.
    is_by_size: whether networks of the space differ in width alone: without
      labels they are ranked by `sizes`, which it has then.
  """

  name: str
  genotype_length: int
  num_nodes: int
  op_names: tuple[str, ...]
  operator_names: tuple[str, ...]
  num_cells: int = 1
  max_hops: int
  size: int | None
  num_genotypes: int | None = None
  defaults: Mapping[str, Any] = MappingProxyType({})
  networks: Any = None
  is_by_size: bool = False

  @abc.abstractmethod
  def parse(self, archs: Sequence[Any]) -> Genotypes:
    """Reads official notations; returns `[n, G]` int8.

    Raises:
      UserError: a notation is malformed, names an unknown operator, or stands
        for an invalid cell; the message holds its position.
    """

  @abc.abstractmethod
  def format(self, genotypes: Genotypes) -> list[str]:
    """Prints genotypes `[n, G]` in the official notation, one string each."""

  @abc.abstractmethod
  def is_valid(self, genotypes: Genotypes) -> np.ndarray:
    """Says which genotypes `[n, G]` are cells of the space, `[n]` bool."""

  @abc.abstractmethod
  def sample(self, num: int, rng: np.random.Generator) -> Genotypes:
    """Draws valid genotypes, `[num, G]` int8."""

  @abc.abstractmethod
  def mutate(self, genotypes: Genotypes, rng: np.random.Generator) -> Genotypes:
    """Changes one decision of each genotype; valid children, `[n, G]`."""

  @abc.abstractmethod
  def crossover(
    self, first: Genotypes, second: Genotypes, rng: np.random.Generator
  ) -> Genotypes:
    """Mixes parents `[n, G]` and `[n, G]` row by row; valid, `[n, G]`."""

  @abc.abstractmethod
  def neighbours(self, genotype: np.ndarray) -> Genotypes:
    """Returns all valid cells one decision away from `[G]`, as `[k, G]`."""

  @abc.abstractmethod
  def fingerprint(self, genotypes: Genotypes) -> np.ndarray:
    """Hashes `[n, G]` so that isomorphic cells get one value, `[n]` uint64.

    Cells that differ only in operations and edges which no path from input
    to output uses are one cell too.
    """

  def edge_features(self, genotypes: jax.Array) -> jax.Array | None:
    """Says which operation each edge has, `[B, E]` of 0 and 1; traceable.

    Unlike graph features they show how the nodes are numbered. Where networks
    differ in width alone it is how wide each place is. None, as by
    default, in spaces that do not offer them.

    Args:
      genotypes: valid cells `[B, G]`.
    """
    del genotypes

  def functions(self) -> Functions | None:
    """Returns which cells compute the same function for all weights.

    None, as by default, in spaces that do not tell.
    """
    return None

  @property
  def whole(self) -> "Space":
    """The space whose graphs, features and functions these cells have.

    Itself, but for a space that is cut to some of its cells.
    """
    return self

  def function_keys(self, genotypes: Genotypes) -> np.ndarray:
    """Returns the identity of networks: equal for cells of one function.

    The number of the function where the space tells functions (NAS-Bench-201
    has 5,044 of them under 15,625 names), else `lookup_keys`.

    Args:
      genotypes: valid cells `[n, G]`.

    Returns:
      `[n]` uint64.
    """
    whole = self.whole
    functions = whole.functions()
    if functions is None:
      return self.lookup_keys(genotypes)
    rows = np.asarray(whole.rows(np.asarray(genotypes)))
    return functions.numbers[rows].astype(np.uint64)

  def rows(self, genotypes: Any) -> Any:
    """Rows of valid cells `[B, G]` in `enumerate()`, `[B]` int32; traceable.

    Of a numpy array they are computed by numpy: on the host a program of JAX
    would be compiled for each new number of cells.

    Raises:
      UserError: the space has no `functions`; the others offer it.
    """
    del genotypes
    raise errors.UserError(
      f"space {self.name!r} does not number its cells: expected one with "
      "functions (nb201)"
    )

  def canonical(
    self, genotypes: Genotypes, *, ordered: bool = True
  ) -> Genotypes:
    """Replaces cells by a representative of those that no model tells apart.

    Two cells with one representative have equal pruned graphs
    (`nasjax.graphs.build`), node by node. The representative depends on the
    cell alone. By default every cell stands for itself.

    Args:
      genotypes: valid cells `[n, G]`.
      ordered: False where the reader of the graph does not see the order of
        the nodes: then isomorphic cells may share a representative.

    Returns:
      Valid cells `[n, G]`.
    """
    del ordered
    return genotypes

  @abc.abstractmethod
  def lookup_keys(self, genotypes: Genotypes) -> np.ndarray:
    """Returns the identity by which benchmarks tabulate cells, `[n]` uint64."""

  def num_params(self, genotypes: Genotypes) -> np.ndarray:
    """Trainable parameters of the official network, `[n]` int64.

    Raises:
      UserError: the space does not count them, as by default.
    """
    del genotypes
    raise self._uncounted("parameters", "num_params")

  def flops(self, genotypes: Genotypes) -> np.ndarray:
    """Multiply-adds of one forward pass of the official network, `[n]` int64.

    Counted by the space's official tool at the official image size.

    Raises:
      UserError: the space does not count them, as by default.
    """
    del genotypes
    raise self._uncounted("multiply-adds", "flops")

  def sizes(self, genotypes: Genotypes) -> np.ndarray:
    """Sizes of networks in several senses, all positive, `[n, k]`.

    Raises:
      UserError: the space does not count them, as by default.
    """
    del genotypes
    raise self._uncounted("sizes", "sizes")

  def _uncounted(self, what: str, method: str) -> errors.UserError:
    return errors.UserError(
      f"space {self.name!r} does not count {what}: expected a method {method} "
      f"of {type(self).__name__}, got none; define it"
    )

  @abc.abstractmethod
  def encode(self, genotypes: jax.Array) -> EncodedCells:
    """Draws genotypes `[B, G]` as op-on-node graphs; traceable by JAX."""

  def to_graphs(self, genotypes: Genotypes) -> Graphs:
    """Draws valid cells `[n, G]` as graphs that `from_graphs` reads back.

    They are those of `encode`, on the host; an absent node has the operator
    `none`.
    """
    drawn = self.encode(jnp.asarray(genotypes))
    is_there = np.asarray(drawn.mask) > 0
    ops = np.where(is_there, np.asarray(drawn.ops), operators.NONE)
    return Graphs(ops, np.asarray(drawn.adjacency).astype(np.int8))

  def from_graphs(
    self, ops: np.ndarray, adjacency: np.ndarray
  ) -> tuple[Genotypes, np.ndarray]:
    """Reads graphs back: cells, and which graphs are one of the space.

    Args:
      ops: operator id of each node (`nasjax.operators`), `[n, N]` integers; an
        absent node has the one of `none`, a number that is no operator of the
        space makes the graph invalid.
      adjacency: 1 where node i feeds node j, `[n, N, N]` integers.

    Returns:
      Genotypes `[n, G]` int8, all zeros where a graph is none of the space;
      and which ones are, `[n]` bool.

    Raises:
      UserError: a shape is wrong, or the space does not read graphs, as by
        default.
    """
    del ops, adjacency
    raise errors.UserError(
      f"space {self.name!r} does not read graphs back: expected a method "
      f"from_graphs of {type(self).__name__}, got none; define it"
    )

  def check_graphs(
    self, ops: np.ndarray, adjacency: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns what `from_graphs` is given as arrays.

    Raises:
      UserError: a shape is wrong, or the numbers are no integers.
    """
    ops, adjacency = np.asarray(ops), np.asarray(adjacency)
    nodes = (len(ops), self.num_nodes) if ops.ndim else (0, self.num_nodes)
    if ops.shape != nodes or adjacency.shape != (*nodes, self.num_nodes):
      raise errors.UserError(
        f"graphs of {self.name!r}: expected ops [n, {self.num_nodes}] and "
        f"adjacency [n, {self.num_nodes}, {self.num_nodes}], got "
        f"{list(ops.shape)} and {list(adjacency.shape)}"
      )
    for name, each in (("ops", ops), ("adjacency", adjacency)):
      if each.dtype.kind not in "iub":
        raise errors.UserError(
          f"graphs of {self.name!r}: expected {name} of integers, got "
          f"{each.dtype}"
        )
    return ops.astype(np.int64), adjacency.astype(np.int64)

  def enumerate(self) -> Genotypes:
    """Returns every cell in the documented order, `[size, G]` int8.

    Raises:
      UserError: the space is too large to be enumerated.
    """
    raise errors.UserError(
      f"space {self.name!r} cannot be enumerated: sample it instead"
    )

  def check(self, genotypes: Any) -> Genotypes:
    """Returns valid genotypes as a `[n, G]` int8 array.

    Raises:
      UserError: the shape is wrong, or a row is no cell of the space.
    """
    notations.refuse_masked(genotypes, self.name)
    try:
      array = np.asarray(genotypes)
    except ValueError as error:
      raise errors.UserError(
        f"genotypes of {self.name!r}: expected shape "
        f"[n, {self.genotype_length}], got rows of several lengths"
      ) from error
    if array.ndim != 2 or array.shape[1] != self.genotype_length:
      raise errors.UserError(
        f"genotypes of {self.name!r}: expected shape "
        f"[n, {self.genotype_length}], got {list(array.shape)}"
      )
    if array.dtype.kind not in "iu":
      raise errors.UserError(
        f"genotypes of {self.name!r}: expected integers, got {array.dtype}"
      )
    bad = np.flatnonzero(~self.is_valid(array))
    if bad.size:
      raise errors.UserError(
        f"genotype {bad[0]} is not a cell of {self.name!r}: got "
        f"{array[bad[0]].tolist()}; see the docstring of the space"
      )
    return array.astype(np.int8)
