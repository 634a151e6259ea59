"""What every registered system promises, through one table."""

import dataclasses
import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from small_systems import ALL, CASES

import nasjax
from nasjax import compiler, graphs, scoring
from nasjax import config as configs
from nasjax.features import inputs, kinds
from nasjax.spaces import registry as spaces
from nasjax.systems import registry

# Its programs are the largest, and its parts those of the other systems.
LARGE = "architecture, all kinds"
SECOND = "tgnas, paper"  # of one kind with `tgnas, code`
SCORED = [
  pytest.param(name, marks=pytest.mark.slow if name in (LARGE, SECOND) else ())
  for name in CASES
]
QUICK = ("mlp", "regression")
LIFE = [
  pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
  for name in ALL
]
SPACE = spaces.get_space("nb201")
CELLS = SPACE.sample(12, np.random.default_rng(4))


def _model(case, **fields):
  return registry.create_model({"name": case.name, **case.fields, **fields})


def _cells(model):
  return inputs.program(SPACE, model.reads, True)(jnp.asarray(CELLS))


def _params(model, cells, members=1):
  one = jax.tree.map(lambda field: field[0], cells)
  keys = jax.random.split(jax.random.key(1), members)
  init = compiler.jit(jax.vmap(lambda key: model.init(key, one)), quick=True)
  return init(keys)


@functools.cache
def _scorer(model):
  return jax.jit(jax.vmap(model.apply, in_axes=(None, 0)))


def _score(model, params, cells):
  member = jax.tree.map(lambda leaf: leaf[0], params)
  return np.asarray(_scorer(model)(member, cells))


@functools.cache
def _ready(name):
  """A system, cells, and parameters of two members."""
  model = _model(CASES[name])
  cells = _cells(model)
  return model, cells, _params(model, cells, members=2)


@pytest.fixture(scope="module", autouse=True)
def _forget():
  yield
  _ready.cache_clear()
  _scorer.cache_clear()


def _close(first, second):
  scale = max(np.abs(second).max(), 1e-3)
  np.testing.assert_allclose(first / scale, second / scale, atol=2e-5)


def test_every_system_has_a_case():
  assert {case.name for case in ALL.values()} == set(registry.model_names())
  for case in ALL.values():
    assert registry.get_system(case.name).trained == case.trained


@pytest.mark.parametrize("name", CASES)
def test_the_kinds_that_it_declares_are_those_that_it_reads(name):
  model, cells, params = _ready(name)
  assert set(cells.features) == set(model.reads.kinds)
  scores = _score(model, params, cells)
  for kind, found in cells.features.items():
    noise = np.random.default_rng(1).normal(size=found.shape)
    changed = {**cells.features, kind: found + jnp.asarray(noise, jnp.float32)}
    other = dataclasses.replace(cells, features=changed)
    assert np.abs(_score(model, params, other) - scores).max() > 1e-4, kind
  more = {**cells.features}
  for kind in set(kinds.KINDS) - set(more):
    more[kind] = jnp.full((len(CELLS), 3), 7.0)
  other = dataclasses.replace(cells, features=more)
  np.testing.assert_array_equal(_score(model, params, other), scores)


@pytest.mark.parametrize("name", SCORED)
def test_padding_changes_nothing(name):
  if CASES[name].sized:
    pytest.skip("its parameters fit one number of nodes")
  model, cells, params = _ready(name)
  if getattr(model, "position", False):
    model = model.clone(position=False)  # the Laplacian has a width of its own
    params = _params(model, cells)
  wider = dataclasses.replace(
    cells,
    ops=jnp.pad(cells.ops, ((0, 0), (0, 3))),
    details=jnp.pad(cells.details, ((0, 0), (0, 3), (0, 0))),
    adjacency=jnp.pad(cells.adjacency, ((0, 0), (0, 3), (0, 3))),
    mask=jnp.pad(cells.mask, ((0, 0), (0, 3))),
  )
  _close(_score(model, params, wider), _score(model, params, cells))


