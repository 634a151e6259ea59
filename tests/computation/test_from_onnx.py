"""Computation graphs of ONNX files: operators, shapes, counts, by hand."""

import pytest

from nasjax import computation
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.errors import UserError
from tests.computation import onnx_files as made

onnx = made.onnx
node = made.helper.make_node

from nasjax.computation.onnx import reader  # noqa: E402 (needs the extra)


def read(proto, tmp_path, shape=None):
  return reader.read(made.save(proto, tmp_path), shape)


def graph(proto, tmp_path, shape=None) -> ComputationGraph:
  return read(proto, tmp_path, shape).graph


def operators(proto, tmp_path) -> list[str]:
  """Operators between the input and the output."""
  return [each.operator for each in graph(proto, tmp_path).nodes[1:-1]]


def test_a_small_network_is_what_it_is(tmp_path):
  reading = read(made.small(), tmp_path)
  window = {"kernel": (3, 3), "stride": (1, 1), "dilation": (1, 1)}
  assert reading.graph.nodes == (
    Node("input", (8, 8, 3)),
    Node("conv", (8, 8, 4), (0,), **window, params=108, macs=108 * 64),
    Node("batch_norm", (8, 8, 4), (1,), params=8),
    Node("relu", (8, 8, 4), (2,)),
    Node("global_avg_pool", (4,), (3,)),
    Node("linear", (10,), (4,), bias=True, params=50, macs=40),
    Node("output", (10,), (5,)),
  )
  assert reading.graph.name == "model"
  assert (reading.statistics, reading.others) == (8, 0)


def test_it_is_a_public_name(tmp_path):
  path = made.save(made.small(), tmp_path)
  assert computation.from_onnx(path) == reader.read(path).graph


