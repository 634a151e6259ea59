"""The NAS-Bench-201 space: 4 cell nodes, 6 edges, 5 operations per edge.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural
Architecture Search", ICLR 2020, section 2.1.
"""

import functools
import re
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import base, nb201_counts, nb201_functions, notations

# The edges source -> target of a cell, in the order of the official string.
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_GLOBAL_NAMES = ("none", "skip_connect", "conv_1x1", "conv_3x3", "avg_pool_3x3")
_FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
_PATTERN = re.compile(re.escape(_FORM).replace("op", r"([^|~+]*)"))
_AROUND_MARKS = re.compile(" ?([|+~]) ?")
_PLACES = 5 ** np.arange(5, -1, -1)
_SWAPPED = np.array([1, 0, 2, 3, 5, 4])


def _op_graph() -> np.ndarray:
  """Returns which node feeds which, `[8, 8]`: input, 6 operations, output."""
  sources = [-1, *(source for source, _ in EDGES), 3]
  targets = [0, *(target for _, target in EDGES), 4]
  return np.array(
    [[target == source for source in sources] for target in targets],
    np.float32,
  )


class NB201(base.Space):
  """All 15,625 cells of NAS-Bench-201 (the topology space of NATS-Bench).

  A genotype is six operation codes, one for each edge, in the order of the
  official string: 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2. Every row of codes
  in 0 .. 4 is a cell.

  The op-on-node graph has 8 nodes: input, the six operations in genotype
  order, output. An edge into cell node j feeds the edges out of j; the wiring
  is the same for all cells and `none` is an ordinary node there. `channels`
  is log2 of the width over 16 in the first stage, hence all zeros: every
  operation of a cell keeps the width of its stage.
  """

  name = "nb201"
  genotype_length = 6
  num_nodes = 8
  op_names = (
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
  )
  operator_names = _GLOBAL_NAMES[1:]
  max_hops = 4
  size: int = 5**6

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads official strings; returns `[n, 6]` int8.

    Args:
      archs: strings such as `|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|
        skip_connect~2|`; white space around names counts for nothing.

    Raises:
      UserError: a string has another form or names an unknown operation.
    """
    archs = notations.as_list(archs, self.name)
    rows = [self._parse_one(i, arch) for i, arch in enumerate(archs)]
    return np.array(rows, np.int8).reshape(-1, 6)

  def _parse_one(self, position: int, arch: Any) -> list[int]:
    where = f"arch {position} of 'nb201'"
    match = None
    if isinstance(arch, str):
      words = notations.strip(arch, where).split()
      text = _AROUND_MARKS.sub(r"\1", " ".join(words))
      match = _PATTERN.fullmatch(text)
    if match is None:
      raise errors.UserError(
        f"{where}: expected the form {_FORM!r}, got {errors.quote(arch)}"
      )
    for name in match.groups():
      errors.check_name(f"operation of {where}", name, self.op_names)
    return [self.op_names.index(name) for name in match.groups()]

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Prints genotypes `[n, 6]` as official strings."""
    form = _FORM.replace("op", "{}")
    names = np.array(self.op_names)[self.check(genotypes)]
    return [form.format(*row) for row in names]

  def is_valid(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which rows of `[n, 6]` hold codes in 0 .. 4 only, `[n]` bool."""
    in_range = (genotypes >= 0) & (genotypes < len(self.op_names))
    return np.all(in_range, axis=1)

  def enumerate(self) -> base.Genotypes:
    """Returns all cells in lexicographic order, `[15625, 6]` int8.

    Row i is the cell of `index` i: the genotype is i written in base 5, the
    first edge most significant.
    """
    return self.from_index(np.arange(self.size))

  def index(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns the row of each cell in `enumerate()`, `[n]` int64.

    The official files number the cells in another, arbitrary order.
    """
    return self.check(genotypes).astype(np.int64) @ _PLACES

  def from_index(self, index: Any) -> base.Genotypes:
    """Returns the cells `[n, 6]` of rows `[n]` of `enumerate()`.

    Raises:
      UserError: an index is no integer in 0 .. 15624.
    """
    notations.refuse_masked(index, self.name)
    index = np.asarray(index)
    if index.ndim != 1 or (index.size and index.dtype.kind not in "iu"):
      raise errors.UserError(
        "index of 'nb201': expected integers of shape [n], got "
        f"{index.dtype} of shape {list(index.shape)}"
      )
    bad = index[(index < 0) | (index >= self.size)]
    if bad.size:
      raise errors.UserError(
        f"index of 'nb201': expected 0 .. {self.size - 1}, got {bad[0]}"
      )
    return (index[:, None].astype(np.int64) // _PLACES % 5).astype(np.int8)

  def sample(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws cells uniformly with replacement, `[num, 6]` int8."""
    return rng.integers(len(self.op_names), size=(num, 6), dtype=np.int8)

  def mutate(
    self, genotypes: base.Genotypes, rng: np.random.Generator
  ) -> base.Genotypes:
    """Gives one random edge of each cell another operation, `[n, 6]`."""
    children = self.check(genotypes)
    rows = np.arange(len(children))
    edges = rng.integers(6, size=len(children))
    shift = rng.integers(1, 5, size=len(children))
    children[rows, edges] = (children[rows, edges] + shift) % 5
    return children

  def crossover(
    self,
    first: base.Genotypes,
    second: base.Genotypes,
    rng: np.random.Generator,
  ) -> base.Genotypes:
    """Takes each edge from either parent with equal chance, `[n, 6]`."""
    first, second = self.check(first), self.check(second)
    return np.where(rng.random(first.shape) < 0.5, first, second)

  def neighbours(self, genotype: np.ndarray) -> base.Genotypes:
    """Returns the 24 cells that differ from `[6]` in one edge, `[24, 6]`."""
    cell = self.check(np.asarray(genotype)[None])[0]
    edges, shift = np.divmod(np.arange(24), 4)
    children = np.tile(cell, (24, 1))
    children[np.arange(24), edges] = (cell[edges] + shift + 1) % 5
    return children

  def from_graphs(
    self, ops: np.ndarray, adjacency: np.ndarray
  ) -> tuple[base.Genotypes, np.ndarray]:
    """Reads graphs back (see `Space.from_graphs`); their wiring is fixed."""
    ops, adjacency = self.check_graphs(ops, adjacency)
    ids = np.asarray(operators.operator_ids(_GLOBAL_NAMES))
    found = ops[:, 1:-1, None] == ids
    valid = found.any(-1).all(-1)
    valid &= (ops[:, 0] == operators.INPUT) & (ops[:, -1] == operators.OUTPUT)
    valid &= (adjacency == _op_graph()).all((1, 2))
    codes = found.argmax(-1).astype(np.int8)
    return codes * valid[:, None], valid

  def fingerprint(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns one number for all isomorphic cells, `[n]` uint64.

    It is the index of the smallest genotype with the same graph: operations
    on no path from input to output become `none`; then cell nodes 1 and 2 may
    swap their names unless a live edge joins them. No other renaming keeps
    input and output in place, so two cells share a number exactly if they are
    isomorphic after pruning.
    """
    live = _without_dead_edges(self.check(genotypes))
    index = live.astype(np.int64) @ _PLACES
    other = live[:, _SWAPPED].astype(np.int64) @ _PLACES
    smallest = np.where(live[:, 2] == 0, np.minimum(index, other), index)
    return smallest.astype(np.uint64)

  def canonical(
    self, genotypes: base.Genotypes, *, ordered: bool = True
  ) -> base.Genotypes:
    """Representatives of cells that no model tells apart, `[n, 6]` int8.

    Operations on no path from input to output become `none`: 9,445 cells are
    left. Where the order of the nodes does not count, the smallest isomorphic
    cell stands for its class (see `fingerprint`): 8,765 are left.

    Args:
      genotypes: valid cells `[n, 6]`.
      ordered: whether isomorphic cells stay apart.
    """
    if ordered:
      return _without_dead_edges(self.check(genotypes))
    return self.from_index(self.fingerprint(genotypes))

  def functions(self) -> base.Functions:
    """The 5,044 functions of the 15,625 cells (see `nb201_functions`).

    The cell with the fewest live operations stands for its function, of equals
    the one with the fewest skip connections, then the first in `enumerate()`.
    """
    return _functions()

  def rows(self, genotypes: Any) -> Any:
    """Rows of valid cells `[B, 6]` in `enumerate()`, `[B]` int32; traceable.

    Of a numpy array they are computed by numpy.
    """
    return genotypes.astype(np.int32) @ _PLACES.astype(np.int32)

  def lookup_keys(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns `index` as uint64, `[n]`.

    The benchmark trained every one of the 15,625 cells on its own, isomorphic
    or not, and tabulates them so.
    """
    return self.index(genotypes).astype(np.uint64)

  def num_params(
    self, genotypes: base.Genotypes, *, num_classes: int = 10
  ) -> np.ndarray:
    """Parameters of the official network (see `nb201_counts`), `[n]` int64."""
    return nb201_counts.num_params(self.check(genotypes), num_classes)

  def flops(
    self, genotypes: base.Genotypes, *, num_classes: int = 10
  ) -> np.ndarray:
    """Multiply-adds for one 32 x 32 image (see `nb201_counts`), `[n]` int64."""
    return nb201_counts.flops(self.check(genotypes), num_classes)

  @compiler.own_numbers()
  def encode(self, genotypes: jax.Array) -> base.EncodedCells:
    """Draws genotypes `[B, 6]` as op-on-node graphs with `N = 8`."""
    batch = genotypes.shape[0]
    codes = jnp.asarray(operators.operator_ids(_GLOBAL_NAMES))[genotypes]
    ends = jnp.array([[operators.INPUT], [operators.OUTPUT]], jnp.int32)
    first, last = (jnp.broadcast_to(end, (batch, 1)) for end in ends)
    adjacency = jnp.asarray(_op_graph())
    return base.EncodedCells(
      ops=jnp.concatenate([first, codes, last], axis=1),
      channels=jnp.zeros((batch, 8, 2), jnp.float32),
      cell_type=jnp.zeros((batch, 8), jnp.float32),
      adjacency=jnp.broadcast_to(adjacency, (batch, 8, 8)),
      mask=jnp.ones((batch, 8), jnp.float32),
    )


@functools.cache
def _functions() -> base.Functions:
  live = _without_dead_edges(NB201().enumerate())
  found = nb201_functions.fingerprints(live, _op_graph())
  cost = 8 * np.sum(live > 0, axis=1) + np.sum(live == 1, axis=1)
  order = np.argsort(cost, kind="stable")
  _, first, numbers = np.unique(
    found[order], return_index=True, return_inverse=True
  )
  places = np.empty(len(order), np.int32)
  places[order] = numbers
  return base.Functions(places, live[order[first]])


def _without_dead_edges(genotypes: base.Genotypes) -> base.Genotypes:
  """Sets operations on no input-output path to `none`, `[n, 6]`."""
  has = genotypes != 0
  e01, e02, e12, e03, e13, e23 = has.T
  reached1, reached2 = e01, e02 | (e01 & e12)
  leaves2 = e23
  leaves1 = e13 | (e12 & e23)
  live = np.stack(
    [
      e01 & leaves1,
      e02 & leaves2,
      e12 & reached1 & leaves2,
      e03,
      e13 & reached1,
      e23 & reached2,
    ],
    axis=1,
  )
  return np.where(live, genotypes, np.int8(0))
