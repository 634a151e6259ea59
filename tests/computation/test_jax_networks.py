"""Flax and Equinox networks, and those of cells, as computation graphs."""

import importlib.util
import pathlib

import flax.linen as nn
import jax
import numpy as np
import pytest
from flax import nnx

import nasjax
from nasjax import computation, networks
from nasjax.computation.families import darts, nb101, nb201
from nasjax.errors import UserError

ROOT = pathlib.Path(__file__).parents[2]
BUILDERS = {"nb101": nb101, "nb201": nb201, "darts": darts}
POOLS = "|avg_pool_3x3~0|skip_connect~1|none~2|"
# Parameters and multiply-adds in millions, as they are published.
PUBLISHED = {
  "ResNet18": (11.690, 1814),
  "MobileNetV2": (3.505, 301),
  "VGG11": (132.863, 7609),
  "DenseNet121": (7.979, 2834),
}


@pytest.fixture(autouse=True)
def promotion():
  """Functions of users promote ranks, which the other tests forbid."""
  with jax.numpy_rank_promotion("allow"):
    yield


def example():
  path = ROOT / "examples" / "rank_networks.py"
  spec = importlib.util.spec_from_file_location("rank_networks", path)
  assert spec is not None
  assert spec.loader is not None
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return {type(each).__name__: each for each in module.NETWORKS}


@pytest.fixture(scope="module")
def examples():
  return example()


@pytest.mark.parametrize(
  "name",
  [
    "ResNet18",
    pytest.param("MobileNetV2", marks=pytest.mark.slow),
    "VGG11",
    pytest.param("DenseNet121", marks=pytest.mark.slow),
  ],
)
def test_well_known_networks(name, examples):
  module = examples[name]
  graph = computation.from_flax(module, (1, 224, 224, 3))
  millions, macs = PUBLISHED[name]
  assert round(graph.params / 1e6, 3) == millions
  assert round(graph.macs / 1e6) == pytest.approx(macs, abs=1)
  assert graph.unknown() == {}
  image = jax.ShapeDtypeStruct((1, 224, 224, 3), "float32")
  shapes = jax.eval_shape(module.init, jax.random.key(0), image)
  leaves = jax.tree.leaves(shapes["params"])
  assert graph.params == sum(leaf.size for leaf in leaves)


def assert_as_stitched(name, cells):
  """Asserts that Flax networks have the graphs that are stitched."""
  space = nasjax.get_space(name)
  for cell, stitched in zip(cells, BUILDERS[name].build(cells), strict=True):
    module = networks.build(space, cell)
    traced = computation.from_flax(module, (1, 32, 32, 3))
    live = computation.live(stitched)
    assert computation.difference(traced, live) == "", space.format(cell[None])
    assert traced.params == live.params
    assert stitched.params == networks.count_params(module)


@pytest.mark.parametrize(
  ("name", "arch"),
  [
    (
      "nb101",  # 43, 43 and 42 channels, a sum of a cut input
      "01110/00011/00001/00001/00000:input+conv3x3-bn-relu+"
      "maxpool3x3+conv1x1-bn-relu+output",
    ),
    (
      "nb201",
      "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
      "|none~0|nor_conv_3x3~1|skip_connect~2|",
    ),
  ],
)
def test_networks_of_cells(name, arch):
  assert_as_stitched(name, nasjax.get_space(name).parse([arch]))


@pytest.mark.slow
@pytest.mark.parametrize(
  ("name", "count"), [("nb101", 6), ("nb201", 8), ("darts", 2)]
)
def test_more_networks_of_cells(name, count):
  cells = nasjax.get_space(name).sample(count, np.random.default_rng(1))
  assert_as_stitched(name, cells)


@pytest.mark.parametrize(
  "codes",
  [
    (0, 0, 0, 0, 0, 0),  # no path at all
    (0, 0, 3, 1, 4, 1),  # a convolution of zeros
    (3, 0, 0, 1, 0, 0),  # a convolution that feeds nothing
    (2, 3, 3, 4, 0, 0),  # a pool before a normalisation
  ],
)
def test_cells_of_which_parts_are_dead(codes):
  assert_as_stitched("nb201", np.array([codes], np.int8))


def test_a_small_network_of_darts():
  space = nasjax.get_space("darts")
  cells = space.sample(2, np.random.default_rng(3))
  skeleton = networks.Skeleton.small(space)
  stitched = darts.build(cells, size=16, channels=8, cells_per_stage=1)
  for cell, other in zip(cells, stitched, strict=True):
    module = networks.build(space, cell, skeleton=skeleton)
    traced = computation.from_flax(module, (1, 16, 16, 3))
    assert traced.params == other.params
    strided = next(n for n in traced.nodes if n.operator == "conv")
    assert strided.shape == (8, 8, 24)


