"""Fixtures for all tests: strict JAX, deterministic draws, optional tables."""

import os
import pathlib

# Tests compile many small programs and run each for milliseconds.
os.environ["XLA_FLAGS"] = (
  os.environ.get("XLA_FLAGS", "") + " --xla_backend_optimization_level=0"
)

import jax
import numpy as np
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
  """Keeps the user's cache out of the tests; one folder for the whole run."""
  root = tmp_path_factory.getbasetemp() / "nasjax_cache"
  monkeypatch.setenv("NASJAX_CACHE", str(root))


@pytest.fixture
def rng():
  """A host random generator, the same in every test."""
  return np.random.default_rng(0)


@pytest.fixture
def data_dir() -> pathlib.Path:
  """The folder of complete tables; skips the test where there is none."""
  name = os.environ.get("NASJAX_DATA")
  if not name:
    pytest.skip("NASJAX_DATA is not set: the complete tables are not here")
  return pathlib.Path(name)
