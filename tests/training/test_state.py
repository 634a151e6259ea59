"""First parameters: as the model draws them, or as PyTorch would."""

import flax
import jax
import numpy as np
import optax
import pytest
import tiny

from nasjax import errors
from nasjax.features import inputs
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.training import state

SPACE = spaces.get_space("nb201")
PAPER = {
  f"model.{name}": value
  for name, value in models.default_fields("architecture").items()
  if name != "name"
}


def _create(init, **fields):
  config = tiny.config(**fields)
  genotypes = SPACE.sample(1, np.random.default_rng(0))[None]
  cells = inputs.samples(
    SPACE, genotypes, models.create_model(config.model).reads
  )
  example = (jax.tree.map(lambda field: field[0, 0], cells),)
  model = models.create_model(config.model)
  key = jax.random.key(0)
  created = state.create(model, optax.adam(1e-3), example, key, init)
  return model, example, flax.traverse_util.flatten_dict(created.params)


@pytest.mark.slow
def test_torch_dense_layers_are_uniform_within_their_bound():
  _, _, drawn = _create("torch", **{"model.width": 64, "model.ffn_width": 256})
  kernels = {path: leaf for path, leaf in drawn.items() if path[-1] == "kernel"}
  assert len(kernels) > 5
  for path, kernel in kernels.items():
    bound = kernel.shape[0] ** -0.5
    bias = drawn.get((*path[:-1], "bias"), np.zeros(1))
    assert max(abs(kernel).max(), abs(bias).max()) <= bound
    if kernel.size > 4000:
      np.testing.assert_allclose(kernel.std(), bound / 3**0.5, rtol=0.05)
      np.testing.assert_allclose(kernel.mean(), 0, atol=0.05 * bound)
  large = [leaf for leaf in kernels.values() if leaf.shape == (64, 64)]
  assert not np.array_equal(large[0], large[1])


def test_all_but_dense_layers_is_kept():
  _, _, drawn = _create("torch")
  _, _, kept = _create("lecun")
  assert drawn.keys() == kept.keys()
  dense = {path[:-1] for path in kept if path[-1] == "kernel"}
  for path, leaf in kept.items():
    assert np.array_equal(leaf, drawn[path]) == (path[:-1] not in dense)


@pytest.mark.slow
def test_raw_adjacency_starts_at_smaller_scores_with_torch_init():
  scores = {}
  for init in state.INITS:
    model, example, params = _create(init, **PAPER)
    nested = flax.traverse_util.unflatten_dict(params)
    scores[init] = abs(float(model.apply(nested, *example)))
  assert 10 * scores["torch"] < scores["lecun"]


def test_unknown_init_is_refused():
  with pytest.raises(errors.UserError, match=r"config\.init.*torch"):
    _create("xavier")
