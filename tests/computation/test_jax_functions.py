"""Activations, normalisations, loops and calls of JAX."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest
from jax import lax

from nasjax import computation
from nasjax.computation.jaxpr import interpreter
from nasjax.errors import UserError

VECTOR = (1, 4)


@pytest.fixture(autouse=True)
def promotion():
  """Functions of users promote ranks, which the other tests forbid."""
  with jax.numpy_rank_promotion("allow"):
    yield


def between(graph):
  return [n for n in graph.nodes if n.operator not in ("input", "output")]


def operators(function, *inputs):
  return [n.operator for n in between(computation.from_jax(function, *inputs))]


@pytest.mark.parametrize(
  ("function", "operator"),
  [
    (jax.nn.relu, "relu"),
    (lambda x: jnp.where(x > 0, x, 0), "relu"),
    (jax.nn.relu6, "relu6"),
    (jax.nn.sigmoid, "sigmoid"),
    (lambda x: 1 / (1 + jnp.exp(-x)), "sigmoid"),
    (jax.nn.silu, "swish"),
    (lambda x: x / (1 + jnp.exp(-x)), "swish"),
    (jax.nn.gelu, "gelu"),
    (lambda x: 0.5 * (x * (1 + lax.erf(x / 2**0.5))), "gelu"),
    (jax.nn.tanh, "tanh"),
    (jax.nn.hard_sigmoid, "hard_sigmoid"),
    (jax.nn.hard_swish, "hard_swish"),
    (lambda x: x * jnp.clip(x + 3, 0, 6) / 6, "hard_swish"),
    (jax.nn.elu, "elu"),
    (functools.partial(jax.nn.leaky_relu, negative_slope=0.2), "leaky_relu"),
    (jax.nn.softplus, "activation"),
    (jax.nn.mish, "activation"),
    (jnp.exp, "activation"),
    (jax.nn.softmax, "softmax"),
    (lambda x: jnp.exp(x) / jnp.exp(x).sum(-1, keepdims=True), "softmax"),
    (jax.nn.log_softmax, "activation"),
    (lambda x: x.astype(jnp.bfloat16) * jax.nn.sigmoid(x), "swish"),
    (lambda x: x + x, "add"),
  ],
)
def test_activations(function, operator):
  assert operators(function, VECTOR) == [operator]


def test_activations_in_a_row_stay_apart():
  found = operators(lambda x: nn.relu6(nn.relu(nn.relu(x))), VECTOR)
  assert found == ["relu", "relu", "relu6"]
  gated = operators(lambda x: x * nn.sigmoid(jnp.cumsum(x, 1)), VECTOR)
  assert gated == ["other", "sigmoid", "mul"]


def test_a_trained_slope():
  (node,) = between(computation.from_flax(nn.PReLU(), VECTOR))
  assert (node.operator, node.params) == ("prelu", 1)


@pytest.mark.parametrize(
  ("module", "operator", "params"),
  [
    (nn.BatchNorm(use_running_average=True), "batch_norm", 16),
    (nn.BatchNorm(use_running_average=False), "batch_norm", 16),
    (nn.BatchNorm(use_running_average=True, use_bias=False), "batch_norm", 8),
    (
      nn.BatchNorm(use_running_average=True, use_bias=False, use_scale=False),
      "batch_norm",
      0,
    ),
    (nn.LayerNorm(), "layer_norm", 16),
    (nn.LayerNorm(use_fast_variance=False), "layer_norm", 16),
    (nn.RMSNorm(), "layer_norm", 8),
    (nn.GroupNorm(4), "group_norm", 16),
    (nn.InstanceNorm(), "instance_norm", 16),
  ],
)
def test_normalisations(module, operator, params):
  class Network(nn.Module):
    @nn.compact
    def __call__(self, x):
      x = nn.Conv(8, (1, 1))(x)
      return nn.relu(module.copy(name="norm")(x))

  found = between(computation.from_flax(Network(), (2, 8, 8, 4)))
  assert [node.operator for node in found] == ["conv", operator, "relu"]
  assert found[0].bias
  assert found[1].shape == (8, 8, 8)
  assert found[1].params == params


def test_a_normalisation_of_held_arrays():
  scale, offset, mean, variance = (jnp.full(4, 1.0 + i) for i in range(4))

  def folded(x):
    factor = scale * lax.rsqrt(variance + 1e-5)
    return x * factor + (offset - mean * factor)

  def divided(x):
    return (x - mean) / jnp.sqrt(variance + 1e-5) * scale + offset

  for function in (folded, divided):
    (node,) = between(computation.from_jax(function, (2, 4)))
    assert (node.operator, node.params) == ("batch_norm", 8)
  twice = operators(lambda x: folded(divided(folded(x))), (2, 4))
  assert twice == ["batch_norm"] * 3
  pooled = operators(
    lambda x: folded(nn.avg_pool(x, (2, 2))), (1, 4, 4, 4)
  )  # fmt: skip
  assert pooled == ["avg_pool", "batch_norm"]


def test_a_layer_norm_of_tokens_that_were_pixels():
  class Tokens(nn.Module):
    @nn.compact
    def __call__(self, x):
      x = nn.Conv(8, (2, 2), (2, 2))(x)
      x = nn.LayerNorm()(x.reshape(len(x), -1, 8))
      return nn.LayerNorm()(x.reshape(len(x), 4, 4, 8)).mean((1, 2))

  found = between(computation.from_flax(Tokens(), (2, 8, 8, 3)))
  assert [node.operator for node in found] == [
    "conv", "layer_norm", "layer_norm", "global_avg_pool",
  ]  # fmt: skip


def test_attention_is_no_normalisation():
  module = nn.MultiHeadDotProductAttention(2)
  found = operators(
    lambda x: module.bind(variables(module, x))(x, x), (2, 5, 8)
  )
  assert sorted(found) == sorted(
    ["linear"] * 4 + ["div", "matmul", "softmax", "matmul", "transpose"]
  )


def variables(module, x):
  shapes = jax.eval_shape(module.init, jax.random.key(0), x, x)
  return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), shapes)


def test_an_embedding():
  module = nn.Embed(10, 6)
  tokens = jax.ShapeDtypeStruct((2, 7), jnp.int32)
  (node,) = between(computation.from_flax(module, tokens))
  assert (node.operator, node.shape) == ("embedding", (7, 6))
  assert (node.params, node.macs) == (60, 0)


def test_calls_are_inlined():
  weight = jnp.ones((4, 4))

  @jax.custom_vjp
  def layer(x):
    return jax.checkpoint(lambda x: jnp.tanh(x @ weight))(x)

  layer.defvjp(lambda x: (layer(x), None), lambda _, g: (g,))
  assert operators(jax.jit(layer), VECTOR) == ["linear", "tanh"]


def test_parameters_of_calls_count_once():
  weight = jnp.ones((4, 4))

  @jax.jit
  def layer(x):
    return jnp.tanh(x @ weight)

  found = computation.from_jax(lambda x: layer(layer(x)) @ weight, VECTOR)
  assert [node.params for node in found.nodes] == [0, 16, 0, 0, 0, 0, 0]


def test_loops_of_known_length_are_unrolled():
  stacked, shared = jnp.ones((3, 4, 4)), jnp.ones((4, 4))

  def scanned(x):
    def step(x, weight):
      x = nn.relu(x @ weight) @ shared
      return x, x.sum(-1)

    return lax.scan(step, x, stacked)

  found = computation.from_jax(scanned, VECTOR)
  names = [node.operator for node in found.nodes[1:-2]]
  assert names.count("linear") == 6
  assert names.count("relu") == 3
  assert names.count("concat") == 1
  assert found.params == stacked.size + shared.size
  assert found.macs == 6 * 16

  def counted(x):
    return lax.while_loop(
      lambda pair: pair[0] < 3,
      lambda pair: (pair[0] + 1, jnp.tanh(pair[1])),
      (0, x),
    )[1]

  assert operators(counted, VECTOR) == ["tanh"] * 3
  repeated = operators(
    lambda x: lax.fori_loop(0, 2, lambda _, x: jnp.tanh(x), x), VECTOR
  )
  assert repeated == ["tanh"] * 2


@pytest.mark.parametrize(
  ("function", "what"),
  [
    (
      lambda x: lax.while_loop(lambda x: x.sum() < 3, lambda x: x + 1, x),
      "a while loop whose length",
    ),
    (
      lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x),
      "a branch .* that depends on an input",
    ),
    (
      lambda x: lax.fori_loop(0, 10**6, lambda _, x: jnp.sin(x), x),
      "at most 1000 primitives",
    ),
  ],
)
def test_control_flow_of_numbers_is_refused(function, what, monkeypatch):
  monkeypatch.setattr(interpreter, "LIMIT", 1000)
  with pytest.raises(UserError, match=what):
    computation.from_jax(function, VECTOR)


def test_a_known_branch_is_taken():
  found = operators(lambda x: lax.switch(1, [jnp.sin, jnp.tanh], x), VECTOR)
  assert found == ["tanh"]
