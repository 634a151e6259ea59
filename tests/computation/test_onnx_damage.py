"""Damaged, hostile and incomplete ONNX files: one line, bounded memory."""

import contextlib
import random
import tracemalloc

import pytest

from nasjax.computation import from_onnx
from nasjax.errors import UserError
from tests.computation import onnx_files as made
from tests.fuzz import mutators

onnx = made.onnx
node = made.helper.make_node

from nasjax.computation.onnx import load, wire  # noqa: E402 (needs the extra)


def refused(proto, tmp_path) -> str:
  """The one line with which a model is refused."""
  with pytest.raises(UserError) as raised:
    from_onnx(made.save(proto, tmp_path))
  line = str(raised.value)
  assert "\n" not in line
  assert len(line) < 700
  return line


def test_no_file_and_a_folder(tmp_path):
  with pytest.raises(UserError, match="no such file"):
    from_onnx(tmp_path / "missing.onnx")
  with pytest.raises(UserError, match="is not an ONNX model but a folder"):
    from_onnx(tmp_path)


def test_a_file_of_pytorch(tmp_path):
  path = tmp_path / "model.pt"
  path.write_bytes(b"PK\x03\x04" + b"x" * 99)
  with pytest.raises(UserError, match=r"write the network with torch\.onnx"):
    from_onnx(path)


def convolution(shape):
  """A convolution of three channels, with kernels of 3 x 3."""
  call = node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3])
  return made.model([call], [made.weights("w", 4, 3, 3, 3)], shape=shape)


def test_an_input_that_a_convolution_cannot_read(tmp_path):
  line = refused(convolution((1, 4, 8, 8)), tmp_path)
  assert "weights of 3 channels on an input of 4" in line
  line = refused(convolution((1, 3, 2, 8)), tmp_path)
  assert "kernel (3, 3) on an input of (1, 3, 2, 8)" in line
  path = made.save(convolution((1, 3, "h", "w")), tmp_path)
  with pytest.raises(UserError, match="; give another shape, or export"):
    from_onnx(path, (2, 2, 3))
  assert from_onnx(path, (3, 3, 3)).macs == 108


def test_an_input_without_a_number_of_axes(tmp_path):
  proto = convolution((1, 3, 8, 8))
  proto.graph.input[0].type.tensor_type.ClearField("shape")
  assert "got 'x' without one; give" in refused(proto, tmp_path)
  graph = from_onnx(made.save(proto, tmp_path), (8, 8, 3))
  assert graph == from_onnx(made.save(convolution((1, 3, 8, 8)), tmp_path))


@pytest.mark.parametrize("shape", [3, "abc", (8.0, 8, 3), (8, 8)])
def test_shapes_that_do_not_fit(tmp_path, shape):
  path = made.save(made.small(), tmp_path)
  with pytest.raises(UserError, match=r"channels last: \(8, 8, 3\); got"):
    from_onnx(path, shape)


@pytest.mark.parametrize("part", range(20))
def test_cut_off(tmp_path, part):
  content = made.small().SerializeToString()
  path = tmp_path / "model.onnx"
  path.write_bytes(content[: len(content) * part // 20])
  with pytest.raises(UserError, match="is not an ONNX model") as raised:
    from_onnx(path)
  assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
  "content", [b"", b"\x00" * 50, b"PK\x03\x04" + b"x" * 99, b"text\n" * 99]
)
def test_something_else(tmp_path, content):
  path = tmp_path / "model.onnx"
  path.write_bytes(content)
  with pytest.raises(UserError, match="is not an ONNX model"):
    from_onnx(path)


def test_no_operator(tmp_path):
  assert "it has no operator" in refused(made.model([]), tmp_path)


def test_a_hundred_thousand_operators(tmp_path):
  calls = [
    node("Relu", [f"v{i}" if i else "x"], [f"v{i + 1}"]) for i in range(10**5)
  ]
  line = refused(made.model(calls, outputs=["v100000"]), tmp_path)
  assert f"100000 operators: expected at most {load.MAX_NODES}" in line


def test_a_circle(tmp_path):
  calls = [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])]
  line = refused(made.model(calls, outputs=["b"]), tmp_path)
  assert "its operators form a circle" in line


@pytest.mark.parametrize(
  ("calls", "expected"),
  [
    ([node("Relu", ["z"], ["y"])], "nothing makes 'z'"),
    ([node("Relu", ["x"], ["y"])] * 2, "two operators make 'y'"),
    ([node("Relu", ["y"], ["x"])], "two operators make 'x'"),
    ([node("Relu", ["x"], ["z"])], "nothing makes the output 'y'"),
    ([node("Relu", ["x", "x"], ["y"])], "operator Relu ''"),
    ([node("MatMul", ["x", "w"], ["y"])], "operator MatMul '' does not fit"),
  ],
)
def test_operators_that_do_not_fit(tmp_path, calls, expected):
  assert expected in refused(
    made.model(calls, [made.weights("w", 5, 2)]), tmp_path
  )


