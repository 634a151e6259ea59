"""Small JAX functions and the graphs that they are."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from nasjax import computation
from nasjax.errors import UserError

IMAGE = (1, 8, 8, 4)
LAYOUT = ("NHWC", "HWIO", "NHWC")
ONES = jnp.ones((3, 3, 4, 8))


@pytest.fixture(autouse=True)
def promotion():
  """Functions of users promote ranks, which the other tests forbid."""
  with jax.numpy_rank_promotion("allow"):
    yield


def graph(function, *inputs, **options):
  return computation.from_jax(function, *inputs, **options)


def inner(function, *inputs, **options):
  """The nodes between inputs and outputs."""
  nodes = graph(function, *inputs, **options).nodes
  return [n for n in nodes if n.operator not in ("input", "output")]


def operators(function, *inputs):
  return [node.operator for node in inner(function, *inputs)]


def conv(x, kernel=ONES, stride=1, **options):
  return lax.conv_general_dilated(
    x, kernel, (stride, stride), "SAME", dimension_numbers=LAYOUT, **options
  )


def test_a_convolution_with_its_bias():
  bias = jnp.ones(8)
  found = graph(lambda x: conv(x, stride=2) + bias, IMAGE, name="one")
  assert found.name == "one"
  image, node, output = found.nodes
  assert (image.operator, image.shape) == ("input", (8, 8, 4))
  assert (node.operator, node.shape) == ("conv", (4, 4, 8))
  assert node.inputs == (0,)
  assert node.kernel == (3, 3)
  assert node.stride == (2, 2)
  assert node.dilation == (1, 1)
  assert node.bias
  assert node.params == 3 * 3 * 4 * 8 + 8
  assert node.macs == 4 * 4 * 3 * 3 * 4 * 8
  assert (output.operator, output.inputs) == ("output", (1,))


def test_a_result_that_is_read_twice_has_no_bias():
  bias = jnp.ones(8)

  def function(x):
    y = conv(x)
    return y, y + bias

  first, second = inner(function, IMAGE)
  assert (first.operator, first.bias, first.params) == ("conv", False, 288)
  assert (second.operator, second.params) == ("add", 8)


@pytest.mark.parametrize(
  ("groups", "shape", "operator"),
  [
    (1, (3, 3, 4, 8), "conv"),
    (2, (3, 3, 2, 8), "grouped_conv"),
    (4, (3, 3, 1, 8), "depthwise_conv"),
  ],
)
def test_groups(groups, shape, operator):
  kernel = jnp.ones(shape)
  (node,) = inner(
    lambda x: conv(x, kernel, feature_group_count=groups, rhs_dilation=(2, 2)),
    IMAGE,
  )
  assert (node.operator, node.groups) == (operator, groups)
  assert node.dilation == (2, 2)
  assert node.params == kernel.size
  assert node.macs == 64 * kernel.size


def test_a_transposed_convolution():
  (node,) = inner(
    lambda x: lax.conv_transpose(
      x, ONES, (2, 2), "SAME", dimension_numbers=LAYOUT
    ),
    IMAGE,
  )
  assert (node.operator, node.shape) == ("transposed_conv", (16, 16, 8))
  assert node.stride == (2, 2)
  assert node.macs == 64 * 3 * 3 * 4 * 8


def test_channels_come_last_whatever_the_layout():
  layout = ("NCHW", "OIHW", "NCHW")
  kernel = jnp.ones((8, 4, 3, 3))

  def function(x):
    x = lax.conv_general_dilated(
      jnp.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)]),
      kernel, (1, 2), "VALID", dimension_numbers=layout,
    )  # fmt: skip
    x = jnp.maximum(x, 0).transpose(0, 2, 3, 1)
    return lax.reduce_window(
      x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
    )

  found = graph(function, (2, 4, 6, 8))
  assert [node.operator for node in found.nodes] == [
    "input", "conv", "relu", "max_pool", "output",
  ]  # fmt: skip
  assert [node.shape for node in found.nodes] == [
    (6, 8, 4), (6, 4, 8), (6, 4, 8), (3, 2, 8), (3, 2, 8),
  ]  # fmt: skip
  assert found.nodes[3].kernel == found.nodes[3].stride == (2, 2)


def test_linear_layers_and_products():
  weight, bias = jnp.ones((4, 6)), jnp.ones(6)
  (linear,) = inner(lambda x: x @ weight + bias, (3, 4))
  assert (linear.operator, linear.shape) == ("linear", (6,))
  assert (linear.bias, linear.params, linear.macs) == (True, 30, 24)
  (tokens,) = inner(lambda x: x @ weight, (2, 7, 4))
  assert (tokens.shape, tokens.macs) == ((7, 6), 7 * 24)
  (matmul,) = inner(lambda x, y: x @ y, (2, 5, 4), (2, 4, 3))
  assert (matmul.operator, matmul.inputs) == ("matmul", (0, 1))
  assert (matmul.shape, matmul.macs) == ((5, 3), 60)


def test_parameters_that_are_given_or_shared():
  weight = jnp.ones((4, 4))

  def function(parameters, x):
    x = x @ parameters["params"]["a"] + parameters["rest"]
    return (x @ weight) @ weight

  shape = jax.ShapeDtypeStruct((4, 4), jnp.float32)
  given = {"params": {"a": shape}, "rest": jax.ShapeDtypeStruct((4,), "f4")}
  found = graph(function, (1, 4), parameters=given)
  assert [node.params for node in found.nodes] == [0, 16, 16, 0, 0]
  assert found.nodes[1].bias


def test_pools():
  def average(x):
    return nn.avg_pool(
      x, (3, 3), (2, 2), ((1, 1), (1, 1)), count_include_pad=False
    )

  (pool,) = inner(average, IMAGE)
  assert (pool.operator, pool.shape) == ("avg_pool", (4, 4, 4))
  assert (pool.kernel, pool.stride) == ((3, 3), (2, 2))
  padded = operators(
    lambda x: nn.max_pool(
      jnp.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-jnp.inf),
      (3, 3),
    ),
    IMAGE,
  )
  assert padded == ["max_pool"]
  both = inner(lambda x: (conv(x).mean((1, 2)), conv(x).max((1, 2))), IMAGE)
  assert [node.operator for node in both] == [
    "conv", "global_avg_pool", "conv", "global_max_pool",
  ]  # fmt: skip
  assert both[1].shape == (8,)
  assert both[2].params == 0  # its kernel is that of the first
  assert operators(lambda x: x.sum(-1), IMAGE) == ["reduce"]


def test_squeeze_and_excitation():
  first, second = jnp.ones((1, 1, 8, 2)), jnp.ones((1, 1, 2, 8))

  def function(x):
    x = conv(x)
    y = x.mean((1, 2), keepdims=True)
    y = nn.hard_sigmoid(conv(nn.relu(conv(y, first)), second))
    return x * y

  found = graph(function, IMAGE)
  assert [node.operator for node in found.nodes[1:-1]] == [
    "conv", "global_avg_pool", "conv", "relu", "conv", "hard_sigmoid", "mul",
  ]  # fmt: skip
  assert found.nodes[3].shape == (1, 1, 2)
  assert found.nodes[-2].inputs == (1, 6)


def test_arrangements():
  def function(x):
    y = jnp.concatenate([x, x[:, :, :, :2]], -1)
    y = jnp.repeat(y, 2, 1)
    y = jnp.pad(y, [(0, 0), (0, 0), (1, 0), (0, 0)])
    return y.transpose(0, 2, 1, 3)

  found = inner(function, IMAGE)
  assert [(node.operator, node.shape) for node in found] == [
    ("slice", (8, 8, 2)),
    ("concat", (8, 8, 6)),
    ("resize", (16, 8, 6)),
    ("pad", (16, 9, 6)),
    ("transpose", (9, 16, 6)),
  ]
  image = jax.ShapeDtypeStruct(IMAGE, jnp.bfloat16)
  resized = inner(lambda x: jax.image.resize(x, (1, 4, 4, 4), "linear"), image)
  assert [(node.operator, node.shape) for node in resized] == [
    ("resize", (4, 4, 4))
  ]


def test_what_changes_no_number_has_no_node():
  def function(x):
    y = x.reshape(1, -1)[:, None].astype(jnp.bfloat16)
    y = lax.stop_gradient(y).squeeze(1) + jnp.zeros((1, 1))
    return nn.Dropout(0.5, deterministic=True).apply({}, y) * 1

  assert operators(function, IMAGE) == []
  key = jax.random.key(0)
  dropped = nn.Dropout(0.5, deterministic=False)
  assert operators(
    lambda x: dropped.apply({}, x, rngs={"dropout": key}), IMAGE
  ) == []  # fmt: skip


def test_unknown_primitives_keep_their_names():
  found = graph(lambda x: jnp.flip(jnp.cumsum(x, 1), 2), IMAGE)
  assert found.unknown() == {"cumsum": 1, "rev": 1}


def test_a_network_that_reads_nothing_of_its_input():
  weight = jnp.ones((4, 6))
  image, constant, output = graph(
    lambda x: jnp.zeros_like(x) @ weight, (1, 4)
  ).nodes
  assert image.operator == "input"
  assert (constant.operator, constant.shape) == ("constant", (6,))
  assert constant.params == 24
  assert output.inputs == (1,)


def test_nothing_is_computed():
  huge = jax.ShapeDtypeStruct((10**5, 10**6), jnp.float32)
  (node,) = inner(lambda w, x: x @ w, (1, 10**5), parameters=huge)
  assert (node.params, node.macs) == (10**11, 10**11)


@pytest.mark.parametrize("inputs", [(3,), ("a",), (None, 1.0)])
def test_inputs_are_shapes(inputs):
  with pytest.raises(UserError, match="from_jax: expected shapes"):
    graph(lambda *x: x, *inputs)


def test_a_function_that_cannot_be_traced():
  with pytest.raises(UserError, match="cannot be traced with these inputs"):
    graph(lambda x: x @ np.ones((5, 5)), (1, 4))


def branches(x):
  return x if x.sum() > 0 else -x


@pytest.mark.parametrize(
  ("function", "inputs", "expected"),
  [
    (branches, [(1, 4)], "operators may not depend on numbers of an input"),
    (np.asarray, [(1, 4)], "operators may not depend on numbers of an input"),
    (jnp.add, [(1, 4)], "give every argument"),
    (lambda x: None, [(1, 4)], "expected a function that returns arrays"),
    (3, [(1, 4)], "expected a function of arrays, got 3"),
    (jnp.sin, [(1, -4)], r"expected whole numbers above 0 .* got \(1, -4\)"),
    (jnp.sin, [(1, 4.0)], r"expected whole numbers above 0 .* got \(1, 4.0\)"),
  ],
)
def test_mistakes_say_what_to_do(function, inputs, expected):
  with pytest.raises(UserError, match=expected) as raised:
    graph(function, *inputs)
  assert "\n" not in str(raised.value)


def test_lists_are_shapes():
  assert graph(jnp.tanh, [1, 4]) == graph(jnp.tanh, (np.int64(1), 4))
