"""Numbers are the same whatever number formats the process asks JAX for."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import compiler, graphs
from nasjax.features import tables
from nasjax.predictors import exporting
from nasjax.training import state


@contextlib.contextmanager
def asked(x64: bool, promotion: str):
  with jax.enable_x64(x64), jax.numpy_dtype_promotion(promotion):
    yield


def predictor_numbers():
  """Scores of a fit, of its program, and what stands behind them."""
  rng = np.random.default_rng(0)
  space = nasjax.get_space("nb201")
  cells = space.sample(24, rng)
  config = tiny.config(epochs=1, num_members=2, **tiny.LIGHT)
  config.model.functions = True
  model = nasjax.Predictor("nb201", seed=5, config=config)
  model.fit(cells, cells.sum(1))
  return {
    "scores": model.predict(cells),
    "program": exporting.to_program(model).call(cells),
    "features": tables.graph_features(space, cells),
    "keys": jax.random.key_data(state.member_keys(2**31, 2, 3)),
  }


@pytest.mark.slow
def test_numbers_do_not_depend_on_what_the_process_asks():
  expected = predictor_numbers()
  jax.clear_caches()
  with asked(True, "strict"):
    found = predictor_numbers()
  for name, value in expected.items():
    value, again = np.asarray(value), np.asarray(found[name])
    assert again.dtype == value.dtype, name
    np.testing.assert_array_equal(again, value, name)


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_graphs_hold_32_bit_numbers(name, rng):
  space = nasjax.get_space(name)
  with asked(True, "strict"):
    sample = getattr(space, "sample_valid", space.sample)
    drawn = space.encode(jnp.asarray(sample(2, rng)))
    cells = graphs.build(drawn, prune=True)
  for leaf in jax.tree.leaves((drawn, cells)):
    assert leaf.dtype in (jnp.float32, jnp.int32)


def test_a_program_takes_wide_numbers():
  double = compiler.jit(lambda x: 2 * x + jnp.ones(x.shape))
  with asked(True, "strict"):
    found = double(np.full(3, 0.25))
  assert found.dtype == jnp.float32
  np.testing.assert_array_equal(found, np.full(3, 1.5))
