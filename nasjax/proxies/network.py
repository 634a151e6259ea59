"""The network of any cell that proxies look at, as one program.

The graph of a cell is an argument, so that nothing is compiled for each cell:
at every node a `switch` takes the operator that the cell has there. For cells
of NAS-Bench-201 it is the network of the benchmark (`nasjax.networks.nb201`).
Those of other spaces are drawn alike: a node adds what feeds it, convolutions
are ReLU, convolution, batch normalisation, an output adds its inputs, all
nodes of a cell have one width, all input nodes of a cell hold its input. Where
an architecture has a reduction cell, that stands first in stages 2 and 3.

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
_NOTHING, _INPUT, _PASS, _FIRST = range(4)  # branches of the switch


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
    features: output of the stem, of each reduction and of each cell, in order;
      `[C, H, W, B]` each.
    observed: sum of `observe` over the inputs of all ReLUs.
    log_deviation: sum over all live normalisations of the logarithm of the
      root of the mean variance before them.
  """

  logits: jax.Array
  features: tuple[jax.Array, ...]
  observed: jax.Array
  log_deviation: jax.Array


@dataclasses.dataclass(frozen=True)
class Pass:
  """How a pass is made.

  Attributes:
    observe: summed over the inputs of all ReLUs (`layers.Observe`).
    is_normalised: False leaves normalisations out.
    is_cut: True lets no gradient pass from one block to the one before; with
      shifts, gradients are those of single blocks.
  """

  observe: layers.Observe = lambda x: jnp.zeros(())
  is_normalised: bool = True
  is_cut: bool = False