def convolution(groups: int, outs: int, opset: int = 17, **attributes):
  weight = made.weights("w", outs, 4 // groups, 3, 3)
  call = node("Conv", ["x", "w"], ["y"], group=groups, **attributes)
  shape = (1, 4, 9, 9)
  return made.model([call], [weight], shape=shape, opset=opset)


@pytest.mark.parametrize(
  ("groups", "outs", "operator"),
  [(1, 8, "conv"), (4, 8, "depthwise_conv"), (2, 8, "grouped_conv")],
)
@pytest.mark.parametrize("opset", [9, 13, 21])
def test_kinds_of_convolutions(tmp_path, groups, outs, operator, opset):
  proto = convolution(groups, outs, opset, strides=[2, 2], dilations=[2, 2])
  found = graph(proto, tmp_path).nodes[1]
  assert found == Node(
    operator,
    (3, 3, outs),
    (0,),
    kernel=(3, 3),
    stride=(2, 2),
    dilation=(2, 2),
    groups=groups,
    params=outs * (4 // groups) * 9,
    macs=9 * outs * (4 // groups) * 9,
  )


def test_a_transposed_convolution_counts_what_it_reads(tmp_path):
  call = node("ConvTranspose", ["x", "w", "b"], ["y"], strides=[2, 2])
  arrays = [made.weights("w", 3, 5, 2, 2), made.weights("b", 5)]
  found = graph(made.model([call], arrays), tmp_path).nodes[1]
  assert (found.operator, found.shape) == ("transposed_conv", (16, 16, 5))
  assert (found.params, found.macs) == (65, 8 * 8 * 3 * 5 * 4)


def test_a_bias_that_is_added_belongs_to_the_convolution(tmp_path):
  calls = [
    node("Conv", ["x", "w"], ["a"], kernel_shape=[1, 1]),
    node("Add", ["a", "b"], ["y"]),
  ]
  arrays = [made.weights("w", 4, 3, 1, 1), made.weights("b", 1, 4, 1, 1)]
  found = graph(made.model(calls, arrays), tmp_path).nodes
  assert [each.operator for each in found] == ["input", "conv", "output"]
  assert found[1].bias
  assert found[1].params == 16


def test_a_bias_is_its_own_node_where_something_else_reads_the_sum(tmp_path):
  calls = [
    node("Conv", ["x", "w"], ["a"], kernel_shape=[1, 1]),
    node("Add", ["a", "b"], ["c"]),
    node("Mul", ["a", "c"], ["y"]),
  ]
  arrays = [made.weights("w", 4, 3, 1, 1), made.weights("b", 1, 4, 1, 1)]
  found = graph(made.model(calls, arrays), tmp_path).nodes
  assert [each.operator for each in found[1:-1]] == ["conv", "add", "mul"]
  assert [each.params for each in found[1:-1]] == [12, 4, 0]


def test_a_product_and_a_sum_are_a_linear_layer(tmp_path):
  calls = [
    node("MatMul", ["x", "w"], ["a"]),
    node("Add", ["b", "a"], ["y"]),
  ]
  arrays = [made.weights("w", 6, 5), made.weights("b", 5)]
  proto = made.model(calls, arrays, shape=("n", 7, 6))
  found = graph(proto, tmp_path).nodes[1]
  expected = Node("linear", (7, 5), (0,), bias=True, params=35, macs=210)
  assert found == expected


def test_a_product_of_two_arrays(tmp_path):
  calls = [
    node("Transpose", ["x"], ["a"], perm=[0, 2, 1]),
    node("MatMul", ["x", "a"], ["y"]),
  ]
  found = graph(made.model(calls, shape=(2, 7, 6)), tmp_path).nodes
  assert [each.operator for each in found[1:-1]] == ["transpose", "matmul"]
  assert found[2] == Node("matmul", (7, 7), (0, 1), macs=7 * 7 * 6)


ACTIVATIONS = {
  "swish": [
    node("Sigmoid", ["x"], ["a"]),
    node("Mul", ["a", "x"], ["y"]),
  ],
  "hard_swish": [
    node("Add", ["x", "three"], ["a"]),
    node("Clip", ["a", "zero", "six"], ["b"]),
    node("Mul", ["x", "b"], ["c"]),
    node("Div", ["c", "six"], ["y"]),
  ],
  "gelu": [
    node("Div", ["x", "root"], ["a"]),
    node("Erf", ["a"], ["b"]),
    node("Add", ["b", "one"], ["c"]),
    node("Mul", ["x", "c"], ["d"]),
    node("Mul", ["d", "half"], ["y"]),
  ],
  "relu6": [node("Relu", ["x"], ["a"]), node("Min", ["a", "six"], ["y"])],
  "relu": [node("Max", ["zero", "x"], ["y"])],
  "leaky_relu": [node("LeakyRelu", ["x"], ["y"], alpha=0.3)],
  "elu": [node("Elu", ["x"], ["y"], alpha=0.7)],
  "hard_sigmoid": [node("HardSigmoid", ["x"], ["y"])],
  "tanh": [node("Tanh", ["x"], ["y"])],
  "activation": [node("Softplus", ["x"], ["y"])],
}
NUMBERS = {
  "zero": 0, "half": 0.5, "one": 1, "three": 3, "six": 6, "root": 2**0.5,
}  # fmt: skip


@pytest.mark.parametrize("operator", ACTIVATIONS)
def test_activations_are_one_node(tmp_path, operator):
  numbers = [made.number(name, value) for name, value in NUMBERS.items()]
  reading = read(made.model(ACTIVATIONS[operator], numbers), tmp_path)
  assert [each.operator for each in reading.graph.nodes[1:-1]] == [operator]
  assert reading.graph.params == 0


def test_a_part_of_an_activation_that_is_read_stays(tmp_path):
  calls = [*ACTIVATIONS["swish"], node("Add", ["a", "y"], ["z"])]
  found = graph(made.model(calls, outputs=["z"]), tmp_path).nodes
  assert [each.operator for each in found[1:-1]] == ["sigmoid", "swish", "add"]
  assert found[2].inputs == (0,)


def layer_norm(square):
  return [
    node("ReduceMean", ["x"], ["m"], axes=[-1]),
    node("Sub", ["x", "m"], ["d"]),
    square,
    node("ReduceMean", ["q"], ["v"], axes=[-1]),
    node("Add", ["v", "e"], ["w"]),
    node("Sqrt", ["w"], ["r"]),
    node("Div", ["d", "r"], ["n"]),
    node("Mul", ["n", "scale"], ["o"]),
    node("Add", ["o", "offset"], ["y"]),
  ]


@pytest.mark.parametrize(
  "square", [node("Pow", ["d", "two"], ["q"]), node("Mul", ["d", "d"], ["q"])]
)
def test_layer_normalisation_as_arithmetic(tmp_path, square):
  arrays = [
    made.number("two", 2),
    made.number("e", 1e-5),
    made.weights("scale", 6),
    made.weights("offset", 6),
  ]
  proto = made.model(layer_norm(square), arrays, shape=("n", 4, 6))
  reading = read(proto, tmp_path)
  assert reading.graph.nodes[1] == Node("layer_norm", (4, 6), (0,), params=12)
  assert len(reading.graph.nodes) == 3
  assert reading.others == 2


def test_batch_normalisation_as_arithmetic(tmp_path):
  calls = [
    node("Sub", ["x", "mean"], ["a"]),
    node("Mul", ["a", "factor"], ["b"]),
    node("Add", ["b", "offset"], ["y"]),
  ]
  arrays = [made.weights(n, 3, 1, 1) for n in ("mean", "factor", "offset")]
  reading = read(made.model(calls, arrays), tmp_path)
  assert reading.graph.nodes[1] == Node("batch_norm", (8, 8, 3), (0,), params=6)
  assert (reading.statistics, reading.others) == (3, 0)


def test_transpositions_around_a_convolution_are_no_operators(tmp_path):
  calls = [
    node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
    node("Conv", ["a", "w"], ["b"], kernel_shape=[1, 1]),
    node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1]),
    node("Relu", ["c"], ["y"]),
  ]
  proto = made.model(
    calls, [made.weights("w", 4, 3, 1, 1)], shape=("n", 6, 8, 3)
  )
  found = graph(proto, tmp_path).nodes
  shapes = [(each.operator, each.shape) for each in found]
  assert shapes == [
    ("input", (6, 8, 3)),
    ("conv", (6, 8, 4)),
    ("relu", (6, 8, 4)),
    ("output", (6, 8, 4)),
  ]


def test_a_channel_shuffle_is_an_operator(tmp_path):
  calls = [
    node("Conv", ["x", "w"], ["a"], kernel_shape=[1, 1]),
    node("Reshape", ["a", "five"], ["b"]),
    node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
    node("Reshape", ["c", "four"], ["d"]),
    node("Conv", ["d", "v"], ["y"], kernel_shape=[1, 1]),
  ]
  arrays = [
    made.weights("w", 4, 3, 1, 1),
    made.weights("v", 4, 4, 1, 1),
    made.whole("five", 0, 2, 2, 8, 8),
    made.whole("four", 0, 4, 8, 8),
  ]
  found = graph(made.model(calls, arrays), tmp_path).nodes
  names = [each.operator for each in found[1:-1]]
  assert names == ["conv", "transpose", "conv"]
  assert found[3].shape == (8, 8, 4)


def test_the_arithmetic_of_shapes_is_no_operator(tmp_path):
  calls = [
    node("Shape", ["x"], ["s"]),
    node("Gather", ["s", "first"], ["n"], axis=0),
    node("Mul", ["n", "two"], ["t"]),
    node("Div", ["t", "two"], ["h"]),
    node("Unsqueeze", ["h", "first"], ["u"]),
    node("Concat", ["u", "rest"], ["f"], axis=0),
    node("Reshape", ["x", "f"], ["r"]),
    node("MatMul", ["r", "w"], ["y"]),
  ]
  arrays = [
    made.numpy_helper.from_array(made.np.asarray(0, made.np.int64), "first"),
    made.numpy_helper.from_array(made.np.asarray(2, made.np.int64), "two"),
    made.whole("rest", -1),
    made.weights("w", 192, 5),
  ]
  found = graph(made.model(calls, arrays), tmp_path).nodes
  assert [each.operator for each in found] == ["input", "linear", "output"]
  assert found[1].macs == 960


def test_weights_that_are_shared_count_once(tmp_path):
  calls = [
    node("Conv", ["x", "w"], ["a"], kernel_shape=[1, 1]),
    node("Conv", ["a", "w"], ["y"], kernel_shape=[1, 1]),
  ]
  found = graph(made.model(calls, [made.weights("w", 3, 3, 1, 1)]), tmp_path)
  assert [each.params for each in found.nodes] == [0, 9, 0, 0]


def test_constants_that_are_added_and_joined_are_parameters(tmp_path):
  calls = [
    node("Add", ["x", "places"], ["a"]),
    node("Add", ["a", "one"], ["b"]),
    node("Concat", ["b", "token"], ["y"], axis=1),
  ]
  arrays = [
    made.weights("places", 1, 4, 6),
    made.weights("token", 1, 1, 6),
    made.number("one", 1),
  ]
  reading = read(made.model(calls, arrays, shape=(1, 4, 6)), tmp_path)
  found = [(each.operator, each.params) for each in reading.graph.nodes[1:-1]]
  assert found == [("add", 24), ("add", 0), ("concat", 6)]
  assert reading.graph.nodes[3].shape == (5, 6)
  assert reading.others == 1


def test_quantised_weights_count_and_their_scales_do_not(tmp_path):
  quantised = made.np.zeros((4, 3, 1, 1), made.np.int8)
  calls = [
    node("DequantizeLinear", ["q", "scale"], ["w"]),
    node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1]),
  ]
  arrays = [
    made.numpy_helper.from_array(quantised, "q"),
    made.number("scale", 0.1),
  ]
  assert graph(made.model(calls, arrays), tmp_path).params == 12