@pytest.mark.slow
def test_a_network_that_was_compiled_before():
  space = nasjax.get_space("nb201")
  (cell,) = space.parse(["|skip_connect~0|+|none~0|none~1|+" + POOLS])
  skeleton = networks.Skeleton(2, 1, image_size=8)
  module = networks.build(space, cell, skeleton=skeleton)
  image = jax.numpy.ones((1, 8, 8, 3))
  variables = module.init(jax.random.key(0), image)
  compiled = jax.jit(lambda x: module.apply(variables, x))
  plain = str(compiled.trace(image).jaxpr)
  graph = computation.from_jax(compiled, image)
  expected = computation.from_flax(module, image)
  assert computation.difference(graph, expected) == ""
  assert str(compiled.trace(image).jaxpr) == plain
  assert "conv_general_dilated" not in plain


def test_training_is_the_same_graph():
  space = nasjax.get_space("nb201")
  cell = space.sample(1, np.random.default_rng(0))[0]
  module = networks.build(space, cell, skeleton=networks.Skeleton.small(space))
  graphs = [
    computation.from_flax(module, (4, 16, 16, 3), train=train)
    for train in (False, True)
  ]
  assert computation.difference(*graphs) == ""


class Small(nnx.Module):
  def __init__(self, rngs):
    self.conv = nnx.Conv(3, 8, (3, 3), rngs=rngs)
    self.norm = nnx.BatchNorm(8, rngs=rngs)
    self.dropout = nnx.Dropout(0.5, rngs=rngs)
    self.head = nnx.Linear(8, 10, rngs=rngs)

  def __call__(self, x):
    x = nnx.silu(self.norm(self.conv(x)))
    return self.head(self.dropout(x.mean((1, 2))))


class Linen(nn.Module):
  @nn.compact
  def __call__(self, x, train):
    x = nn.Conv(8, (3, 3))(x)
    x = nn.silu(nn.BatchNorm(use_running_average=not train)(x))
    x = nn.Dropout(0.5, deterministic=not train)(x.mean((1, 2)))
    return nn.Dense(10)(x)


def test_flax_nnx_and_linen_are_the_same():
  linen = computation.from_flax(Linen(), (2, 8, 8, 3), train=False)
  assert [node.operator for node in linen.nodes] == [
    "input", "conv", "batch_norm", "swish", "global_avg_pool", "linear",
    "output",
  ]  # fmt: skip
  module = Small(nnx.Rngs(0))
  abstract = nnx.eval_shape(lambda: Small(nnx.Rngs(0)))
  for other in (module, abstract):
    graph = computation.from_flax(other, (2, 8, 8, 3))
    assert computation.difference(linen, graph) == ""
  module.eval()
  held = computation.from_jax(module, (2, 8, 8, 3))
  assert computation.difference(linen, held) == ""
  assert linen.params == 3 * 9 * 8 + 8 + 16 + 90


def test_from_flax_wants_a_module():
  with pytest.raises(UserError, match="expected a flax"):
    computation.from_flax(lambda x: x, (1, 4))
  with pytest.raises(UserError, match="cannot be initialised"):
    computation.from_flax(Linen(), (2, 8, 8, 3))


def test_equinox():
  eqx = pytest.importorskip("equinox", reason="Equinox is not installed")
  keys = jax.random.split(jax.random.key(0), 2)
  model = eqx.nn.Sequential(
    [
      eqx.nn.Conv2d(3, 8, 3, padding=1, key=keys[0]),
      eqx.nn.GroupNorm(4, 8),
      eqx.nn.Lambda(jax.nn.gelu),
      eqx.nn.MaxPool2d(2, 2),
      eqx.nn.Lambda(lambda x: x.reshape(-1)),
      eqx.nn.Linear(128, 10, key=keys[1]),
    ]
  )
  one = computation.from_jax(model, (3, 8, 8))
  assert [(node.operator, node.shape) for node in one.nodes] == [
    ("input", (8, 8, 3)),
    ("conv", (8, 8, 8)),
    ("group_norm", (8, 8, 8)),
    ("gelu", (8, 8, 8)),
    ("max_pool", (4, 4, 8)),
    ("linear", (10,)),
    ("output", (10,)),
  ]
  assert one.params == 3 * 9 * 8 + 8 + 16 + 1290
  batch = computation.from_jax(jax.vmap(model), (5, 3, 8, 8))
  assert computation.difference(one, batch) == ""
