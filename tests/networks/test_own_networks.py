"""Networks of a space of one's own."""

import pickle
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import networks_tiny as tiny
import numpy as np
import own_space
import pytest

import nasjax
from nasjax import errors, networks
from nasjax.networks import evaluate


class ChainNetwork(nn.Module):
  """As many dense layers on the mean colour as the genotype has 1s."""

  genotype: tuple[int, ...]
  skeleton: networks.Skeleton
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(self, images, train=False):
    self.variable("batch_stats", "unused", jnp.zeros, ())
    x = images.mean((1, 2))
    for _ in range(self.genotype.count(1)):
      x = nn.relu(nn.Dense(self.skeleton.channels)(x))
    return nn.Dense(self.skeleton.num_classes)(x)


class Chain(own_space.Chain):
  networks = networks.Family(ChainNetwork, official=(6, 2), small=(3, 1))


def test_cells_become_networks():
  module = networks.build(Chain(), "1-0-2-1")
  assert module.genotype == (1, 0, 2, 1)
  assert module.skeleton == networks.Skeleton(6, 2)
  # 3 colours to 6 channels, 6 to 6, 6 to 10 classes, with biases.
  assert networks.count_params(module) == 24 + 42 + 70
  assert networks.Skeleton.small(Chain()).channels == 3
  assert "unknown space 'chain'" in _mistake(networks.Skeleton.small, "chain")
  nasjax.register_space(Chain())
  assert networks.Skeleton.small("chain").channels == 3


def test_cells_are_trained_and_their_weights_read(tmp_path):
  space = Chain()
  cells = space.parse(["1-0-0-0"])
  (result,) = evaluate.evaluate(
    space, cells, tiny.bars(), tiny.RECIPE, tmp_path, keep_weights=True
  )
  assert result["arch"] == "1-0-0-0"
  assert len(result["trainings"][0]["test_accuracy"]) == tiny.RECIPE.epochs
  path = evaluate.weights_path(tmp_path, "1-0-0-0")
  assert "unknown space 'chain'" in _mistake(networks.load, path)
  nasjax.register_space(space)
  logits = networks.load(path).predict(tiny.bars().test_images)
  assert np.isfinite(np.asarray(logits)).all()


def test_a_space_without_networks():
  space = own_space.Chain()
  calls = (
    lambda: networks.build(space, "1-0-0-0"),
    lambda: networks.Skeleton.official(space),
    lambda: networks.Skeleton.small(space),
  )
  for call in calls:
    said = _mistake(call)
    assert "'chain' has no networks: expected a nasjax.networks.Family" in said


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_spaces_go_to_the_workers_of_a_cluster(name):
  space = nasjax.get_space(name)
  again = pickle.loads(pickle.dumps(space))
  cells = space.parse(space.format(space.neighbours(_any_cell(space))[:3]))
  np.testing.assert_array_equal(
    again.lookup_keys(cells), space.lookup_keys(cells)
  )


def _any_cell(space):
  if space.name == "nb101":
    return space.parse(["010/001/000:input+maxpool3x3+output"])[0]
  return space.sample(1, np.random.default_rng(0))[0]


def _mistake(call, *args):
  with pytest.raises(errors.UserError) as caught:
    call(*args)
  assert "\n" not in str(caught.value)
  return str(caught.value)
