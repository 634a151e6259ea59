"""Trainings of networks are the same under other number formats."""

import jax
import networks_tiny
import numpy as np
import pytest
import scoring_models

import nasjax
from nasjax import networks
from nasjax.networks import nb201_shared
from nasjax.networks.training import Trainer


def network_numbers():
  """Losses of networks, and scores of a predictor that sees images."""
  found = {}
  module = nb201_shared.SharedNetwork(networks_tiny.SKELETON)
  trainer = Trainer(module, [networks_tiny.bars()], networks_tiny.RECIPE)
  (trained,) = trainer.run(np.array([3, 1, 4, 2, 0, 3]), stop_after=2)
  found["loss"] = trained.loss
  found["accuracy"] = trained.test_accuracy
  found["count"] = networks.count_params(
    networks.build("nb201", np.zeros(6, np.int8))
  )
  images = scoring_models.make_dataset_predictor()
  rng = np.random.default_rng(1)
  drawn = rng.normal(size=(5, 4, 6)).astype(np.float32)
  bound = images.on(
    nasjax.images.ClassEmbeddings(drawn, np.ones((5, 4), np.float32))
  )
  found["on images"] = bound.predict(images.space.sample(9, rng))
  return found


@pytest.mark.slow
def test_numbers_do_not_depend_on_what_the_process_asks():
  expected = network_numbers()
  jax.clear_caches()
  with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
    found = network_numbers()
  for name, value in expected.items():
    value, again = np.asarray(value), np.asarray(found[name])
    assert again.dtype == value.dtype, name
    np.testing.assert_array_equal(again, value, name)
