"""How often programs are compiled: once for a padded shape."""

import jax
import numpy as np
import pytest
import scoring_models
import tiny

import nasjax
from nasjax import scoring
from nasjax.computation.families import macro
from nasjax.predictors import predictor
from nasjax.scoring import precisions, streaming
from nasjax.systems.gennape import contrastive, encoder, reading


@pytest.fixture
def compilations():
  """Programs that JAX traces or compiles while a test runs, by event."""
  events = []

  def count(event, duration, **fields):
    if event.startswith("/jax/core/compile/"):
      events.append((event, fields.get("fun_name")))

  jax.monitoring.register_event_duration_secs_listener(count)
  yield events
  jax.monitoring.unregister_event_duration_listener(count)


def on_images():
  owner = scoring_models.make_dataset_predictor()
  images = nasjax.images.ClassEmbeddings(
    np.ones((5, 4, 6), np.float32), np.ones((5, 4), np.float32)
  )
  return owner.on(images), owner.space


def with_functions():
  """As the default of NAS-Bench-201: cells are looked up by their row."""
  space, model, params = scoring_models.make("nb201", functions=True)

  class Scorer:
    def predict(self, cells):
      rows = predictor.as_genotypes(space, cells)
      return scoring.score(model, params, space, rows)[0]

  return Scorer(), space


PREDICTORS = {
  "nb101": lambda: scoring_models.make_predictor("nb101"),
  "nb201": lambda: scoring_models.make_predictor("nb201", members=2),
  "darts": lambda: scoring_models.make_predictor("darts"),
  "functions": with_functions,
  "on images": on_images,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PREDICTORS))
def test_no_number_of_cells_compiles_anew(name, compilations, rng):
  model, space = PREDICTORS[name]()
  cells = getattr(space, "sample_valid", space.sample)(64, rng)
  whole = model.predict(cells)
  assert compilations
  compilations.clear()
  for num in (33, 40, 51, 63):
    # Of one padded shape, and so of one program: no bit differs.
    np.testing.assert_array_equal(model.predict(cells[:num]), whole[:num])
  model.predict(space.format(cells[:47]))
  assert compilations == []


def test_no_batch_of_a_stream_compiles_anew(compilations):
  model, space = scoring_models.make_predictor("nb201")
  streaming.stream_top_k(model.predict, space, 64, 4, batch_size=64)
  compilations.clear()
  for num in (100, 167, 245):  # the last batch has 36, 39 and 53 cells
    best = streaming.stream_top_k(model.predict, space, num, 4, batch_size=64)
    assert best.num_scored == num
  assert compilations == []


def test_no_number_of_cells_compiles_anew_in_bfloat16(
  compilations, rng, monkeypatch
):
  monkeypatch.setattr(precisions, "_has_bfloat16", lambda: True)
  space, model, params = scoring_models.make("nb201")
  cells = space.sample(64, rng)
  scoring.score(model, params, space, cells, precision="bfloat16")
  compilations.clear()
  for num in (33, 50):
    scoring.score(model, params, space, cells[:num], precision="bfloat16")
  assert compilations == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nb201", "nb101"])
def test_a_second_fit_compiles_nothing(name, compilations):
  """Nor does one with other labels, seeds or cells; another loss does."""
  space = nasjax.get_space(name)
  sample = getattr(space, "sample_valid", space.sample)
  cells = sample(12, np.random.default_rng(0))
  config = tiny.config(space=name, epochs=2, num_members=2, **tiny.LIGHT)

  def fit(cells, **fields):
    labels = np.linspace(0, 1, len(cells))
    return nasjax.Predictor(name, config=config, **fields).fit(cells, labels)

  first = fit(cells)
  compilations.clear()
  again = fit(cells)
  assert compilations == []
  np.testing.assert_array_equal(first.predict(cells), again.predict(cells))
  compilations.clear()
  fit(sample(12, np.random.default_rng(1)), seed=3)
  assert compilations == []
  fit(cells, loss="mse")
  assert compilations


@pytest.mark.slow
def test_a_fit_compiles_no_program_twice(compilations):
  space = nasjax.get_space("darts")
  cells = space.sample(9, np.random.default_rng(0))
  config = tiny.config(space="darts", epochs=2, num_members=2, **tiny.LIGHT)
  nasjax.Predictor("darts", config=config).fit(cells, np.linspace(0, 1, 9))
  compiled = [
    name
    for event, name in compilations
    if event.endswith("backend_compile_duration")
  ]
  for program in ("create", "epoch"):
    assert compiled.count(f"jit({program})") == 1


def test_no_call_of_the_encoder_of_networks_compiles_anew(compilations, rng):
  module = encoder.Encoder(width=8, layers=1, heads=2)
  graphs = macro.build(rng.integers(0, 3, (3, 8)))
  readings = [reading.read(graph) for graph in graphs]
  params = contrastive.init(module, readings[0], 0)
  first = contrastive.embed(module, params, readings)
  assert compilations
  compilations.clear()
  again = contrastive.embed(module, params, readings[:2])
  assert compilations == []
  np.testing.assert_array_equal(again, first[:2])
