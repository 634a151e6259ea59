"""ONNX files that tests build."""

import pathlib

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
FLOAT = onnx.TensorProto.FLOAT


def weights(name: str, *shape: int) -> "onnx.TensorProto":
  values = np.random.default_rng(len(name)).normal(size=shape)
  return numpy_helper.from_array(values.astype(np.float32), name)


def whole(name: str, *values: int) -> "onnx.TensorProto":
  return numpy_helper.from_array(np.asarray(values, np.int64), name)


def number(name: str, value: float) -> "onnx.TensorProto":
  return numpy_helper.from_array(np.asarray(value, np.float32), name)


def model(
  nodes,
  initialisers=(),
  *,
  shape=("n", 3, 8, 8),
  outputs=("y",),
  opset: int = 17,
  **fields,
) -> "onnx.ModelProto":
  """A model with the input `x`; what it returns has no stated shape."""
  graph = helper.make_graph(
    list(nodes),
    "network",
    [helper.make_tensor_value_info("x", FLOAT, shape)],
    [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
    list(initialisers),
  )
  opsets = [helper.make_opsetid("", opset)]
  return helper.make_model(graph, opset_imports=opsets, **fields)


def save(proto, folder: pathlib.Path, name: str = "model.onnx") -> pathlib.Path:
  path = folder / name
  path.write_bytes(proto.SerializeToString())
  return path


def small() -> "onnx.ModelProto":
  """A convolution, its normalisation, an activation and a linear layer."""
  node = helper.make_node
  return model(
    [
      node("Conv", ["x", "w"], ["a"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
      node("BatchNormalization", ["a", "s", "b", "m", "v"], ["c"]),
      node("Relu", ["c"], ["d"]),
      node("GlobalAveragePool", ["d"], ["e"]),
      node("Flatten", ["e"], ["f"]),
      node("Gemm", ["f", "u", "t"], ["y"], transB=1),
    ],
    [
      weights("w", 4, 3, 3, 3),
      *(weights(name, 4) for name in "sbmv"),
      weights("u", 10, 4),
      weights("t", 10),
    ],
  )
