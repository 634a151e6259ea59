"""The NAS-Bench-101 space: 423,624 cells for CIFAR-10.

Source: Ying et al. 2019, "NAS-Bench-101: Towards Reproducible Neural
Architecture Search", ICML.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import (
  base,
  nb101_counts,
  nb101_enumerate,
  nb101_graphs,
  nb101_md5,
  nb101_text,
  nb101_variation,
  notations,
)
from nasjax.spaces import nb101_modelspec as modelspec

_NAMES = ("conv_3x3", "conv_1x1", "max_pool_3x3")
_OPERATORS = operators.operator_ids(_NAMES)
_OPERATOR_OF_CODE = np.zeros(-modelspec.PADDING + len(_OPERATORS), np.int32)
_OPERATOR_OF_CODE[modelspec.INPUT - modelspec.PADDING] = operators.INPUT
_OPERATOR_OF_CODE[modelspec.OUTPUT - modelspec.PADDING] = operators.OUTPUT
_OPERATOR_OF_CODE[-modelspec.PADDING :] = _OPERATORS


class NB101(base.Space):
  """Cells of up to 7 vertices and 9 edges with 3 operations.

  A genotype is 21 edge bits, then 5 operations. Bit `x + y(y-1)/2` is the
  edge x -> y, x < y; of V vertices, 0 is the input and V - 1 the output. The
  operations of vertices 1 to V - 2 come in that order (0 conv3x3-bn-relu,
  1 conv1x1-bn-relu, 2 maxpool3x3); -1 stands for absent vertices, all of them
  at the end. Valid genotypes are pruned: each vertex lies on a path from input
  to output, and bits of absent vertices are 0. Isomorphic cells may have
  several genotypes; `enumerate` holds one of each.

  Notations: see `nb101_text.parse`.
  """

  name = "nb101"
  genotype_length = modelspec.GENOTYPE_LENGTH
  num_nodes = modelspec.MAX_VERTICES
  op_names = modelspec.OP_NAMES
  operator_names = _NAMES
  max_hops = 6
  size = nb101_enumerate.NUM_CELLS

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads cells and prunes them; see `nb101_text.parse`.

    Args:
      archs: `(matrix, operations)` pairs, official dicts, their JSON text, or
        compact texts such as `'011/001/000:input+maxpool3x3+output'`.

    Returns:
      `[n, 26]` int8.

    Raises:
      UserError: a cell is malformed or none of the space; its position is
        named.
    """
    return nb101_text.parse(archs)

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Prints genotypes `[n, 26]` as compact text."""
    return nb101_text.format_cells(self.check(genotypes))

  def is_valid(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which rows are pruned cells of the space, `[n]` bool."""
    return modelspec.is_valid(np.asarray(genotypes))

  def to_matrix(
    self, genotypes: base.Genotypes
  ) -> tuple[np.ndarray, np.ndarray]:
    """Unpacks genotypes `[n, 26]`.

    Returns:
      Adjacency `[n, 7, 7]` int8 and operations `[n, 7]` int8: a code, -1
      input, -2 output (vertex V - 1), -9 padding.
    """
    codes = notations.whole_numbers(genotypes, "genotypes of 'nb101'")
    return modelspec.to_matrix(codes.astype(np.int8))

  def from_matrix(
    self, adjacency: np.ndarray, ops: np.ndarray
  ) -> base.Genotypes:
    """Packs what `to_matrix` returns, pruned; returns `[n, 26]` int8.

    Raises:
      UserError: the shapes or numbers are wrong, or a pruned cell is none of
        the space.
    """
    adjacency = notations.whole_numbers(adjacency, "from_matrix: adjacency")
    ops = notations.whole_numbers(ops, "from_matrix: operations")
    shape = (len(ops), modelspec.MAX_VERTICES)
    if ops.shape != shape or adjacency.shape != (*shape, shape[1]):
      raise errors.UserError(
        "from_matrix: expected adjacency [n, 7, 7] and operations [n, 7], got "
        f"{list(adjacency.shape)} and {list(ops.shape)}"
      )
    marks = (modelspec.INPUT, modelspec.OUTPUT, modelspec.PADDING)
    known = (*range(len(self.op_names)), *marks)
    for name, each, values in (
      ("adjacency", adjacency, (0, 1)),
      ("operations", ops, known),
    ):
      strange = each[~np.isin(each, values)]
      if strange.size:
        raise errors.UserError(
          f"from_matrix: {name}: expected numbers among {list(values)}, got "
          f"{strange[0]}"
        )
    if np.tril(adjacency).any():
      raise errors.UserError(
        "from_matrix: expected upper triangular matrices, got an edge back; "
        "number vertices in topological order"
      )
    pruned = modelspec.prune(adjacency, ops)
    return self.check(modelspec.from_matrix(*pruned))

  def from_graphs(
    self, ops: np.ndarray, adjacency: np.ndarray
  ) -> tuple[base.Genotypes, np.ndarray]:
    """Reads graphs back, pruned; see `nb101_graphs.read`."""
    ops, adjacency = self.check_graphs(ops, adjacency)
    return nb101_graphs.read(ops, adjacency, np.asarray(_OPERATORS))

  def enumerate(self) -> base.Genotypes:
    """Returns all cells in ascending order of the official MD5 hash.

    The first call takes a while and fills a file in the cache folder.

    Returns:
      `[423624, 26]` int8, read-only.
    """
    return nb101_enumerate.all_cells()

  def sample(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws uniformly, with replacement, from `enumerate`, `[num, 26]`."""
    cells = self.enumerate()
    return cells[rng.integers(0, len(cells), num)]

  def sample_valid(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws cells without enumeration, not uniformly, `[num, 26]` int8."""
    return nb101_variation.sample_valid(num, rng)

  def mutate(
    self, genotypes: base.Genotypes, rng: np.random.Generator
  ) -> base.Genotypes:
    """Makes one move in each cell (`nb101_variation`), `[n, 26]` int8."""
    return nb101_variation.mutate(self.check(genotypes), rng)

  def crossover(
    self,
    first: base.Genotypes,
    second: base.Genotypes,
    rng: np.random.Generator,
  ) -> base.Genotypes:
    """Mixes edges and operations row by row, `[n, 26]` int8.

    Raises:
      UserError: a genotype is invalid, or there are not equally many.
    """
    first, second = self.check(first), self.check(second)
    if len(first) != len(second):
      raise errors.UserError(
        "crossover: expected equally many first and second parents, got "
        f"{len(first)} and {len(second)}"
      )
    return nb101_variation.crossover(first, second, rng)

  def neighbours(self, genotype: np.ndarray) -> base.Genotypes:
    """Returns all cells one move (`nb101_variation`) away, `[k, 26]` int8."""
    return nb101_variation.neighbours(self.check(np.asarray(genotype)[None])[0])

  def fingerprint(self, genotypes: base.Genotypes) -> np.ndarray:
    """Hashes pruned cells, without a collision in the space, `[n]` uint64."""
    return nb101_enumerate.fingerprint(*self._pruned(genotypes))

  def lookup_keys(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns `fingerprint`: the benchmark has one row per cell."""
    return self.fingerprint(genotypes)

  def module_hash(self, genotypes: base.Genotypes) -> list[str]:
    """Returns the official MD5 hash of the pruned cells, 32 hex digits each."""
    hashes = nb101_md5.module_hash(*self._pruned(genotypes))
    return hashes.astype(str).tolist()

  def vertex_channels(
    self, genotypes: base.Genotypes, in_channels: int, out_channels: int
  ) -> np.ndarray:
    """Returns the channels of each vertex, `[n, 7]` int32; 0 at padding.

    Args:
      genotypes: valid, `[n, 26]`.
      in_channels: channels that enter the cell.
      out_channels: channels that leave it.
    """
    graph = modelspec.to_matrix(self.check(genotypes))
    return nb101_counts.vertex_channels(*graph, in_channels, out_channels)

  def num_params(self, genotypes: base.Genotypes) -> np.ndarray:
    """Trainable parameters of the official network, `[n]` int64."""
    graph = modelspec.to_matrix(self.check(genotypes))
    return nb101_counts.num_params(*graph)

  def flops(self, genotypes: base.Genotypes) -> np.ndarray:
    """Multiply-adds of one 32x32 image, `[n]` int64.

    Counts convolutions, projections and the dense layer, and nothing else;
    there is no official count.
    """
    graph = modelspec.to_matrix(self.check(genotypes))
    return nb101_counts.multiply_adds(*graph)

  @compiler.own_numbers()
  def encode(self, genotypes: jax.Array) -> base.EncodedCells:
    """Draws valid genotypes `[B, 26]` as graphs of 7 nodes.

    Channels are `log2(c / 128)` of the input and output channels c of a vertex
    in a cell with 128 channels in and out: 0 at full width, -1 at a half. By
    the official rule both are equal, as inputs are cut or projected first.
    """
    adjacency, ops = modelspec.to_matrix(jnp.asarray(genotypes), jnp)
    width = nb101_counts.STEM_CHANNELS
    channels = nb101_counts.vertex_channels(adjacency, ops, width, width, jnp)
    log = jnp.log2(jnp.maximum(channels, 1).astype(jnp.float32) / width)
    log = jnp.where(channels > 0, log, 0.0)
    codes = ops.astype(jnp.int32) - modelspec.PADDING
    return base.EncodedCells(
      ops=jnp.asarray(_OPERATOR_OF_CODE)[codes],
      channels=jnp.stack([log, log], -1),
      cell_type=jnp.zeros(ops.shape, jnp.float32),
      adjacency=adjacency.astype(jnp.float32),
      mask=(ops != modelspec.PADDING).astype(jnp.float32),
    )

  def _pruned(self, genotypes):
    return modelspec.prune(*self.to_matrix(genotypes))
