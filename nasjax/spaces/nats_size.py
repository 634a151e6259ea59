"""The size space of NATS-Bench: one cell, whose networks differ in width alone.

Dong et al., "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology
and Size", TPAMI 2021, section 3.2: a NAS-Bench-201 cell in each of three
stages, residual blocks between them, and of each of these five one of eight
numbers of channels.

Dimensions: `n` or `B` architectures, `N = 26` nodes of the graph.
"""

import functools
import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import base, choices, nats_size_counts, notations

STEP = 8
"""Channels are multiples of it, up to 64."""
_BLOCKS = (1, 3)  # places of the residual blocks
_CONV3, _CONV1, _SKIP = "conv_3x3", "conv_1x1", "skip_connect"
# Operations of a cell and of a block: name, whether it reads what enters, and
# which operations before it (by place) feed it; those at the end come out.
_CELL = (
  (_CONV3, True, ()),
  (_CONV3, True, ()),
  (_CONV3, False, (0,)),
  (_SKIP, True, ()),
  (_CONV3, False, (0,)),
  (_CONV3, False, (1, 2)),
)
_CELL_ENDS = (3, 4, 5)
_BLOCK = ((_CONV3, True, ()), (_CONV3, False, (0,)), (_CONV1, True, ()))
_BLOCK_ENDS = (1, 2)


@functools.cache
def _drawing() -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
  """Operators of the inner nodes, the wiring, and whose channels they have.

  Returns:
    Names, `[24]`; which node feeds which, `[26, 26]`; and of each inner node
    the place of its input channels and of its output channels, `[24, 2]`.
  """
  names: list[str] = []
  fed: list[list[int]] = []
  places: list[tuple[int, int]] = []
  entering = [0]
  for place in range(5):
    is_block = place in _BLOCKS
    first = len(names) + 1
    for name, reads_entry, before in _BLOCK if is_block else _CELL:
      names.append(name)
      fed.append(entering if reads_entry else [first + each for each in before])
      source = max(place - 1, 0) if reads_entry else place
      places.append((source, place))
    ends = _BLOCK_ENDS if is_block else _CELL_ENDS
    entering = [first + each for each in ends]
  fed.append(entering)
  adjacency = np.zeros((len(fed) + 1, len(fed) + 1), np.float32)
  for node, sources in enumerate(fed, 1):
    adjacency[sources, node] = 1
  return tuple(names), adjacency, np.array(places)


class NATSSize(choices.ChoiceSpace):
  """All 32,768 networks of the size space of NATS-Bench.

  A genotype is five codes: those of the three cells (1st, 3rd, 5th) and of the
  two residual blocks between them. Code `i` is `8 (i + 1)` channels.

  The op-on-node graph has the input, the operations of cells and blocks in
  order, and the output; `channels` is log2 of the widths over 16, as in
  NAS-Bench-201. Where a cell changes the channels its skip connection is a
  1 x 1 convolution.
  """

  name = "size"
  choices = (8, 8, 8, 8, 8)
  op_names = tuple(str(STEP * (code + 1)) for code in range(8))
  operator_names = (_CONV3, _CONV1, _SKIP)
  num_nodes = 26
  max_hops = 14
  defaults = MappingProxyType({"model.extra_kinds": "widths"})
  is_by_size = True

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads official strings such as `8:16:24:32:64`; `[n, 5]` int8.

    Raises:
      UserError: a string has another form or other channels.
    """
    archs = notations.as_list(archs, self.name)
    rows = [self._row(place, arch) for place, arch in enumerate(archs)]
    return np.array(rows, np.int8).reshape(-1, 5)

  def _row(self, position: int, arch: Any) -> list[int]:
    where = f"arch {position} of {self.name!r}"
    text = notations.strip(arch, where) if isinstance(arch, str) else ""
    is_list = re.fullmatch(r"[0-9]{1,2}(:[0-9]{1,2}){4}", text)
    words = text.split(":") if is_list else []
    if not words or not set(words) <= set(self.op_names):
      raise errors.UserError(
        f"{where}: expected five of the channels {', '.join(self.op_names)} "
        f"joined by :, as in 8:16:24:32:64, got {errors.quote(arch)}"
      )
    return [self.op_names.index(word) for word in words]

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Prints genotypes `[n, 5]` as official strings."""
    channels = self.channels(self.check(genotypes))
    return [":".join(map(str, row)) for row in channels.tolist()]

  def channels(self, genotypes: base.Genotypes) -> np.ndarray:
    """Channels of cells and blocks, `[n, 5]` int64."""
    return STEP * (np.asarray(genotypes, np.int64) + 1)

  def num_params(self, genotypes: base.Genotypes) -> np.ndarray:
    """Trainable parameters for ten classes, `[n]` int64."""
    return nats_size_counts.num_params(self.channels(self.check(genotypes)))

  def flops(self, genotypes: base.Genotypes) -> np.ndarray:
    """Multiply-adds for one 32 x 32 image, `[n]` int64."""
    return nats_size_counts.flops(self.channels(self.check(genotypes)))

  def sizes(self, genotypes: base.Genotypes) -> np.ndarray:
    """Numbers of channels of the five places, `[n, 5]` int64."""
    return self.channels(self.check(genotypes))

  @compiler.own_numbers()
  def edge_features(self, genotypes: jax.Array) -> jax.Array:
    """Says which number of channels each place has, `[B, 40]` float32."""
    codes = jax.nn.one_hot(genotypes, len(self.op_names))
    return codes.reshape(genotypes.shape[0], -1)

  @compiler.own_numbers()
  def encode(self, genotypes: jax.Array) -> base.EncodedCells:
    """Draws genotypes `[B, 5]` as op-on-node graphs with `N = 26`."""
    names, adjacency, places = _drawing()
    batch, nodes = genotypes.shape[0], self.num_nodes
    widths = (jnp.asarray(genotypes, jnp.int32) + 1)[:, places]  # [B, 24, 2]
    is_skip = jnp.array([[name == _SKIP for name in names]])
    changes = is_skip & (widths[..., 0] != widths[..., 1])
    ids = jnp.array([operators.operator_ids(names)], jnp.int32)
    inner = jnp.where(changes, operators.operator_id(_CONV1), ids)
    ends = jnp.ones((batch, 1), jnp.int32)
    ops = [ends * operators.INPUT, inner, ends * operators.OUTPUT]
    logs = jnp.log2(widths.astype(jnp.float32) * (STEP / 16))
    return base.EncodedCells(
      ops=jnp.concatenate(ops, axis=1).astype(jnp.int32),
      channels=jnp.pad(logs, ((0, 0), (1, 1), (0, 0))),
      cell_type=jnp.zeros((batch, nodes), jnp.float32),
      adjacency=jnp.broadcast_to(adjacency, (batch, nodes, nodes)),
      mask=jnp.ones((batch, nodes), jnp.float32),
    )
