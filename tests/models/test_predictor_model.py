"""Predictor A: invariances, ablations, and the two graph convolutions."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import errors, graphs
from nasjax.models import gcn, layers, transformer
from nasjax.spaces import registry as spaces
from nasjax.systems import registry

SMALL = {
  "name": "architecture",
  "width": 16,
  "num_heads": 8,
  "num_layers": 1,
  "ffn_width": 16,
  "encoder_layers": 1,
  "predictor_layers": 2,
  "gcn_width": 12,
  "head_width": 8,
}


def _cells(name, num, rng, **how):
  space = spaces.get_space(name)
  return tiny.cells(space, space.sample(num, rng), **how)


def _model_and_params(cells, **fields):
  model = registry.create_model({**SMALL, **fields})
  one = jax.tree.map(lambda field: field[0], cells)
  return model, _programs(model)[0](jax.random.key(0), one)


def _apply(model, params, cells):
  return _programs(model)[1](params, cells)


@functools.cache
def _programs(model):
  """What draws parameters, and what scores cells with them."""
  apply = jax.vmap(model.apply, in_axes=(None, 0))
  return jax.jit(model.init), jax.jit(apply)


@pytest.mark.slow
@pytest.mark.parametrize(
  ("name", "adjacency"), [("nb201", "raw"), ("darts", "norm")]
)
def test_dense_equals_jraph_with_the_same_parameters(name, adjacency, rng):
  cells = _cells(name, 6, rng)
  fields = {"adjacency": adjacency, "bidirectional": True}
  dense, params = _model_and_params(cells, **fields)
  other, others = _model_and_params(cells, **fields, implementation="jraph")
  jax.tree.map(np.testing.assert_array_equal, params, others)
  first, second = _apply(dense, params, cells), _apply(other, params, cells)
  scale = float(jnp.abs(first).max())
  np.testing.assert_allclose(first / scale, second / scale, atol=1e-5)


def test_aggregate_reads_along_the_rows_of_the_adjacency():
  adjacency = jnp.array([[0.0, 2.0], [0.0, 0.0]])
  nodes = jnp.array([[1.0, 1.0], [3.0, 5.0]])
  for aggregate in gcn.AGGREGATE.values():
    np.testing.assert_array_equal(
      aggregate(adjacency, nodes), [[6.0, 10.0], [0.0, 0.0]]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
  ("attention", "adjacency", "encoder"),
  [
    ("all", "raw", "gcn"),
    ("structural", "norm", "gcn"),
    ("relations", "norm", "flow"),
  ],
)
def test_padding_changes_nothing(attention, adjacency, encoder, rng):
  cells = _cells("nb201", 8, rng)
  fields = {
    "encoder": encoder,
    "attention": attention,
    "adjacency": adjacency,
    "position": False,
    "bidirectional": True,
  }
  model, params = _model_and_params(cells, **fields)
  wider = graphs.CellGraphs(
    ops=jnp.pad(cells.ops, ((0, 0), (0, 3))),
    details=jnp.pad(cells.details, ((0, 0), (0, 3), (0, 0))),
    adjacency=jnp.pad(cells.adjacency, ((0, 0), (0, 3), (0, 3))),
    mask=jnp.pad(cells.mask, ((0, 0), (0, 3))),
  )
  np.testing.assert_allclose(
    _apply(model, params, cells), _apply(model, params, wider), rtol=2e-5
  )


@pytest.mark.parametrize("attention", ["structural", "relations"])
def test_node_order_changes_nothing_without_position(attention, rng):
  cells = _cells("nb201", 8, rng)
  fields = {"position": False, "attention": attention, "adjacency": "norm"}
  model, params = _model_and_params(cells, **fields)
  order = rng.permutation(8)
  shuffled = graphs.CellGraphs(
    ops=cells.ops[:, order],
    details=cells.details[:, order],
    adjacency=cells.adjacency[:, order][:, :, order],
    mask=cells.mask[:, order],
  )
  np.testing.assert_allclose(
    _apply(model, params, cells), _apply(model, params, shuffled), rtol=2e-5
  )


@pytest.mark.slow
@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("attention", "structural"),
    ("attention", "relations"),
    ("adjacency", "norm"),
    ("graph", "inference"),
    ("head", "mlp"),
    ("encoding", "onehot"),
    ("bidirectional", True),
    ("position", False),
    ("encoder_layers", 0),
    ("encoder", "flow"),
  ],
)
def test_every_ablation_changes_the_score(field, value, rng):
  cells = _cells("nb201", 4, rng)
  base, base_params = _model_and_params(cells)
  other, params = _model_and_params(cells, **{field: value})
  first, second = _apply(base, base_params, cells), _apply(other, params, cells)
  assert np.isfinite(second).all()
  assert not np.allclose(first, second)


def test_functions_where_there_are_none(rng):
  with pytest.raises(errors.UserError, match="compute the same function"):
    _cells("darts", 2, rng, by_function=True)
  fields = {"functions": True, "features": "head", "paths": True}
  with pytest.raises(errors.UserError, match="paths=False and edges=False"):
    registry.create_model({**SMALL, **fields})
  with pytest.raises(errors.UserError, match="a function has"):
    _cells("nb201", 2, rng, by_function=True, only=("graph", "paths"))


def test_edge_features_stand_beside_the_graph_features(rng):
  cells = _cells("darts", 3, rng, only=("graph", "edges"))
  assert cells.features["edges"].shape == (3, 196)
  fields = {"features": "head", "edges": True, "width": 8, "num_heads": 2}
  model, params = _model_and_params(cells, **fields)
  kernel = params["params"]["feature_hidden"]["kernel"]
  assert kernel.shape[0] == cells.features["graph"].shape[-1] + 196
  edges = jnp.zeros((3, 196))
  features = {**cells.features, "edges": edges}
  blank = dataclasses.replace(cells, features=features)
  first, second = _apply(model, params, cells), _apply(model, params, blank)
  assert not np.allclose(first, second)


def test_space_without_edge_features(rng):
  with pytest.raises(errors.UserError, match="a space with edge features"):
    _cells("nb201", 3, rng, only=("graph", "edges"))


def test_dropout_needs_a_key_only_in_training(rng):
  cells = _cells("nb201", 1, rng)
  model, params = _model_and_params(cells, dropout_rate=0.5)
  one = jax.tree.map(lambda field: field[0], cells)
  apply = jax.jit(model.apply)
  still = apply(params, one)

  @jax.jit
  def train(seed):
    key = jax.random.key(seed)
    return model.apply(params, one, train=True, rngs={"dropout": key})

  assert float(train(1)) == float(train(1))
  assert float(train(1)) != float(train(2))
  assert float(still) == float(apply(params, one))


def test_dropout_rate_and_mean():
  layer = layers.Dropout(0.1)
  ones = jnp.ones((400, 400))
  got = layer.apply({}, ones, train=True, rngs={"dropout": jax.random.key(0)})
  dropped = float((got == 0).mean())
  assert abs(dropped - 26 / 256) < 0.004  # 0.1 rounds to 26 bytes of 256
  np.testing.assert_allclose(got[got > 0], 256 / 230, rtol=1e-6)
  np.testing.assert_array_equal(layer.apply({}, ones, train=False), ones)


def test_structural_heads_see_ancestors_descendants_or_all():
  chain = jnp.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])
  scopes = transformer.head_scopes(chain, jnp.ones(3), 8, "structural")
  lower, upper = np.tril(np.ones((3, 3))), np.triu(np.ones((3, 3)))
  for head in range(8):
    expected = lower if head < 3 else upper if head < 6 else np.ones((3, 3))
    np.testing.assert_array_equal(scopes[head], expected)


def test_relations_of_a_diamond_with_padding():
  # 0 feeds 1 and 2, which feed 3; 4 is padding.
  diamond = np.zeros((5, 5), np.float32)
  diamond[[0, 0, 1, 2], [1, 2, 3, 3]] = 1
  mask = jnp.array([1.0, 1, 1, 1, 0])
  seen = {
    "everywhere": ["0123", "0123", "0123", "0123"],
    "descendants": ["0123", "13", "23", "3"],
    "ancestors": ["0", "01", "02", "0123"],
    "fed": ["012", "13", "23", "3"],
    "feeding": ["0", "01", "02", "123"],
    "common feeding": ["0", "12", "12", "3"],
    "common fed": ["0", "12", "12", "3"],
    "again": ["0123", "0123", "0123", "0123"],
  }
  scopes = transformer.relation_scopes(jnp.asarray(diamond), mask)
  assert scopes.shape == (8, 5, 5)
  for scope, rows in zip(scopes, seen.values(), strict=True):
    for row, columns in enumerate(rows):
      expected = np.isin(np.arange(5), [int(column) for column in columns])
      np.testing.assert_array_equal(scope[row], expected)
    assert not scope[:, 4].any()


def test_two_heads_with_different_common_nodes():
  # 0 feeds 1 and 2; 1 feeds 3, 2 feeds nothing: a common feeding node alone.
  graph = np.zeros((4, 4), np.float32)
  graph[[0, 0, 1], [1, 2, 3]] = 1
  scopes = transformer.relation_scopes(jnp.asarray(graph), jnp.ones(4))
  assert scopes[5, 1, 2] == 1
  assert scopes[6, 1, 2] == 0


@pytest.mark.parametrize("num_heads", [2, 8, 12])
def test_heads_take_turns_at_the_relations(num_heads):
  chain = jnp.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])
  scopes = transformer.head_scopes(chain, jnp.ones(3), num_heads, "relations")
  relations = transformer.relation_scopes(chain, jnp.ones(3))
  assert scopes.shape == (num_heads, 3, 3)
  for head in range(num_heads):
    np.testing.assert_array_equal(scopes[head], relations[head % 8])


def test_attention_equals_the_textbook_formula(rng):
  nodes = jnp.asarray(rng.normal(size=(5, 16)), jnp.float32)
  scopes = jnp.asarray(rng.random((4, 5, 5)) < 0.7, jnp.float32)
  scopes = jnp.maximum(scopes, jnp.eye(5)[None])
  layer = transformer.SelfAttention(num_heads=4)
  params = layer.init(jax.random.key(1), nodes, scopes)

  def dense(name, inputs):
    part = jax.tree.map(np.asarray, params["params"][name])
    return np.asarray(inputs) @ part["kernel"] + part.get("bias", 0.0)

  query, key, value = (dense(n, nodes) for n in ("query", "key", "value"))
  mixed = np.zeros((5, 16), np.float32)
  for head in range(4):
    columns = slice(4 * head, 4 * head + 4)
    logits = query[:, columns] @ key[:, columns].T / 2
    weights = np.exp(logits) * scopes[head]
    weights /= weights.sum(1, keepdims=True)
    mixed[:, columns] = weights @ value[:, columns]
  np.testing.assert_allclose(
    layer.apply(params, nodes, scopes), dense("output", mixed), atol=2e-6
  )


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"name": "nope"}, "unknown model 'nope'"),
    ({"name": "architecture", "heads": 3}, "unknown field of config.model"),
    ({"name": "architecture", "head": "cnn"}, "unknown config.model.head"),
    ({"name": "architecture", "width": 30}, "multiple of num_heads"),
    ({"name": "architecture", "edges": True}, "edges: expected False where"),
  ],
)
def test_bad_model_configs(fields, message):
  with pytest.raises(errors.UserError, match=message):
    registry.create_model(fields)


def test_kinds_that_enter_distances_stand_first():
  fields = {**SMALL, "features": "head"}
  by_field = registry.create_model({**fields, "paths": True, "edges": True})
  by_name = registry.create_model({**fields, "extra_kinds": "edges,paths"})
  assert by_field.reads.kinds == by_name.reads.kinds
  assert by_name.reads.kinds == ("graph", "paths", "edges")


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"extra_kinds": "nope"}, "unknown config.model.extra_kinds 'nope'"),
    ({"extra_kinds": "graph"}, "'graph' again"),
    ({"extra_kinds": "paths,paths"}, "'paths' again"),
    ({"extra_kinds": "paths", "paths": True}, "'paths' again"),
    ({"extra_kinds": "paths,"}, "unknown config.model.extra_kinds ''"),
  ],
)
def test_extra_kinds_are_checked(fields, message):
  with pytest.raises(errors.UserError, match=message):
    registry.create_model({**SMALL, "features": "head", **fields})
