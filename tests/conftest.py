"""Fixtures for all tests: strict JAX, deterministic draws, optional tables."""

import importlib.util
import os
import pathlib

# Tests compile many small programs and run each for milliseconds. On a GPU, XLA
# does not support code without optimization; to ask JAX for the device would
# start it before the flag is set.
if os.environ.get("JAX_PLATFORMS") == "cpu" or not any(
  map(importlib.util.find_spec, ("jax_plugins", "libtpu"))
):
  os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_backend_optimization_level=0"
  )

# A worker of pytest has a core: threads of small products wait for each other.
# Read when numpy is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ.get("OPENBLAS_NUM_THREADS", "1")

import jax
import numpy as np
import pytest

from nasjax.spaces import registry

jax.config.update("jax_numpy_rank_promotion", "raise")
# Modules that tests call outside the programs of nasjax, on a GPU.
jax.config.update("jax_default_matmul_precision", "highest")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> pathlib.Path:
  """One folder for the whole run, whichever process runs a test."""
  base = tmp_path_factory.getbasetemp()
  return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def _compile_once(shared_folder):
  """Equal programs are compiled once, also those of child processes."""
  settings = {
    "JAX_COMPILATION_CACHE_DIR": str(shared_folder / "programs"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
  }
  os.environ.update(settings)
  jax.config.update(
    "jax_compilation_cache_dir", str(shared_folder / "programs")
  )
  jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
  jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


@pytest.fixture(scope="module", autouse=True)
def _free_programs():
  """Frees the programs of a module: they add up to gigabytes."""
  yield
  jax.clear_caches()


@pytest.fixture(autouse=True)
def _own_spaces(monkeypatch):
  """Forgets the spaces that a test registers."""
  found = dict(registry._registered)
  monkeypatch.setattr(registry, "_registered", found)


@pytest.fixture(autouse=True)
def _own_cache(shared_folder, monkeypatch):
  """Keeps the user's cache out of the tests; one folder for the whole run."""
  monkeypatch.setenv("NASJAX_CACHE", str(shared_folder / "nasjax_cache"))


def pytest_addoption(parser):
  parser.addoption(
    "--long",
    action="store_true",
    help="tries every case of tests that otherwise try some",
  )


@pytest.fixture
def long(request) -> bool:
  """Whether every case is tried, which takes minutes."""
  return request.config.getoption("--long")


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
