"""Exported programs on batches of every size, none of them included."""

import numpy as np
import pytest
import scoring_models
import tiny

import nasjax
from nasjax.predictors import exporting


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
  path = tmp_path_factory.mktemp("m") / "model.stablehlo"
  model, space = scoring_models.make_predictor(members=2, **tiny.LIGHT)
  nasjax.export(model, path)
  return model, space, exporting.load(path)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_scores_as_predict_does(exported, size):
  model, space, program = exported
  cells = space.sample(size, np.random.default_rng(size))
  found = np.asarray(program.call(cells))
  assert found.shape == (size,)
  assert found.dtype == np.float32
  np.testing.assert_allclose(found, model.predict(cells), rtol=1e-6)


def test_no_architecture_is_refused_by_the_program(exported):
  """JAX checks the stated bound, b >= 1, before it runs anything."""
  model, space, program = exported
  none = np.zeros((0, space.genotype_length), np.int8)
  with pytest.raises(ValueError, match="Expected value >= 1"):
    program.call(none)
  assert model.predict(none).shape == (0,)
