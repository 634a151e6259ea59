"""Zero-cost signals: statistics of a tiny untrained network of the cell.

A zero-cost proxy looks at a network before training. Here the network is so
small that a whole space of them fits in one compiled call: two copies of the
cell in a row, 8 channels, 8 images of 4 x 4 pixels, smooth noise instead of
data. An image is a vector of 128 numbers, so that a convolution is a matrix
`[128, 128]`. Nodes add what feeds them; convolutions are normalised over the
batch and rectified. Features are statistics of the signal at the output and at
the nodes of each operator. That an untrained network says something is the idea
of zero-cost proxies (Abdelfattah et al. 2021, ICLR), that it lies in how alike
it makes its inputs that of Mellor et al. 2021, ICML.

All weights are fixed. Nodes are numbered by their place in the graph, so that
isomorphic cells have equal signals.

Dimensions: `N` nodes, `O` operators of the space, `I` images, `X` pixels, `C`
channels.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import operators

_CELLS, _IMAGES, _SIDE, _CHANNELS = 2, 8, 4, 8
_PIXELS = _SIDE**2
_SMALL = 1e-3

_PER_NODE = (
  "variation over pixels",
  "likeness of neighbours",
  "likeness of images",
  "likeness of channels",
  "energy",
)
_AT_OUTPUT = (*_PER_NODE, "volume of images", "variation of means", "means")


def feature_names(names: tuple[str, ...]) -> tuple[str, ...]:
  """Names of the signals of one cell.

  Args:
    names: names of the `O` operators.
  """
  return tuple(
    f"copy {copy}: {what}"
    for copy in range(_CELLS)
    for what in (
      *(f"{each} ({name})" for each in _PER_NODE for name in names),
      *(f"{each} (output)" for each in _AT_OUTPUT),
    )
  )


def signals(
  ops: jax.Array,
  adjacency: jax.Array,
  mask: jax.Array,
  op_ids: tuple[int, ...],
  max_hops: int,
) -> jax.Array:
  """Signals of one cell; traceable, `vmap` it.

  Args:
    ops: operator ids, `[N]`.
    adjacency: 1 where node i feeds node j, `[N, N]`, acyclic.
    mask: 1 on nodes that count, `[N]`.
    op_ids: the `O` operators of the space; nodes of others pass nothing on.
    max_hops: edges of the longest path there can be.

  Returns:
    `[2 * (5 * O + 8)]` float32, in the order of `feature_names`; means over no
    node are 0.
  """
  ops, adjacency, mask = in_order(ops, adjacency, mask, max_hops)
  chosen = (ops[None, :] == jnp.array(op_ids)[:, None]) * mask[None]
  entry = jnp.asarray(_images(len(ops)))
  found = []
  for copy in range(_CELLS):
    states, output = _run(copy, entry, ops, adjacency, mask, op_ids)
    at_nodes = jax.vmap(_statistics)(states)
    counts = jnp.maximum(jnp.sum(chosen, axis=1), 1.0)
    found += [chosen @ each / counts for each in at_nodes]
    found.append(jnp.stack([*_statistics(output), *_of_output(output)]))
    entry = jnp.broadcast_to(output, entry.shape)
  return jnp.concatenate(found)


def in_order(ops, adjacency, mask, max_hops: int):
  """Numbers nodes by depth and then by their place, padding last.

  Places are hashes of what surrounds a node, up to the whole cell; nodes that
  share one can change places without changing the cell.
  """
  edges = (adjacency > 0) & (mask[:, None] * mask[None, :] > 0)
  depth = jnp.zeros(len(ops), jnp.uint32)
  place = _scramble(jnp.asarray(operators.seeds())[ops] + 1)
  for _ in range(max_hops):
    deeper = jnp.where(edges, depth[:, None] + 1, 0)
    depth = jnp.maximum(depth, jnp.max(deeper, axis=0))
    before = jnp.where(edges, _scramble(place)[:, None], 0)
    after = jnp.where(edges.T, _scramble(~place)[:, None], 0)
    around = jnp.sum(before, axis=0, dtype=jnp.uint32)
    around += 3 * jnp.sum(after, axis=0, dtype=jnp.uint32)
    place = _scramble(place + 5 * around)
  depth = jnp.where(mask > 0, depth, len(ops))
  key = (depth << 24) | (place >> 8)
  index = jnp.arange(len(ops))
  smaller = key[:, None] < key[None, :]
  same = (key[:, None] == key[None, :]) & (index[:, None] < index[None, :])
  rank = jnp.sum(smaller | same, axis=0)
  order = jax.nn.one_hot(rank, len(ops), axis=0)
  return (
    (order @ ops.astype(jnp.float32)).astype(jnp.int32),
    order @ edges.astype(jnp.float32) @ order.T,
    order @ mask,
  )


def _scramble(code: jax.Array) -> jax.Array:
  """Mixes the bits of uint32 codes."""
  code = (code ^ (code >> 16)) * jnp.uint32(0x7FEB352D)
  code = (code ^ (code >> 15)) * jnp.uint32(0x846CA68B)
  return code ^ (code >> 16)


def _run(copy: int, entry, ops, adjacency, mask, op_ids):
  """One copy of the cell.

  Args:
    copy: which one, for its weights.
    entry: what an input node holds at each place, `[N, I, X, C]`.
    ops, adjacency, mask: the cell, in order.
    op_ids: operators of the space.

  Returns:
    States of all nodes, `[N, I, X, C]`, and of the output, `[I, X, C]`.
  """
  matrices = [_matrices(copy, each, len(ops)) for each in op_ids]

  def step(states, slot):
    index, into, op, here, own = slot
    fed = jnp.einsum("n,nixc->ixc", into, states)
    state = jnp.where(op == operators.OUTPUT, fed, 0.0)
    state = jnp.where(op == operators.INPUT, entry[index], state)
    for op_id, rounds in zip(op_ids, own, strict=True):
      state = jnp.where(op == op_id, _apply(op_id, rounds, fed), state)
    return states.at[index].set(here * state), None

  slots = (jnp.arange(len(ops)), adjacency.T, ops, mask, matrices)
  states, _ = jax.lax.scan(step, jnp.zeros_like(entry), slots)
  is_output = mask * (ops == operators.OUTPUT)
  return states, jnp.einsum("n,nixc->ixc", is_output, states)


def _apply(op_id: int, rounds: list[jax.Array], state: jax.Array) -> jax.Array:
  """Applies an operator to `[I, X, C]`; `rounds` are its matrices."""
  operator = operators.operators()[op_id]
  if operator.pool == "max":
    return _max_pool(state)
  if operator.pool == "avg":
    return jnp.einsum("ixc,xy->iyc", state, jnp.asarray(_averages()))
  for matrix in rounds:
    flat = state.reshape(_IMAGES, -1) @ matrix
    state = _normalise(flat.reshape(state.shape))
  return state


def _max_pool(state: jax.Array) -> jax.Array:
  image = state.reshape(_IMAGES, _SIDE, _SIDE, _CHANNELS)
  for axis in (1, 2):
    sides = [(0, 0)] * 4
    sides[axis] = (1, 1)
    padded = jnp.pad(image, sides, constant_values=-jnp.inf)
    parts = [
      jax.lax.slice_in_dim(padded, start, start + _SIDE, axis=axis)
      for start in range(3)
    ]
    image = functools.reduce(jnp.maximum, parts)
  return image.reshape(state.shape)


def _normalise(state: jax.Array) -> jax.Array:
  """Batch normalisation and ReLU of `[I, X, C]`."""
  centred = state - jnp.mean(state, axis=(0, 1), keepdims=True)
  variance = jnp.mean(centred**2, axis=(0, 1), keepdims=True)
  return jax.nn.relu(centred * jax.lax.rsqrt(variance + _SMALL))


def _statistics(state: jax.Array) -> tuple[jax.Array, ...]:
  """What `_PER_NODE` names, of a signal `[I, X, C]`."""
  energy = jnp.mean(state**2) + _SMALL
  spread = state - jnp.mean(state, axis=1, keepdims=True)
  centred = state - jnp.mean(state, axis=(0, 1), keepdims=True)
  variance = jnp.mean(centred**2) + _SMALL
  rows = centred.reshape(_IMAGES, _SIDE, _SIDE, _CHANNELS)
  unit = _unit(state.reshape(_IMAGES, -1))
  likeness = jnp.sum(jnp.sum(unit, axis=0) ** 2) - _IMAGES
  channels = _unit(centred.reshape(-1, _CHANNELS).T)
  shared = jnp.sum((channels @ channels.T) ** 2) - _CHANNELS
  return (
    jnp.mean(spread**2) / energy,
    jnp.mean(rows[:, 1:] * rows[:, :-1]) / variance,
    likeness / (_IMAGES * (_IMAGES - 1)),
    shared / (_CHANNELS * (_CHANNELS - 1)),
    jnp.log(energy),
  )


def _of_output(state: jax.Array) -> tuple[jax.Array, ...]:
  """What `_AT_OUTPUT` names besides, of a signal `[I, X, C]`."""
  unit = _unit(state.reshape(_IMAGES, -1))
  kernel = unit @ unit.T + 1e-2 * jnp.eye(_IMAGES)
  energy = jnp.mean(state**2) + _SMALL
  means = jnp.mean(state, axis=1)
  varying = jnp.mean((means - jnp.mean(means, axis=0, keepdims=True)) ** 2)
  return (
    jnp.linalg.slogdet(kernel)[1],
    jnp.log(varying / energy + _SMALL),
    jnp.log(jnp.mean(means**2) / energy + _SMALL),
  )


def _unit(rows: jax.Array) -> jax.Array:
  """Rows of length one; zeros stay."""
  return rows * jax.lax.rsqrt(
    jnp.sum(rows**2, axis=-1, keepdims=True) + _SMALL**2
  )


@functools.cache
def _images(num_nodes: int) -> np.ndarray:
  """Smooth noise for an input at each place, `[N, I, X, C]` float32."""
  draws = np.random.RandomState(0)
  shape = (num_nodes, _IMAGES, _SIDE + 2, _SIDE + 2, _CHANNELS)
  noise = draws.standard_normal(shape)
  smooth = sum(
    noise[:, :, i : i + _SIDE, j : j + _SIDE]
    for i in range(3)
    for j in range(3)
  )
  images = np.maximum(np.asarray(smooth) / 3, 0)
  return images.reshape(num_nodes, _IMAGES, _PIXELS, -1).astype(np.float32)


def _offsets(size: int, dilation: int) -> np.ndarray:
  """1 where a tap of a kernel reads pixel x for pixel y, `[K, X, X]`."""
  at = np.arange(_PIXELS)
  rows, columns = at // _SIDE, at % _SIDE
  reach = dilation * (np.arange(size) - size // 2)
  taps = [
    (rows[:, None] - rows[None, :] == i)
    & (columns[:, None] - columns[None, :] == j)
    for i in reach
    for j in reach
  ]
  return np.stack(taps).astype(np.float32)


@functools.cache
def _averages() -> np.ndarray:
  """Average pooling without padding as a matrix, `[X, X]` float32."""
  window = _offsets(3, 1).sum(axis=0)
  return window / window.sum(axis=0, keepdims=True)


@functools.cache
def _kernels(copy: int, op_id: int, num_nodes: int) -> list[np.ndarray]:
  """Random kernels of each round of an operator, `[N, K, C, C]` float32."""
  operator = operators.operators()[op_id]
  first = 1 + int(operators.seeds()[op_id]) + operators.NUM_BUILT_IN * copy
  draws = np.random.RandomState(first % 2**32)
  taps = operator.kernel[0] ** 2
  found = []
  for _ in range(operator.repeats):
    kernel = draws.standard_normal((num_nodes, taps, _CHANNELS, _CHANNELS))
    if operator.depthwise:
      depthwise = draws.standard_normal((num_nodes, taps, _CHANNELS, 1))
      kernel = depthwise * kernel[:, :1]
    gain = np.sqrt(2 / _CHANNELS / taps)
    found.append((gain * kernel).astype(np.float32))
  return found


def _matrices(copy: int, op_id: int, num_nodes: int) -> list[jax.Array]:
  """Convolutions as matrices `[N, X * C, X * C]`, one of each round."""
  operator = operators.operators()[op_id]
  kernels = _kernels(copy, op_id, num_nodes)
  if not kernels:
    return []
  offsets = _offsets(operator.kernel[0], operator.dilation)
  size = _PIXELS * _CHANNELS
  return [
    jnp.einsum("nkcd,kxy->nxcyd", kernel, offsets).reshape(-1, size, size)
    for kernel in kernels
  ]