def test_parts_of_a_split_have_nodes(tmp_path):
  calls = [
    node("Split", ["x", "parts"], ["a", "b"], axis=1),
    node("Concat", ["b", "b"], ["y"], axis=1),
  ]
  found = graph(made.model(calls, [made.whole("parts", 1, 2)]), tmp_path).nodes
  assert [(each.operator, each.shape) for each in found[1:-1]] == [
    ("split", (8, 8, 2)),
    ("concat", (8, 8, 4)),
  ]
  assert found[2].inputs == (1, 1)


@pytest.mark.parametrize("domain", ["", "ai.onnx", "some.domain"])
def test_unknown_operators_keep_their_names(tmp_path, domain):
  calls = [
    node("Foo", ["x", "w"], ["a"], domain=domain),
    node("Relu", ["a"], ["y"]),
  ]
  found = graph(made.model(calls, [made.weights("w", 5)]), tmp_path)
  assert found.unknown() == {
    "some.domain.Foo" if domain == "some.domain" else "Foo": 1
  }
  assert found.nodes[1] == Node(
    "other", (), (0,), params=5, name=next(iter(found.unknown()))
  )
  assert found.nodes[2].operator == "relu"


def test_functions_of_a_file_are_inlined(tmp_path):
  body = [node("Sigmoid", ["u"], ["s"]), node("Mul", ["u", "s"], ["v"])]
  function = made.helper.make_function(
    "own", "Silu", ["u"], ["v"], body, [made.helper.make_opsetid("", 17)]
  )
  proto = made.model(
    [node("Silu", ["x"], ["y"], domain="own")], functions=[function]
  )
  proto.opset_import.append(made.helper.make_opsetid("own", 1))
  assert operators(proto, tmp_path) == ["swish"]


