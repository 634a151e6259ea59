"""`nasjax.rank`: networks of all sources, notes, mistakes."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import nasjax
from nasjax import computation
from nasjax.computation import measures
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.errors import UserError
from nasjax.systems.gennape import ranker

SHAPE = (16, 16, 3)


class Plain(nn.Module):
  """Convolutions and a classifier."""

  width: int

  @nn.compact
  def __call__(self, x):
    for _ in range(3):
      x = nn.relu(nn.Conv(self.width, (3, 3))(x))
    return nn.Dense(10)(x.mean((1, 2)))


class Linear(nnx.Module):
  """One layer."""

  def __init__(self):
    self.layer = nnx.Linear(3, 4, rngs=nnx.Rngs(0))

  def __call__(self, x):
    return self.layer(x.mean((1, 2)))


def function(x):
  return jnp.tanh(x).mean((1, 2, 3))


def graph(width: int) -> ComputationGraph:
  return computation.from_flax(Plain(width), (1, *SHAPE))


def test_a_ranking_is_shown_as_a_table_and_a_graph_as_a_line():
  found = nasjax.rank({"narrow": graph(8), "wide": graph(64)})
  head, *rows = repr(found).splitlines()
  assert head.split()[0] == "rank"
  assert head.split()[-1] == "model"
  assert [row.split()[-1] for row in rows] == ["wide", "narrow"]
  assert f"{graph(64).params:,}" in rows[0]
  nodes = len(graph(8).nodes)
  assert repr(graph(8)).startswith(f"ComputationGraph('Plain', {nodes} nodes")


def test_sources_are_mixed_and_in_the_order_given():
  networks = [Plain(8), (Plain(8), SHAPE), graph(8), Linear(), function]
  found = nasjax.rank(networks, shape=SHAPE)
  assert found.names == (
    "Plain (1)", "Plain (2)", "Plain (3)", "Linear", "function",
  )  # fmt: skip
  assert found.graphs[0] == found.graphs[1] == found.graphs[2]
  assert found.scores[:3] == pytest.approx(found.scores[0], rel=1e-12)
  expected = ranker.load().score([graph(8)])
  assert found.scores[0] == pytest.approx(expected.scores[0], rel=1e-12)
  np.testing.assert_allclose(
    found.membership[0], expected.membership[0], rtol=1e-5
  )
  assert found.params.tolist()[3:] == [16, 0]
  assert found.macs[3] == 12
  assert len(found.spread) == len(found.novelty) == len(found.notes) == 5


def test_shapes_are_any_whole_numbers():
  shapes = [np.array(SHAPE), list(SHAPE), tuple(np.array(SHAPE))]
  found = nasjax.rank([(Plain(4), shape) for shape in shapes])
  assert len(set(found.macs.tolist())) == 1


def test_a_wider_network_comes_first():
  found = nasjax.rank({"small": Plain(4), "large": Plain(64)}, shape=SHAPE)
  assert [found.names[i] for i in found.order] == ["large", "small"]
  assert found.scores[1] > found.scores[0]


def test_a_score_does_not_depend_on_the_others():
  alone = nasjax.rank([graph(8)]).scores
  together = nasjax.rank([graph(4), graph(8), graph(16)]).scores
  assert alone[0] == pytest.approx(together[1], rel=1e-12)


def test_equal_networks_keep_their_order():
  found = nasjax.rank([graph(8)] * 3)
  assert found.order.tolist() == [0, 1, 2]
  rounded = found.scores + np.array([0, 1e-13, 2e-13])
  again = dataclasses.replace(found, scores=rounded)
  assert again.order.tolist() == [0, 1, 2]


def test_onnx_files_and_shapes(tmp_path):
  made = pytest.importorskip("tests.computation.onnx_files")
  call = made.helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])
  arrays = [made.weights("w", 4, 3, 1, 1)]
  open_ = made.model([call], arrays, shape=("n", 3, "h", "w"))
  fixed = made.model([call], arrays)
  paths = [
    str(made.save(open_, tmp_path, "open.onnx")),
    made.save(fixed, tmp_path, "fixed.onnx"),
  ]
  found = nasjax.rank([*paths, (paths[0], (5, 7, 3))], shape=SHAPE)
  assert found.macs.tolist() == [16 * 16 * 12, 8 * 8 * 12, 5 * 7 * 12]
  assert found.names[1] == str(paths[1])
  assert "open extents" in "".join(nasjax.rank(paths).notes[0])
  with pytest.raises(UserError, match=r"channels last: \(8, 8, 3\)"):
    nasjax.rank([(paths[1], (9, 9, 3))])


def test_notes_say_what_speaks_against_a_score():
  image, vector = Node("input", (8, 8, 3)), Node("input", (8,))
  conv = Node("conv", (8, 8, 4), (0,), kernel=(3, 3), params=108, macs=6912)
  odd = Node("other", (), (0,), name="Foo")
  dead = (image, Node("constant", (4,)), Node("output", (4,), (1,)))
  nodes = {
    "odd": (image, conv, odd, Node("output", (8, 8, 4), (2,))),
    "vector": (vector, Node("linear", (4,), (0,)), Node("output", (4,), (1,))),
    "dead": dead,
  }
  found = nasjax.rank({k: ComputationGraph(v) for k, v in nodes.items()})
  notes = dict(zip(found.names, found.notes, strict=True))
  assert "operators that are not known: 'Foo' (1)" in notes["odd"]
  assert "no input is an image (height, width, channels)" in notes["vector"]
  assert "its output depends on no input" in notes["dead"]
  assert found.scores[2] == ranker.DEAD


def test_known_families_are_near_and_others_far():
  from nasjax.computation.families import nb201

  space = nasjax.get_space("nb201")
  cells = space.sample(3, np.random.default_rng(0))
  near = nasjax.rank(nb201.build(cells))
  far = "unlike the networks that were learnt from (novelty above 1)"
  for notes, novelty in zip(near.notes, near.novelty, strict=True):
    assert (far in notes) == (novelty > 1)
  assert (near.novelty < 1).any()
  assert far in nasjax.rank([(function, SHAPE)]).notes[0]


def test_more_pixels_inside_than_at_the_input():
  """A transposed convolution makes an image larger than the input."""
  nodes = (
    Node("input", (8, 8, 3)),
    Node("transposed_conv", (64, 64, 4), (0,), kernel=(8, 8), stride=(8, 8)),
    Node("conv", (64, 64, 4), (1,), kernel=(3, 3)),
    Node("conv", (8, 8, 4), (2,), kernel=(3, 3), stride=(8, 8)),
    Node("output", (8, 8, 4), (3,)),
  )
  assert np.isfinite(measures.of_graphs([ComputationGraph(nodes)])).all()


@pytest.mark.parametrize(
  ("networks", "expected"),
  [
    ([], "expected at least one network, got none"),
    ({}, "expected at least one network, got none"),
    ("a.onnx", "expected a list of networks, got 'a.onnx'"),
    (graph(4), "expected a list of networks"),
    ([3], "expected the name of an ONNX file, .* got 3"),
    ([Plain(4)], "expected the shape of one input"),
    ([(Plain(4), (8, 8, -1))], "without the batch, .* got"),
    ([(Plain(4), 8)], "without the batch, .* got 8"),
    (["missing.onnx"], "no such file: 'missing.onnx'"),
    ([(Plain(4), (8,))], "cannot be initialised"),
    ([(Plain(4), (1, 8, 8, 3))], "without the batch, .* got"),
    (Plain(4), "expected a list of networks, got Plain"),
    (function, "expected a list of networks"),
    (None, "expected a list of networks, got None"),
    ([Plain], "a Flax module or a function, got <class"),
  ],
)
def test_mistakes(networks, expected):
  with pytest.raises(UserError, match=expected) as raised:
    nasjax.rank(networks)
  assert "\n" not in str(raised.value)