ABSURD = (
  {"strides": [0, 1]},
  {"strides": [-1, 1]},
  {"dilations": [0, 0]},
  {"kernel_shape": [0, 0]},
  {"kernel_shape": [-(2**62), 2**62]},
  {"group": 0},
  {"group": -3},
  {"pads": [-(2**62)] * 4},
  {"pads": [2**62] * 4},
  {"strides": [1] * 9},
)


def one_call(operator, read, attributes):
  """A model of one operator."""
  call = node(operator, read, ["y"], **attributes)
  return made.model([call], [made.weights("w", 3, 3, 3, 3)])


@pytest.mark.parametrize("attributes", ABSURD)
@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
def test_absurd_attributes_of_convolutions(tmp_path, operator, attributes):
  line = refused(one_call(operator, ["x", "w"], attributes), tmp_path)
  assert f"operator {operator} '' does not fit what it reads" in line


@pytest.mark.parametrize("attributes", [a for a in ABSURD if "group" not in a])
def test_absurd_attributes_of_pools(tmp_path, attributes):
  attributes = {"kernel_shape": [3, 3], **attributes}
  line = refused(one_call("MaxPool", ["x"], attributes), tmp_path)
  assert "operator MaxPool '' does not fit what it reads" in line


def test_operators_whose_inference_reads_outside_of_its_memory(tmp_path):
  calls = [node("GatherND", ["x", "i"], ["y"], batch_dims=-(2**31))]
  proto = made.model(calls, [made.whole("i", 0, 0)])
  graph = from_onnx(made.save(proto, tmp_path))
  assert graph.unknown() == {"GatherND": 1}


def test_lists_of_millions_of_axes(tmp_path):
  calls = [node("Cast", ["x"], ["s"], to=7), node("Expand", ["x", "s"], ["y"])]
  proto = made.model(calls, shape=(2**30,))
  assert "a list of 1073741824 axes" in refused(proto, tmp_path)
  calls = [node("Split", ["x"], ["y"], num_outputs=2**40)]
  assert "1099511627776 parts" in refused(made.model(calls, opset=18), tmp_path)
  proto = made.model([node("Relu", ["x"], ["y"])], shape=[1] * 1000)
  assert "an array of the shape [1, 1" in refused(proto, tmp_path)


def test_an_old_operator_set(tmp_path):
  proto = made.model([node("Relu", ["x"], ["y"])], opset=6)
  assert "operator set 6: expected at least 7" in refused(proto, tmp_path)


def test_control_flow(tmp_path):
  branch = made.helper.make_graph(
    [node("Relu", ["x"], ["b"])],
    "branch",
    [],
    [made.helper.make_tensor_value_info("b", made.FLOAT, None)],
  )
  call = node(
    "If", ["c"], ["y"], name="choice", then_branch=branch, else_branch=branch
  )
  line = refused(made.model([call], [made.number("c", 1)]), tmp_path)
  assert "model.onnx': control flow: operator If 'choice'" in line


def external(location: str, **entries) -> "onnx.ModelProto":
  proto = made.model(
    [node("Conv", ["x", "w"], ["y"])], [made.weights("w", 4, 3, 1, 1)]
  )
  weight = proto.graph.initializer[0]
  weight.ClearField("raw_data")
  weight.data_location = weight.EXTERNAL
  for key, value in {"location": location, **entries}.items():
    weight.external_data.add(key=key, value=str(value))
  return proto


def test_external_weights_are_not_read(tmp_path):
  (tmp_path / "weights.bin").write_bytes(b"\xff" * 48)
  path = made.save(external("weights.bin", offset=0, length=48), tmp_path)
  assert from_onnx(path).params == 12


