"""Compared predictors: formulas, invariances, padding, sizes, gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import errors, graphs
from nasjax.spaces import registry as spaces
from nasjax.systems import registry
from nasjax.systems.baselines import gmae, neural_predictor, pinat

SMALL = {
  "mlp": {"width": 8},
  "neural_predictor": {"width": 8, "head_width": 8},
  "tnasp": {"width": 8, "num_heads": 2, "num_layers": 1, "ffn_width": 8},
  "pinat": {
    "width": 8,
    "key_width": 4,
    "num_layers": 1,
    "ffn_width": 8,
    "set_width": 4,
    "embed_heads": 2,
  },
  "gmae": {"width": 8, "num_heads": 2, "num_layers": 2, "head_width": 8},
}
COMPARED = tuple(SMALL)
INVARIANT = ("neural_predictor", "gmae")
PADDED = tuple(name for name in COMPARED if name != "mlp")


def _cells(name, num, rng, prune=True):
  space = spaces.get_space(name)
  genotypes = jnp.asarray(space.sample(num, rng))
  return tiny.cells(space, genotypes, prune=prune, only=())


@functools.cache
def _model_and_params(name, **fields):
  """A small model with random parameters for graphs of eight nodes."""
  model = registry.create_model({"name": name, **SMALL[name], **fields})
  one = graphs.CellGraphs(
    jnp.zeros(8, jnp.int32),
    jnp.zeros((8, graphs.NUM_DETAILS)),
    jnp.zeros((8, 8)),
    jnp.ones(8),
  )
  return model, jax.jit(model.init)(jax.random.key(0), one)


@functools.cache
def _scorer(model):
  return jax.jit(jax.vmap(model.apply, in_axes=(None, 0)))


def _apply(model, params, cells):
  return _scorer(model)(params, cells)


def _renumber(cells, order):
  return graphs.CellGraphs(
    ops=cells.ops[:, order],
    details=cells.details[:, order],
    adjacency=cells.adjacency[:, order][:, :, order],
    mask=cells.mask[:, order],
  )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tnasp", "pinat"])
def test_the_laplacian_alone_sees_the_numbering(name, rng):
  cells = _cells("nb201", 8, rng)
  shuffled = _renumber(cells, rng.permutation(8))
  gap = {}
  for position in (True, False):
    model, params = _model_and_params(name, position=position)
    first, second = (_apply(model, params, each) for each in (cells, shuffled))
    gap[position] = np.abs(first - second).max()
  assert gap[False] < 1e-5 < 1e-3 < gap[True]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_gradients_are_finite_without_edges(name):
  space = spaces.get_space("nb201")
  nothing = jnp.zeros((1, 6), jnp.int8)  # every operation is `none`
  cells = tiny.cells(space, nothing, only=())
  assert float(cells.adjacency.sum()) == 0
  model, params = _model_and_params(name)

  @jax.jit
  @jax.value_and_grad
  def loss(params, cell):
    return (model.apply(params, cell) - 1.0) ** 2

  pruned = jax.tree.map(lambda field: field[0], cells)
  for cell in (pruned, jax.tree.map(jnp.zeros_like, pruned)):
    value, gradient = loss(params, cell)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
  ("name", "expected"),
  [
    ("mlp", 166_145),
    ("neural_predictor", 105_089),
    ("tnasp", 156_993),
    ("pinat", 555_744),  # published: 0.55 M
    ("gmae", 74_785),
  ],
)
def test_number_of_parameters_on_nb101(name, expected):
  model = registry.create_model(registry.default_fields(name))
  one = graphs.CellGraphs(
    jax.ShapeDtypeStruct((7,), jnp.int32),
    jax.ShapeDtypeStruct((7, graphs.NUM_DETAILS), jnp.float32),
    jax.ShapeDtypeStruct((7, 7), jnp.float32),
    jax.ShapeDtypeStruct((7,), jnp.float32),
  )
  shapes = jax.eval_shape(model.init, jax.random.key(0), one)
  assert sum(leaf.size for leaf in jax.tree.leaves(shapes)) == expected


def test_bidirectional_layer_equals_the_formula(rng):
  cell = graphs.CellGraphs(
    ops=jnp.array([0, 5, 1, 0]),
    details=jnp.zeros((4, 16)),
    adjacency=jnp.zeros((4, 4)).at[0, 1].set(1).at[0, 2].set(1).at[1, 2].set(1),
    mask=jnp.array([1.0, 1, 1, 0]),
  )
  layer = neural_predictor.BidirectionalGCN(3, 1, 0.0)
  params = layer.init(jax.random.key(0), cell, train=False)
  kernels = params["params"]
  down = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
  down = down / np.maximum(down.sum(1, keepdims=True), 1)
  up = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
  up = up / np.maximum(up.sum(1, keepdims=True), 1)
  rows = np.array([0, 5, 1])
  expected = 0
  for name, matrix in (("forward_0", down), ("backward_0", up)):
    message = np.zeros((4, 3))
    message[:3] = np.asarray(kernels[name]["kernel"])[rows]
    expected = expected + np.maximum(matrix @ message, 0) / 2
  np.testing.assert_allclose(
    layer.apply(params, cell, train=False), expected, atol=1e-6
  )


def test_set_convolution_adds_over_feeders_and_itself(rng):
  adjacency = jnp.zeros((3, 3)).at[0, 2].set(1).at[1, 2].set(1)
  mask = jnp.ones(3)
  cell = graphs.CellGraphs(
    jnp.zeros(3, jnp.int32), jnp.zeros((3, 16)), adjacency, mask
  )
  reads = pinat.sources(cell)
  np.testing.assert_array_equal(reads, [[1, 0, 0], [0, 1, 0], [1, 1, 1]])
  nodes = jnp.asarray(rng.normal(size=(3, 5)), jnp.float32)
  layer = pinat.SetConvolution(4, 2)
  params = layer.init(jax.random.key(0), nodes, reads)
  swapped = nodes[jnp.array([1, 0, 2])]
  first, second = (layer.apply(params, x, reads) for x in (nodes, swapped))
  np.testing.assert_allclose(first[2], second[2], atol=1e-6)
  np.testing.assert_allclose(first[0], second[1], atol=1e-6)
  assert np.abs(first[0] - first[1]).max() > 1e-3
  assert first.shape == (3, 8)


@pytest.mark.parametrize("concat", [True, False])
def test_set_convolution_equals_its_sums(concat, rng):
  width, heads, nodes = 4, 3, rng.normal(size=(5, 6)).astype(np.float32)
  reads = np.tril(np.ones((5, 5), np.float32))
  layer = pinat.SetConvolution(width, heads, concat)
  params = layer.init(jax.random.key(0), nodes, reads)
  params = jax.tree.map(  # biases are no longer zero
    lambda leaf: leaf + rng.normal(size=leaf.shape).astype(np.float32), params
  )
  own = {
    name: np.asarray(p)
    for name, p in params["params"].items()
    if name != "dense"
  }
  both = nodes @ np.asarray(params["params"]["dense"]["kernel"])

  def leaky(x):
    return np.where(x > 0, x, 0.2 * x)

  per_head = np.zeros((5, width, heads))
  for f in range(width):
    mix = own["weights"][f, :9].reshape(heads, heads)
    gain, scale = own["weights"][f, 9:12], own["weights"][f, 12]
    element = both[:, f * heads : (f + 1) * heads]
    element = leaky(element * scale + own["shift"][f])
    per_head[:, f] = leaky(reads @ element @ mix + own["bias"][f]) * gain
  rest = both[:, width * heads :] + own["own_bias"]
  joined = per_head.reshape(5, -1) if concat else per_head.sum(axis=2)
  np.testing.assert_allclose(
    layer.apply(params, nodes, reads), joined + rest, rtol=1e-4, atol=1e-5
  )


def test_graph_attention_equals_the_textbook_formula(rng):
  nodes = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)
  visible = jnp.asarray(rng.random((4, 4)) < 0.5, jnp.float32)
  visible = visible.at[jnp.arange(3), jnp.arange(3)].set(1).at[3].set(0)
  layer = gmae.GraphAttention(width=2, num_heads=3)
  params = layer.init(jax.random.key(1), nodes, visible)
  own = {
    name: np.asarray(each)
    for name, each in params["params"].items()
    if name != "value"
  }
  kernel = np.asarray(params["params"]["value"]["kernel"]).reshape(3, 3, 2)
  expected = np.zeros((4, 2))
  for head in range(3):
    value = np.asarray(nodes) @ kernel[:, head]
    logits = (value @ own["reader"][head])[:, None] + value @ own["source"][
      head
    ]
    weights = np.exp(np.where(logits > 0, logits, 0.2 * logits)) * visible
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-30)
    expected += weights @ value / 3
  np.testing.assert_allclose(
    layer.apply(params, nodes, visible), expected, atol=1e-6
  )


def test_frozen_encoder_has_no_gradient_and_the_head_has_one(rng):
  cells = _cells("nb201", 1, rng)
  one = jax.tree.map(lambda field: field[0], cells)
  model, params = _model_and_params("gmae", freeze_encoder=True)
  gradient = jax.grad(lambda params: model.apply(params, one))(params)["params"]
  sizes = {
    name: max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(part))
    for name, part in gradient.items()
  }
  moving = {name for name, size in sizes.items() if size > 0}
  assert moving == {"head_hidden", "head_output"}


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"name": "pinat", "heads": 3}, "unknown field of config.model 'heads'"),
    ({"name": "gmae", "encoding": "hyper"}, "unknown field of config.model"),
    ({"name": "pinat", "num_heads": 3}, "even number"),
    ({"name": "tnasp", "width": 30}, "multiple of num_heads = 8, got 30"),
  ],
)
def test_bad_fields_of_compared_models(fields, message):
  with pytest.raises(errors.UserError, match=message) as raised:
    registry.create_model(fields)
  assert "\n" not in str(raised.value)


def test_every_model_is_made_from_its_default_fields():
  for name in registry.model_names():
    fields = registry.default_fields(name)
    assert fields["name"] == name
    made = registry.create_model(fields)
    assert all(getattr(made, f) == v for f, v in fields.items() if f != "name")
  with pytest.raises(errors.UserError, match="unknown model 'nope'"):
    registry.default_fields("nope")