@pytest.mark.parametrize("name", SCORED)
def test_operators_of_padding_change_nothing(name):
  model, cells, params = _ready(name)
  assert float(cells.mask.min()) == 0
  other = dataclasses.replace(
    cells, ops=jnp.where(cells.mask > 0, cells.ops, 5)
  )
  _close(_score(model, params, other), _score(model, params, cells))


@pytest.mark.parametrize("name", SCORED)
def test_it_says_whether_the_order_of_the_nodes_matters(name, rng):
  model, cells, params = _ready(name)
  if "flow" in name:
    pytest.skip("its nodes are numbered along the edges")
  order = rng.permutation(cells.ops.shape[1])
  moved = graphs.CellGraphs(
    ops=cells.ops[:, order],
    details=cells.details[:, order],
    adjacency=cells.adjacency[:, order][:, :, order],
    mask=cells.mask[:, order],
    features=cells.features,
  )
  first, second = (_score(model, params, each) for each in (cells, moved))
  if model.reads.node_order:
    assert np.abs(first - second).max() > 1e-5
  else:
    _close(first, second)


@pytest.mark.parametrize("name", SCORED)
def test_members_and_neighbours_change_nothing(name):
  model, _, params = _ready(name)
  together = scoring.score(model, params, SPACE, CELLS)
  assert together.shape == (2, len(CELLS))
  for member in range(2):
    alone = jax.tree.map(lambda leaf, i=member: leaf[i : i + 1], params)
    found = scoring.score(model, alone, SPACE, CELLS[3:5])
    _close(found[0], together[member, 3:5])
  assert np.abs(together[0] - together[1]).max() > 1e-5


@pytest.mark.parametrize("name", SCORED)
def test_dropout_is_off_in_prediction_and_on_in_training(name):
  still, cells, params = _ready(name)
  rates = [field for field in still.__dataclass_fields__ if "dropout" in field]
  model = still.clone(**dict.fromkeys(rates, 0.5))
  np.testing.assert_array_equal(
    _score(model, params, cells), _score(still, params, cells)
  )
  member = jax.tree.map(lambda leaf: leaf[0], params)
  cell = jax.tree.map(lambda field: field[0], cells)
  apply = jax.jit(
    lambda key: model.apply(member, cell, train=True, rngs={"dropout": key})
  )
  drawn = {float(apply(jax.random.key(seed))) for seed in range(4)}
  assert len(drawn) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORED)
def test_gradients_are_finite_for_a_cell_without_edges(name):
  model, _, params = _ready(name)
  nothing = jnp.zeros(CELLS.shape, jnp.int8)
  cells = inputs.program(SPACE, model.reads, True)(nothing)
  assert float(cells.adjacency.sum()) == 0
  one = jax.tree.map(lambda field: field[0], cells)
  member = jax.tree.map(lambda leaf: leaf[0], params)
  gradient = jax.jit(
    jax.grad(lambda params: (model.apply(params, one) - 1.0) ** 2)
  )(member)
  assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("name", LIFE)
def test_it_is_fitted_saved_loaded_and_exported(name, tmp_path):
  pytest.importorskip("flatbuffers", reason="needed to export")
  case = ALL[name]
  config = configs.override(
    tiny.config(epochs=1),
    {
      "model.name": case.name,
      **{f"model.{field}": value for field, value in case.fields.items()},
    },
  )
  labels = CELLS.astype(float) @ np.arange(1, 7)
  fitted = nasjax.Predictor("nb201", config=config).fit(CELLS, labels)
  fitted.save(tmp_path / "model")
  meta = json.loads((tmp_path / "model" / "model.json").read_text())
  assert meta["kind"] == registry.kind_of(case.name)
  loaded = nasjax.Predictor.load(tmp_path / "model")
  scores = fitted.predict(CELLS)
  np.testing.assert_array_equal(loaded.predict(CELLS), scores)
  nasjax.export(loaded, tmp_path / "predictor.stablehlo")
  program = jax.export.deserialize(
    bytearray((tmp_path / "predictor.stablehlo").read_bytes())
  )
  exported = np.asarray(program.call(CELLS[:5]))
  np.testing.assert_allclose(exported, scores[:5], rtol=1e-4, atol=1e-4)
