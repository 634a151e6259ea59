"""One pass through a network.

Dimensions: `N`, `C`, `H`, `W`, `B` as in `proxies.plan`.
"""

import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.proxies import layers
from nasjax.proxies.plan import STAGES, Graph, Params, Pass, Plan, Trace

_NOTHING, _INPUT, _PASS, _FIRST = range(4)  # branches of the switch


class Run:
  """One pass."""

  def __init__(
    self,
    plan: Plan,
    params: Params,
    graph: Graph,
    how: Pass,
    gates: Params | None,
    shifts: tuple[jax.Array, ...] | None,
  ):
    """Arguments as those of `Network.apply`."""
    self._plan, self._params, self._graph = plan, params, graph
    self._how, self._gates, self._shifts = how, gates or {}, shifts
    self._features: list[jax.Array] = []

  def run(self, images: jax.Array) -> Trace:
    """Passes images through the network."""
    params, gates = self._params, self._gates
    x = layers.convolve(images, params["stem"], (3, 3))
    stem = _gated(x, gates.get("stem"))
    x, seen = self._end(*self._norm(stem))
    seen = self._and_layer(seen, stem)
    for stage in range(STAGES):
      if stage:
        x, more = self._end(*self._reduce(x, f"reduction{stage}"))
        seen = _add(seen, more)
        if self._plan.num_cells > 1:
          name = f"stage{stage}_first"
          own = params[name], gates.get(name, {})
          x, more = self._end(*self._cell(x, 1, *own))
          seen = _add(seen, more)
      x, more = self._stage(x, f"stage{stage}")
      seen = _add(seen, more)
    x, more = self._norm(x)
    seen = _add(seen, more)
    if not self._how.is_of_layers:
      seen = _add(seen, (self._how.observe(x), 0.0))
    last = jax.nn.relu(x)
    logits = params["classifier"].T @ last.mean((1, 2))
    if "classifier" in gates:
      logits = logits * gates["classifier"]
    observed, log_scale = self._and_layer(seen, logits[:, None, None])
    return Trace(logits, tuple(self._features), last, observed, log_scale)

  def _stage(self, x: jax.Array, name: str):
    """The cells of a stage, one after the other."""
    depth = self._plan.skeleton.cells_per_stage
    first = len(self._features)
    shifts = self._shifts
    if shifts is not None:
      shifts = jnp.stack(shifts[first : first + depth])

    def step(x, slot):
      params, gates, shift = slot
      x, seen = self._cell(x, 0, params, gates)
      x, feature, seen = self._finish(x, seen, shift)
      return x, (feature, seen)

    slots = self._params[name], self._gates.get(name, {}), shifts
    x, (features, seen) = jax.lax.scan(step, x, slots, unroll=depth == 1)
    self._features += list(features)
    return x, jax.tree.map(lambda each: each.sum(0), seen)

  def _end(self, x: jax.Array, seen):
    """Ends a block; returns what enters the next one, and what was seen."""
    shifts, place = self._shifts, len(self._features)
    shift = None if shifts is None else shifts[place]
    x, feature, seen = self._finish(x, seen, shift)
    self._features.append(feature)
    return x, seen

  def _finish(self, x: jax.Array, seen, shift: jax.Array | None):
    if not self._how.is_normalised:
      largest = jax.lax.stop_gradient(jnp.abs(x).max())
      largest = jnp.where(largest > 0, largest, 1.0)
      x, seen = x / largest, (seen[0], seen[1] + jnp.log(largest))
    feature = x
    if self._how.is_cut:
      x = jax.lax.stop_gradient(x)
    return (x if shift is None else x + shift), feature, seen

  def _norm(self, x: jax.Array):
    """Normalises; what it shows is a pair as in `_relu_conv_norm`."""
    if not self._how.is_normalised:
      return x, (self._zero(x), jnp.zeros(()))
    x, variance = layers.normalise(x)
    deviation = jnp.log(variance.mean() + layers.EPSILON) / 2
    return x, (self._zero(x), deviation)

  def _and_layer(self, seen, output: jax.Array):
    """Adds what the output of a layer without a ReLU before it shows."""
    if not self._how.is_of_layers:
      return seen
    return _add(seen, (self._how.observe(output), 0.0))

  def _zero(self, x: jax.Array) -> jax.Array:
    shape = jax.eval_shape(self._how.observe, x)
    return jnp.zeros(shape.shape, shape.dtype)

  def _relu_conv_norm(self, x, convolve):
    """Returns the result, and what is observed: of the ReLU, of the norm."""
    is_of_layers = self._how.is_of_layers
    observed = self._zero(x) if is_of_layers else self._how.observe(x)
    x = convolve(jax.nn.relu(x))
    if is_of_layers:
      observed = self._how.observe(x)
    x, (_, deviation) = self._norm(x)
    return x, (observed, deviation)

  def _reduce(self, x: jax.Array, name: str):
    """Halves images and doubles channels."""
    own, gates = self._params[name], self._gates.get(name, {})

    def conv(part: str, kernel: tuple[int, int], stride: int = 1):
      return lambda x: _gated(
        layers.convolve(x, own[part], kernel, stride), gates.get(part)
      )

    halved = layers.halve(x)
    shortcut = conv("shortcut", (1, 1))
    if not self._plan.skeleton.is_residual:
      return self._relu_conv_norm(halved, shortcut)
    residual, seen = self._relu_conv_norm(x, conv("first", (3, 3), 2))
    residual, more = self._relu_conv_norm(residual, conv("second", (3, 3)))
    halved = shortcut(halved)
    return halved + residual, self._and_layer(_add(seen, more), halved)

  def _cell(self, entry: jax.Array, cell: int, params, gates):
    graph, plan = self._graph, self._plan
    table = jnp.asarray(_branches(plan))
    zero = self._zero(entry), jnp.zeros(())

    # Without the checkpoint, all branches would keep numbers for gradients.
    @jax.checkpoint
    def choose(branch, fed, kernels, gates):
      computed = [
        lambda fed, each=each: self._operate(
          each, fed, kernels.get(each.name), gates.get(each.name, {})
        )
        for each in plan.own
      ]
      branches = [
        lambda fed: (jnp.zeros_like(fed), zero),
        lambda fed: (entry, zero),
        lambda fed: (fed, zero),
        *computed,
      ]
      return jax.lax.switch(branch, branches, fed)

    def step(states, slot):
      index, into, op, here, *own = slot
      fed = jnp.einsum("n,nchwb->chwb", into, states)
      branch = jnp.where(here > 0, table[op], _NOTHING)
      state, seen = choose(branch, fed, *own)
      return states.at[index].set(state), seen

    slots = (
      jnp.arange(plan.num_nodes),
      graph.adjacency[cell].T,
      graph.ops[cell],
      graph.mask[cell],
      params,
      gates,
    )
    start = jnp.zeros((plan.num_nodes, *entry.shape), entry.dtype)
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


def _branches(plan: Plan) -> list[int]:
  """The branch of each operator id."""
  found = [_NOTHING] * len(operators.operators())
  found[operators.INPUT], found[operators.OUTPUT] = _INPUT, _PASS
  for number, each in enumerate(plan.own):
    found[operators.operator_id(each.name)] = _FIRST + number
  for name in plan.names:
    number = operators.operator_id(name)
    if operators.operators()[number].kind == "skip":
      found[number] = _PASS
  return found


def _gated(x: jax.Array, gate: jax.Array | None) -> jax.Array:
  return x if gate is None else x * gate[:, None, None, :]


def _add(first, second):
  return jax.tree.map(jnp.add, first, second)