@pytest.mark.parametrize(
  ("location", "expected"),
  [
    ("missing.bin", "no such file 'missing.bin'"),
    ("../outside.bin", "expected a file in the folder of the model"),
    ("/etc/hostname", "expected a file in the folder of the model"),
    ("link.bin", "expected a file in the folder of the model"),
    ("", "expected a file in the folder of the model"),
    (".", "no such file '.'"),
    ("a\0b", "is not an ONNX model"),
    ("x" * 5000, "is not an ONNX model"),
  ],
)
def test_external_weights_elsewhere(tmp_path, location, expected):
  folder = tmp_path / "folder"
  folder.mkdir()
  (tmp_path / "outside.bin").write_bytes(bytes(48))
  (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
  assert expected in refused(external(location), folder)


@pytest.mark.parametrize(
  "entries", [{"offset": 40, "length": 48}, {"length": 10**12}, {"offset": -1}]
)
def test_external_weights_that_are_too_short(tmp_path, entries):
  (tmp_path / "weights.bin").write_bytes(bytes(48))
  line = refused(external("weights.bin", **entries), tmp_path)
  assert "which has 48" in line


@pytest.mark.parametrize("offset", ["none", "9" * 5000])
def test_external_weights_without_a_place(tmp_path, offset):
  (tmp_path / "weights.bin").write_bytes(bytes(48))
  line = refused(external("weights.bin", offset=offset), tmp_path)
  assert "is not an ONNX model" in line


@pytest.mark.parametrize(
  "dims", [[1 << 29], [1 << 62, 4], [-4, -3], [1 << 30, 1 << 30]]
)
def test_a_header_of_gigabytes_over_few_numbers(tmp_path, dims):
  proto = made.small()
  weight = proto.graph.initializer[0]
  del weight.dims[:]
  weight.dims.extend(dims)
  assert "array 'w' of" in refused(proto, tmp_path)


def test_a_field_that_says_it_has_gigabytes(tmp_path):
  content = made.small().SerializeToString()
  path = tmp_path / "model.onnx"
  path.write_bytes(content + b"\x3a\xff\xff\xff\xff\x07abc")  # 2 GiB of graph
  with pytest.raises(UserError, match="it is cut off"):
    from_onnx(path)


def test_weights_without_numbers(tmp_path):
  proto = made.small()
  expected = from_onnx(made.save(proto, tmp_path))
  for each in proto.graph.initializer:
    each.ClearField("raw_data")
  assert from_onnx(made.save(proto, tmp_path)) == expected


def test_memory_does_not_depend_on_the_weights(tmp_path):
  size = 1 << 26
  proto = made.model(
    [node("Reshape", ["w", "s"], ["v"]), node("MatMul", ["x", "v"], ["y"])],
    [
      made.numpy_helper.from_array(made.np.zeros(size // 4, "float32"), "w"),
      made.whole("s", 8, -1),
    ],
  )
  path = made.save(proto, tmp_path)
  del proto
  tracemalloc.start()
  try:
    graph = from_onnx(path)
    peak = tracemalloc.get_traced_memory()[1]
  finally:
    tracemalloc.stop()
  assert graph.params == size // 4
  assert peak < 1 << 20


def test_too_much_beside_the_weights(tmp_path, monkeypatch):
  monkeypatch.setattr(wire, "MAX_COPIED", 1 << 10)
  calls = [
    node("Relu", [f"v{i}" if i else "x"], [f"v{i + 1}"]) for i in range(99)
  ]
  proto = made.model(calls, outputs=["v99"])
  assert "beside its weights" in refused(proto, tmp_path)


def function(name: str, calls) -> "onnx.FunctionProto":
  opsets = [made.helper.make_opsetid(d, 1 if d else 17) for d in ("", "own")]
  return made.helper.make_function("own", name, ["u"], ["v"], calls, opsets)


def with_functions(*functions) -> "onnx.ModelProto":
  proto = made.model(
    [node("f0", ["x"], ["y"], domain="own")], functions=functions
  )
  proto.opset_import.append(made.helper.make_opsetid("own", 1))
  return proto


def test_a_function_that_calls_itself(tmp_path):
  calls = [node("f0", ["u"], ["v"], domain="own")]
  line = refused(with_functions(function("f0", calls)), tmp_path)
  assert "function 'f0' calls itself" in line


def test_functions_that_grow_without_bound(tmp_path):
  def twice(callee: str):
    domain = "" if callee == "Relu" else "own"
    return [
      node(callee, ["u"], ["m"], domain=domain),
      node(callee, ["m"], ["v"], domain=domain),
    ]

  names = [*(f"f{i}" for i in range(1, 60)), "Relu"]
  functions = [function(f"f{i}", twice(name)) for i, name in enumerate(names)]
  line = refused(with_functions(*functions), tmp_path)
  assert f"operators: expected at most {load.MAX_NODES}" in line


def test_shapes_that_are_open_everywhere(tmp_path):
  proto = made.small()
  for extent in proto.graph.input[0].type.tensor_type.shape.dim:
    extent.dim_param = "any"
  graph = from_onnx(made.save(proto, tmp_path))
  assert [each.shape for each in graph.nodes[:3]] == [
    (0, 0, 0), (0, 0, 4), (0, 0, 4),
  ]  # fmt: skip
  assert graph.params == 166


def test_mutations(tmp_path):
  """Whatever a byte becomes: a graph, or one line."""
  content = made.small().SerializeToString()
  path = tmp_path / "model.onnx"
  read = 0
  for number in range(300):
    mutated = mutators.mutate(random.Random(f"onnx:{number}"), content)
    path.write_bytes(mutated)
    with contextlib.suppress(UserError):
      read += len(from_onnx(path).nodes) > 1
  assert 10 < read < 290