def test_padding_with_zeros_belongs_to_the_convolution(tmp_path):
  calls = [
    node("Pad", ["x", "pads"], ["a"]),
    node("Conv", ["a", "w"], ["y"], kernel_shape=[3, 3]),
  ]
  arrays = [
    made.whole("pads", 0, 0, 1, 1, 0, 0, 1, 1),
    made.weights("w", 4, 3, 3, 3),
  ]
  assert operators(made.model(calls, arrays), tmp_path) == ["conv"]


def test_padding_below_all_numbers_belongs_to_the_maximum(tmp_path):
  def calls(value):
    return made.model(
      [
        node("Pad", ["x", "pads", "low"], ["a"]),
        node("MaxPool", ["a"], ["y"], kernel_shape=[3, 3]),
      ],
      [made.whole("pads", 0, 0, 1, 1, 0, 0, 1, 1), made.number("low", value)],
    )

  assert operators(calls(-3e38), tmp_path) == ["max_pool"]
  assert operators(calls(0), tmp_path) == ["pad", "max_pool"]


def test_a_sum_of_pixels_that_is_divided_is_their_mean(tmp_path):
  arrays = [made.whole("axes", 2, 3), made.number("n", 64)]
  calls = [
    node("ReduceSum", ["x", "axes"], ["a"], keepdims=0),
    node("Div", ["a", "n"], ["y"]),
  ]
  found = graph(made.model(calls, arrays), tmp_path).nodes[1]
  assert found == Node("global_avg_pool", (3,), (0,))