@dataclasses.dataclass(frozen=True)
class Network:
  """All networks of a space with one skeleton.

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
  def cells(self) -> tuple[tuple[int, ...], ...]:
    """Which cell of an architecture stands where, by stage."""
    plain = (0,) * self.skeleton.cells_per_stage
    later = (1, *plain) if self.num_cells > 1 else plain
    return plain, later, later

  @property
  def entries(self) -> tuple[int, ...]:
    """Places in `Trace.features` of what enters each stage."""
    first, second, _ = (len(cells) for cells in self.cells)
    return 0, 1 + first, 2 + first + second

  def init(self, key: jax.Array) -> Params:
    """Draws all kernels; none of them depends on the cell."""
    shapes = self._shapes()
    leaves, structure = jax.tree.flatten(
      shapes, is_leaf=lambda x: isinstance(x, _Shape)
    )
    keys = jax.random.split(key, len(leaves))
    drawn = [
      self.skeleton.draw(own, leaf.shape, leaf.fan_in)
      for own, leaf in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)

  def _shapes(self) -> Params:
    skeleton = self.skeleton
    width = skeleton.channels
    found: Params = {"stem": _conv_shape(9, skeleton.image_channels, width)}
    for stage, cells in enumerate(self.cells):
      if stage:
        own = {"shortcut": _conv_shape(1, width, 2 * width)}
        if skeleton.is_residual:
          own["first"] = _conv_shape(9, width, 2 * width)
          own["second"] = _conv_shape(9, 2 * width, 2 * width)
        found[f"reduction{stage}"] = own
        width *= 2
      for i in range(len(cells)):
        found[f"stage{stage}_cell{i}"] = {
          each.name: _operator_shapes(each, width, self.num_nodes)
          for each in self.own
          if each.kind != "pool"
        }
    found["classifier"] = _conv_shape(1, width, skeleton.num_classes)
    return found

  def live(self, graph: Graph) -> Params:
    """1 for kernels that the cell uses, 0 for others.

    Returns:
      The tree of `init`; `[N]` for kernels of nodes, else `[]`.
    """
    found = jax.tree.map(
      lambda _: jnp.ones(()),
      self._shapes(),
      is_leaf=lambda x: isinstance(x, _Shape),
    )
    for stage, cells in enumerate(self.cells):
      for i, cell in enumerate(cells):
        name = f"stage{stage}_cell{i}"
        for each, kernels in found[name].items():
          chosen = graph.ops[cell] == operators.operator_id(each)
          used = chosen * graph.mask[cell]
          found[name][each] = jax.tree.map(lambda _, used=used: used, kernels)
    return found

  def apply(
    self,
    params: Params,
    images: jax.Array,
    graph: Graph,
    how: Pass = Pass(),
    *,
    gates: Params | None = None,
    shifts: tuple[jax.Array, ...] | None = None,
  ) -> Trace:
    """Passes images `[image_channels, H, W, B]` through the network.

    Args:
      params: what `init` drew.
      images: the images.
      graph: the architecture.
      how: what is observed.
      gates: factors of each convolution's output channels for each image: the
        tree of `init` with `[..., F, B]`.
      shifts: what is added to each of `Trace.features`.
    """
    return _Run(self, params, graph, how, gates, shifts).run(images)


class _Shape(NamedTuple):
  shape: tuple[int, ...]
  fan_in: int


def _conv_shape(num_taps: int, channels: int, features: int) -> _Shape:
  return _Shape((num_taps * channels, features), num_taps * channels)


def _operator_shapes(each: operators.Operator, width: int, num_nodes: int):
  """Shapes of the kernels of an operator at all nodes."""
  num_taps = each.kernel[0] * each.kernel[1] if each.kind == "conv" else 1
  found = {}
  for i in range(max(each.repeats, 1)):
    if each.depthwise:
      shape = (num_nodes, num_taps * width, 1)
      found[f"depthwise{i}"] = _Shape(shape, num_taps)
      found[f"pointwise{i}"] = _Shape((num_nodes, width, width), width)
    else:
      fan_in = num_taps * width
      found[f"conv{i}"] = _Shape((num_nodes, fan_in, width), fan_in)
  return found


class _Run:
  """One pass."""

  def __init__(self, network: Network, params, graph, how: Pass, gates, shifts):
    self._network, self._params, self._graph = network, params, graph
    self._how, self._gates, self._shifts = how, gates, shifts
    self._features: list[jax.Array] = []

  def run(self, images: jax.Array) -> Trace:
    params, gates = self._params, self._gates or {}
    x = layers.convolve(images, params["stem"], (3, 3))
    x, seen = self._norm(_gated(x, gates.get("stem")))
    x = self._block(x)
    for stage, cells in enumerate(self._network.cells):
      if stage:
        x, more = self._reduce(x, f"reduction{stage}")
        x, seen = self._block(x), _add(seen, more)
      for i, cell in enumerate(cells):
        x, more = self._cell(x, cell, f"stage{stage}_cell{i}")
        x, seen = self._block(x), _add(seen, more)
    x, more = self._norm(x)
    seen = _add(_add(seen, more), (self._how.observe(x), 0.0))
    pooled = jax.nn.relu(x).mean((1, 2))
    logits = params["classifier"].T @ pooled
    if "classifier" in gates:
      logits = logits * gates["classifier"]
    return Trace(logits, tuple(self._features), *seen)

  def _block(self, x: jax.Array) -> jax.Array:
    """Ends a block."""
    if self._how.is_cut:
      x = jax.lax.stop_gradient(x)
    if self._shifts is not None:
      x = x + self._shifts[len(self._features)]
    self._features.append(x)
    return x

  def _norm(self, x: jax.Array):
    """Normalises; what it shows is a pair as in `_relu_conv_norm`."""
    if not self._how.is_normalised:
      return x, (self._zero(x), jnp.zeros(()))
    x, variance = layers.normalise(x)
    deviation = jnp.log(variance.mean() + layers.EPSILON) / 2
    return x, (self._zero(x), deviation)

  def _zero(self, x: jax.Array) -> jax.Array:
    shape = jax.eval_shape(self._how.observe, x)
    return jnp.zeros(shape.shape, shape.dtype)

  def _relu_conv_norm(self, x, convolve):
    """Returns the result, and what is observed: of the ReLU, of the norm."""
    observed = self._how.observe(x)
    x, (_, deviation) = self._norm(convolve(jax.nn.relu(x)))
    return x, (observed, deviation)

  def _reduce(self, x: jax.Array, name: str):
    """Halves images and doubles channels."""
    own, gates = self._params[name], (self._gates or {}).get(name, {})

    def conv(part: str, kernel: tuple[int, int], stride: int = 1):
      return lambda x: _gated(
        layers.convolve(x, own[part], kernel, stride), gates.get(part)
      )

    halved = layers.halve(x)
    shortcut = conv("shortcut", (1, 1))
    if not self._network.skeleton.is_residual:
      return self._relu_conv_norm(halved, shortcut)
    residual, seen = self._relu_conv_norm(x, conv("first", (3, 3), 2))
    residual, more = self._relu_conv_norm(residual, conv("second", (3, 3)))
    return shortcut(halved) + residual, _add(seen, more)

  def _cell(self, entry: jax.Array, cell: int, name: str):
    graph, network = self._graph, self._network
    table = jnp.asarray(_branches(network))
    zero = self._zero(entry), jnp.zeros(())

    def step(states, slot):
      index, into, op, here, kernels, gates = slot
      fed = jnp.einsum("n,nchwb->chwb", into, states)
      computed = [
        lambda fed, each=each: self._operate(
          each, fed, kernels.get(each.name), gates.get(each.name, {})
        )
        for each in network.own
      ]
      branches = [
        lambda fed: (jnp.zeros_like(fed), zero),
        lambda fed: (entry, zero),
        lambda fed: (fed, zero),
        *computed,
      ]
      chosen = jnp.where(here > 0, table[op], _NOTHING)
      state, seen = jax.lax.switch(chosen, branches, fed)
      return states.at[index].set(state), seen

    slots = (
      jnp.arange(network.num_nodes),
      graph.adjacency[cell].T,
      graph.ops[cell],
      graph.mask[cell],
      self._params[name],
      (self._gates or {}).get(name, {}),
    )
    start = jnp.zeros((network.num_nodes, *entry.shape), entry.dtype)
    states, seen = jax.lax.scan(step, start, slots)
    is_output = graph.mask[cell] * (graph.ops[cell] == operators.OUTPUT)
    output = jnp.einsum("n,nchwb->chwb", is_output, states)
    return output, jax.tree.map(lambda each: each.sum(0), seen)

  def _operate(self, each: operators.Operator, x, kernels, gates):
    """Applies an operator at a node."""
    if each.kind == "pool":
      pools = {"max": layers.max_pool, "avg": layers.average_pool}
      return pools[each.pool](x, each.kernel), (self._zero(x), jnp.zeros(()))
    kernel = each.kernel if each.kind == "conv" else (1, 1)
    seen = self._zero(x), jnp.zeros(())
    for i in range(max(each.repeats, 1)):

      def convolve(x, i=i):
        if not each.depthwise:
          name = f"conv{i}"
          x = layers.convolve(x, kernels[name], kernel, 1, each.dilation or 1)
          return _gated(x, gates.get(name))
        own = kernels[f"depthwise{i}"]
        x = layers.convolve_channels(x, own, kernel, each.dilation or 1)
        x = _gated(x, gates.get(f"depthwise{i}"))
        x = layers.convolve(x, kernels[f"pointwise{i}"], (1, 1))
        return _gated(x, gates.get(f"pointwise{i}"))

      x, more = self._relu_conv_norm(x, convolve)
      seen = _add(seen, more)
    return x, seen


def _branches(network: Network) -> list[int]:
  """The branch of each operator id."""
  found = [_NOTHING] * len(operators.operators())
  found[operators.INPUT], found[operators.OUTPUT] = _INPUT, _PASS
  for number, each in enumerate(network.own):
    found[operators.operator_id(each.name)] = _FIRST + number
  for name in network.names:
    number = operators.operator_id(name)
    if operators.operators()[number].kind == "skip":
      found[number] = _PASS
  return found


def _gated(x: jax.Array, gate: jax.Array | None) -> jax.Array:
  return x if gate is None else x * gate[:, None, None, :]


def _add(first, second):
  return jax.tree.map(jnp.add, first, second)
