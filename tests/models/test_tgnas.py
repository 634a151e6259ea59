"""TG-NAS: its layers by hand, its training, and its way to other spaces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import config as configs
from nasjax import errors, operators
from nasjax.features import inputs
from nasjax.operators import sentences, table
from nasjax.spaces import nb201
from nasjax.systems import registry
from nasjax.systems.tgnas import layers

SMALL = {"num_layers": 2, "width": 8, "encoder": "minilm_pca64"}
NB101, NB201 = nasjax.get_space("nb101"), nasjax.get_space("nb201")
DARTS = nasjax.get_space("darts")


@pytest.fixture
def own_table(monkeypatch):
  """Whatever a test registers is gone after it."""
  monkeypatch.setattr(table, "_operators", list(table._operators))
  monkeypatch.setattr(table, "_ids", dict(table._ids))
  table.detail_table.cache_clear()
  yield
  table.detail_table.cache_clear()


def _config(**fields):
  model = {f"model.{name}": value for name, value in SMALL.items()}
  base = {"model.name": "tgnas", "loss": "mse", "prune": False}
  return configs.override(tiny.config(epochs=2), {**base, **model, **fields})


def _cells(space, genotypes, model):
  return inputs.program(space, model.reads, False)(jnp.asarray(genotypes))


@pytest.fixture(scope="module")
def fitted():
  """A predictor of NAS-Bench-101, and its training cells."""
  cells = NB101.sample(40, np.random.default_rng(0))
  config = _config(space="nb101", **{"model.variant": "code"})
  labels = NB101.num_params(cells).astype(float)
  return nasjax.Predictor("nb101", config=config).fit(cells, labels), cells


def test_who_reads_whom_by_hand():
  adjacency = jnp.array([[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
  mask = jnp.array([[1.0, 1.0, 0.0]])
  reads = layers.with_global(adjacency, mask)
  expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1]]
  np.testing.assert_array_equal(reads[0], expected)
  # Degrees 1, 2, none, 3.
  root = np.sqrt([1, 2, 1, 3])
  found = layers.normalized(reads)[0]
  np.testing.assert_allclose(found, expected / np.outer(root, root), atol=1e-6)


def _by_hand(model, params, cell):
  """The score of one cell, node by node, in numpy."""
  names = [op.name for op in operators.operators()]
  vectors = sentences.vectors(names, model.sentence, model.encoder)
  real = np.flatnonzero(cell.mask)
  nodes = [np.append(vectors[cell.ops[i]], 0) for i in real]
  nodes.append(np.append(np.zeros(vectors.shape[1]), 1))
  num = len(nodes)
  reads = np.eye(num)
  for i, first in enumerate(real):
    reads[num - 1, i] = 1
    for j, second in enumerate(real):
      reads[j, i] += cell.adjacency[first, second]
  if model.variant == "paper":
    degree = reads.sum(axis=1)
    reads = reads / np.sqrt(np.outer(degree, degree))
  states = np.stack(nodes)
  for index in range(model.num_layers):
    states = reads @ states @ params[f"dense_{index}"]["kernel"]
    norm = params[f"norms_{index}"]
    if model.variant == "paper":
      mean, variance = states.mean(axis=0), states.var(axis=0)
    else:
      mean, variance = norm["mean"], np.exp(norm["log_variance"])
    states = (states - mean) / np.sqrt(variance + layers.EPSILON)
    states = np.maximum(states * norm["scale"] + norm["shift"], 0)
  output = params["output"]
  return states[-1] @ output["kernel"][:, 0] + output["bias"][0]


@pytest.mark.parametrize("variant", ["paper", "code"])
def test_scores_by_hand(variant):
  model = registry.create_model({"name": "tgnas", **SMALL, "variant": variant})
  cells = _cells(NB101, NB101.sample(4, np.random.default_rng(1)), model)
  one = jax.tree.map(lambda field: field[0], cells)
  params = jax.jit(model.init)(jax.random.key(0), one)
  rng = np.random.default_rng(2)
  params = jax.tree.map(
    lambda leaf: np.float32(leaf + rng.normal(0, 0.3, leaf.shape)), params
  )
  scores = jax.jit(jax.vmap(model.apply, in_axes=(None, 0)))(params, cells)
  for row, score in enumerate(scores):
    cell = jax.tree.map(lambda field, i=row: np.asarray(field[i]), cells)
    by_hand = _by_hand(model, params["params"], cell)
    assert float(score) == pytest.approx(by_hand, abs=1e-4)


def test_statistics_are_those_of_the_training_cells(fitted):
  predictor, cells = fitted
  params = jax.tree.map(lambda leaf: leaf[0], predictor.params)
  graphs = _cells(NB101, cells, predictor.model)
  score = jax.jit(jax.vmap(predictor.model.apply, in_axes=(None, 0)))
  scores = score(params, graphs)
  # Normalised by themselves, the training cells get the same scores.
  where = jnp.ones(len(cells))
  batch = _score_batch(predictor, params, graphs, where)
  np.testing.assert_allclose(scores, batch, atol=1e-4)
  norm = params["params"]["norms_0"]
  assert np.abs(norm["mean"]).max() > 1e-3
  assert np.abs(norm["log_variance"]).max() > 1e-2


def _score_batch(predictor, params, cells, where):
  def score(params, cells, where):
    return predictor.model.apply(params, cells, where, method="score_batch")

  return jax.jit(score)(params, cells, where)


def test_cells_that_do_not_count_change_no_statistics(fitted):
  predictor, cells = fitted
  params = jax.tree.map(lambda leaf: leaf[0], predictor.params)
  graphs = _cells(NB101, cells, predictor.model)
  where = jnp.asarray(np.arange(len(cells)) < 10, jnp.float32)
  few = jax.tree.map(lambda field: field[:10], graphs)
  some = _score_batch(predictor, params, graphs, where)
  alone = _score_batch(predictor, params, few, jnp.ones(10))
  np.testing.assert_allclose(some[:10], alone, atol=1e-4)


def test_another_space_has_the_same_parameters(fitted, tmp_path):
  predictor, _ = fitted
  moved = predictor.transfer("nb201")
  cells = NB201.sample(30, np.random.default_rng(3))
  scores = moved.predict(cells)
  assert moved.space.name == "nb201"
  assert moved.card["trained_in"] == "nb101"
  assert len(np.unique(scores)) > 20
  for first, second in zip(
    jax.tree.leaves(moved.params),
    jax.tree.leaves(predictor.params),
    strict=True,
  ):
    np.testing.assert_array_equal(first, second)
  # A cell that both spaces draw as one graph has one score.
  chain = NB201.parse(
    ["|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"]
  )
  matrix = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
  same = NB101.parse([(matrix, ["input", "conv3x3-bn-relu", "output"])])
  pruned = predictor.config.copy_and_resolve_references()
  pruned.prune = True
  again = nasjax.Predictor.from_fitted(pruned, predictor.fitted, {})
  np.testing.assert_allclose(
    again.transfer("nb201").predict(chain), again.predict(same), rtol=1e-5
  )
  moved.save(tmp_path / "model")
  loaded = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_allclose(loaded.predict(cells), scores, rtol=1e-6)


def test_the_normal_cell_alone_or_both(fitted):
  predictor, _ = fitted
  cells = DARTS.sample(10, np.random.default_rng(4))
  others = cells.copy()
  others[:, 16:] = cells[::-1, 16:]  # other reduction cells
  both = predictor.transfer("darts")
  assert np.abs(both.predict(cells) - both.predict(others)).max() > 1e-3
  config = predictor.config.copy_and_resolve_references()
  config.model.cells = "normal"
  normal = nasjax.Predictor.from_fitted(config, predictor.fitted, {})
  normal = normal.transfer("darts")
  np.testing.assert_array_equal(normal.predict(cells), normal.predict(others))
  assert len(np.unique(normal.predict(cells))) > 5


class Wide(nb201.NB201):
  """NAS-Bench-201 whose 1x1 convolutions are 7x7 ones."""

  name = "wide"
  operator_names = tuple(
    "conv_7x7" if name == "conv_1x1" else name
    for name in nb201.NB201.operator_names
  )

  def encode(self, genotypes):
    cells = super().encode(genotypes)
    one = operators.operator_id("conv_1x1")
    wide = operators.operator_id("conv_7x7")
    return cells._replace(ops=jnp.where(cells.ops == one, wide, cells.ops))

  def functions(self):
    return None


@pytest.mark.parametrize("sentence", ["Convolution 7 by 7", ""])
def test_an_operator_that_no_training_had(fitted, own_table, sentence):
  predictor, _ = fitted
  operators.register(
    nasjax.Operator(
      "conv_7x7", "conv", kernel=(7, 7), stride=1, sentence=sentence
    )
  )
  if not sentence:
    with pytest.raises(errors.UserError, match=r"'conv_7x7'.*an empty one"):
      predictor.transfer(Wide())
    return
  cells = NB201.sample(40, np.random.default_rng(5))
  wide = predictor.transfer(Wide()).predict(cells)
  narrow = predictor.transfer("nb201").predict(cells)
  has = (cells == 2).any(axis=1)
  np.testing.assert_allclose(wide[~has], narrow[~has], rtol=1e-5)
  assert (np.abs(wide[has] - narrow[has]) > 1e-6 * np.abs(narrow[has])).any()


def test_a_model_of_one_space_stays_there(rng):
  mlp = {"model.name": "mlp", "model.width": 8}
  config = configs.override(tiny.config(epochs=1), mlp)
  cells = NB201.sample(12, rng)
  labels = cells[:, 0] * 1.0
  fitted = nasjax.Predictor("nb201", config=config).fit(cells, labels)
  with pytest.raises(errors.UserError, match=r"'mlp'.*of 'nb201' alone"):
    fitted.transfer("nb101")
  with pytest.raises(errors.UserError, match="not trained"):
    nasjax.Predictor("nb201", config=config).transfer("nb101")


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"num_layers": 0}, "at least 1 graph convolution"),
    ({"sentence": "tiny"}, "config.model.sentence"),
    ({"variant": "v3"}, "config.model.variant"),
  ],
)
def test_wrong_fields(fields, message):
  with pytest.raises(errors.UserError, match=message):
    registry.create_model({"name": "tgnas", **fields})