def test_batch_normalisation_of_two_constants(tmp_path):
  """`x * f + (b - m * f)` with `f = s / sqrt(v + e)`, of four arrays."""
  calls = [
    node("Add", ["v", "e"], ["w"]),
    node("Sqrt", ["w"], ["r"]),
    node("Div", ["s", "r"], ["f"]),
    node("Mul", ["m", "f"], ["g"]),
    node("Sub", ["b", "g"], ["o"]),
    node("Mul", ["x", "f"], ["a"]),
    node("Add", ["a", "o"], ["y"]),
  ]
  arrays = [made.weights(name, 3, 1, 1) for name in "vsmb"]
  reading = read(made.model(calls, [*arrays, made.number("e", 1e-5)]), tmp_path)
  assert reading.graph.nodes[1] == Node("batch_norm", (8, 8, 3), (0,), params=6)
  assert (reading.statistics, reading.others) == (6, 1)


def test_open_extents_are_zero_or_those_that_are_given(tmp_path):
  call = node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])
  proto = made.model(
    [call], [made.weights("w", 4, 3, 1, 1)], shape=("n", 3, "h", "w")
  )
  open_ = graph(proto, tmp_path)
  assert [each.shape for each in open_.nodes] == [(0, 0, 3), *[(0, 0, 4)] * 2]
  assert open_.macs == 0
  given = graph(proto, tmp_path, (5, 7, 3))
  assert [each.shape for each in given.nodes] == [(5, 7, 3), *[(5, 7, 4)] * 2]
  assert given.macs == 5 * 7 * 12


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 4), (5, -1, 3), (5, 7.0, 3)])
def test_a_shape_that_does_not_fit(tmp_path, shape):
  proto = made.model([node("Relu", ["x"], ["y"])], shape=("n", 3, "h", "w"))
  with pytest.raises(UserError, match=r"channels last: \(any, any, 3\); got"):
    graph(proto, tmp_path, shape)


def test_a_batch_of_several_counts_one(tmp_path):
  call = node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])
  proto = made.model(
    [call], [made.weights("w", 4, 3, 1, 1)], shape=(16, 3, 8, 8)
  )
  found = graph(proto, tmp_path).nodes[1]
  assert (found.shape, found.macs) == ((8, 8, 4), 64 * 12)


def test_nodes_in_any_order_are_sorted(tmp_path):
  proto = made.small()
  expected = graph(proto, tmp_path)
  nodes = list(reversed(proto.graph.node))
  del proto.graph.node[:]
  proto.graph.node.extend(nodes)
  assert graph(proto, tmp_path) == expected


def test_a_recurrent_layer_is_unknown_but_counted(tmp_path):
  call = node("LSTM", ["x", "w", "r"], ["", "h"], hidden_size=4)
  arrays = [made.weights("w", 1, 16, 6), made.weights("r", 1, 16, 4)]
  proto = made.model([call], arrays, shape=(5, 1, 6), outputs=["h"])
  found = graph(proto, tmp_path)
  assert found.unknown() == {"LSTM": 1}
  assert found.params == 160
  assert found.macs == 5 * 160
