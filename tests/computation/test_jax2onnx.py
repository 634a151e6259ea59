"""Flax networks, exported as ONNX and read again.

They need the extra `roundtrip`.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nasjax
from nasjax import computation, networks
from nasjax.computation.graph import ComputationGraph
from nasjax.networks import layers

CELLS = {
  "nb101": "01110/00011/00001/00001/00000:input+conv3x3-bn-relu+"
  "maxpool3x3+conv1x1-bn-relu+output",
  "nb201": "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
  "|none~0|nor_conv_3x3~1|skip_connect~2|",
}
# Sources and operations: separable and dilated convolutions, pools, skips. The
# exporter writes an average pool of stride 2 that leaves padding out as others.
DARTS = [(0, 4), (1, 6), (0, 5), (2, 7), (1, 3), (3, 2), (0, 1), (4, 3)]


def tidied(graph: ComputationGraph) -> ComputationGraph:
  """Joins equal operators of one input, and drops sums with one input.

  An exporter computes what occurs twice once, and keeps what adds zeros.
  """
  nodes, places, known = [], {}, {}
  for index, node in enumerate(graph.nodes):
    inputs = tuple(places[each] for each in node.inputs)
    if node.operator == "add" and len(inputs) == 1:
      places[index] = inputs[0]
      continue
    node = dataclasses.replace(node, inputs=inputs)
    key = node if not node.params else index
    if key not in known:
      known[key] = len(nodes)
      nodes.append(node)
    places[index] = known[key]
  return ComputationGraph(tuple(nodes), graph.name)


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_exported_networks_are_the_same_graph(name, tmp_path):
  reason = "needs the extra roundtrip"
  exporter = pytest.importorskip("jax2onnx", reason=reason)
  onnx = pytest.importorskip("onnx", reason="the extra onnx")
  space = nasjax.get_space(name)
  if name == "darts":
    cell = np.array([DARTS, [(0, 1), (1, 1), *DARTS[:6]]], np.int8).ravel()
    assert space.is_valid(cell[None])[0]
  else:
    cell = space.parse([CELLS[name]])[0]
  skeleton = networks.Skeleton.small(space)
  module = networks.build(space, cell, skeleton=skeleton)
  image = jax.ShapeDtypeStruct((1, 16, 16, 3), jnp.float32)
  shapes = jax.eval_shape(module.init, jax.random.key(0), image)
  rng = np.random.default_rng(0)
  variables = jax.tree.map(
    lambda leaf: jnp.asarray(1 + rng.random(leaf.shape, np.float32)), shapes
  )
  with layers.single_primitives():
    model = exporter.to_onnx(lambda x: module.apply(variables, x), [image])
  onnx.save(model, tmp_path / "network.onnx")
  read = tidied(computation.from_onnx(tmp_path / "network.onnx"))
  traced = computation.from_flax(module, image)
  assert computation.difference(read, tidied(traced)) == ""
  assert read.params == networks.count_params(module)
