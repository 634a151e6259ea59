"""The network that proxies look at."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import compiler, graphs
from nasjax.networks import nb201
from nasjax.networks import skeleton as flax_skeleton
from nasjax.proxies import layers, network, program, skeletons
from nasjax.spaces import registry

SMALL = skeletons.Skeleton(4, 1, 8, 4, is_residual=True)
SPACE = registry.get_space("nb201")


def graph(cell):
  cells = graphs.build(SPACE.encode(jnp.asarray(cell)[None]), prune=True)
  return network.Graph(cells.ops, cells.adjacency, cells.mask)


@functools.cache
def setup():
  """Networks, weights, images and a compiled pass."""
  networks = program.make_network(SPACE, SMALL)
  params = networks.init(jax.random.key(0))
  images = jax.random.normal(jax.random.key(1), (3, 8, 8, 4))

  def apply(params, images, graph):
    def observe(x):
      return (x > 0).astype(jnp.float32).sum((0, 1, 2))

    return networks.apply(params, images, graph, how=network.Pass(observe))

  return networks, params, images, jax.jit(apply)


def flax_params(module, params, cell):
  """Weights of the proxies' network as those of the Flax network."""
  shapes = jax.eval_shape(
    module.init, jax.random.key(0), jax.ShapeDtypeStruct((4, 8, 8, 3), "f4")
  )["params"]
  names = {2: "conv_1x1", 3: "conv_3x3"}

  def find(path, leaf):
    keys = [each.key for each in path]
    if keys[-1] != "kernel":
      return jnp.ones(leaf.shape) * (keys[-1] == "scale")
    if keys[0] == "stem":
      own = params["stem"]
    elif keys[0] == "classifier":
      own = params["classifier"]
    elif keys[0].startswith("reduction"):
      own = params[keys[0]][keys[1]]
    else:
      edge = int(keys[1].removeprefix("edge"))
      kernels = params[keys[0].removesuffix("_cell0")]
      own = kernels[names[int(cell[edge])]]["conv0"][0, 1 + edge]
    return own.reshape(leaf.shape)

  return jax.tree_util.tree_map_with_path(find, shapes)


@pytest.mark.slow
def test_it_is_the_network_of_the_benchmark():
  cell = [3, 0, 2, 1, 4, 3]  # each operation, none of them dead
  _, params, images, apply = setup()
  module = nb201.Network(tuple(cell), flax_skeleton.Skeleton(4, 1, 8))
  own = flax_params(module, params, cell)
  batch = jnp.transpose(images, (3, 1, 2, 0))

  @jax.jit
  def expect(own, batch):
    variables = {"params": own, "batch_stats": stats_of(module)}
    return module.apply(variables, batch, True, mutable=["batch_stats"])[0]

  expected = expect(own, batch)
  found = apply(params, images, graph(cell))
  np.testing.assert_allclose(found.logits.T, expected, rtol=2e-4, atol=2e-4)


def stats_of(module):
  images = jax.ShapeDtypeStruct((4, 8, 8, 3), "f4")
  shapes = jax.eval_shape(module.init, jax.random.key(0), images)
  return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), shapes["batch_stats"])


def test_relus_of_unused_operations_are_not_observed():
  _, params, images, apply = setup()
  # The only path is one skip connection: the ReLUs are those of the two
  # residual blocks (their inputs, and between their convolutions) and the last.
  found = apply(params, images, graph([0, 0, 0, 1, 0, 0]))
  stem, entry2, entry3 = (found.features[i] for i in (0, 2, 4))
  np.testing.assert_allclose(found.features[1], stem, rtol=1e-6)
  most = 4 * 64 + 8 * 16 + 8 * 16 + 16 * 4 + 16 * 4
  assert (found.observed <= most).all()
  assert entry2.shape == (8, 4, 4, 4)
  assert entry3.shape == (16, 2, 2, 4)


def test_a_dead_cell_passes_nothing_on():
  _, params, images, apply = setup()
  found = apply(params, images, graph([3, 3, 3, 0, 0, 0]))
  assert not np.asarray(found.features[1]).any()
  assert not np.asarray(found.logits).any()


def test_live_kernels_are_those_of_the_cell():
  networks, params, _, _ = setup()
  live = networks.live(graph([3, 0, 0, 0, 2, 0]))
  nodes = live["stage0"]
  shapes = jax.tree.map(lambda leaf: leaf.shape[:-2], params)
  assert jax.tree.map(lambda leaf: leaf.shape, live) == shapes
  assert nodes["conv_3x3"]["conv0"].tolist() == [[0, 1, 0, 0, 0, 0, 0, 0]]
  assert nodes["conv_1x1"]["conv0"].tolist() == [[0, 0, 0, 0, 0, 1, 0, 0]]
  assert live["stem"] == 1


def test_layers_by_hand():
  x = jnp.arange(4.0).reshape(1, 2, 2, 1)
  ones = jnp.ones((9, 1))
  assert (layers.convolve(x, ones, (3, 3)) == 6).all()
  assert (layers.convolve_channels(x, ones, (3, 3)) == 6).all()
  assert (layers.max_pool(x, (3, 3)) == 3).all()
  assert (layers.average_pool(x, (3, 3)) == 1.5).all()
  assert layers.halve(x).tolist() == [[[[1.5]]]]
  found, variance = layers.normalise(x)
  assert variance.tolist() == [1.25]
  expected = (np.arange(4) - 1.5) / np.sqrt(1.25 + layers.EPSILON)
  np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


def test_strided_and_dilated_taps():
  x = jnp.arange(25.0).reshape(1, 5, 5, 1)
  own = np.asarray(layers.taps(x, (3, 3), dilation=2)[0]).reshape(5, 5)
  assert own[2, 2] == 0
  assert own[4, 4] == 12
  strided = layers.taps(x, (3, 3), stride=2)[4].reshape(3, 3)
  assert strided.tolist() == [[0, 2, 4], [10, 12, 14], [20, 22, 24]]


def test_weights_have_the_variance_that_is_asked_for():
  for gain, uniform in ((2.0, False), (1 / 3, True)):
    own = dataclasses.replace(SMALL, gain=gain, is_uniform=uniform)
    drawn = np.asarray(own.draw(jax.random.key(0), (20_000,), 10))
    assert abs(drawn.var() * 10 / gain - 1) < 0.05
    assert uniform == (abs(drawn).max() <= (3 * gain / 10) ** 0.5)


@pytest.mark.parametrize(("is_of_layers", "number"), [(True, 17), (False, 14)])
def test_what_is_observed(is_of_layers, number):
  """Layers: stem, 3 in each of 2 blocks, 3 in each of 3 cells, classifier.

  ReLUs: 2 in each block, 3 in each cell, the last one.
  """
  networks, params, images, _ = setup()
  how = network.Pass(lambda x: jnp.ones(()), is_of_layers)
  own = graph([3, 0, 2, 1, 4, 3])
  found = compiler.jit(
    lambda params, images: (
      networks.apply(params, images, own, how=how).observed
    ),
    quick=True,
  )(params, images)
  assert found == number
