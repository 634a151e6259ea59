"""Compiled programs are kept for later processes, and never cost a result."""

import os
import pathlib
import subprocess
import sys
import zlib

import jax
import pytest

from nasjax import errors
from nasjax.compiler import program_cache

ROOT = pathlib.Path(__file__).parent.parent
# Prints a result, and how many programs were read from the cache.
PROGRAM = """
import jax, jax.numpy as jnp, resource, sys
from nasjax import compiler
events = []
jax.monitoring.register_event_listener(lambda event, **_: events.append(event))
if len(sys.argv) > 1:
  most = int(sys.argv[1])
  resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
program = compiler.jit(lambda x: jnp.sin(x @ x).sum())
print(float(program(jnp.eye(8))), events.count(
  "/jax/compilation_cache/cache_hits"))
"""
RESULT = "6.7317"  # 8 sin(1)


def run(cache, *args, **variables):
  """The result and the number of programs from the cache, of a process."""
  env = {
    name: value
    for name, value in os.environ.items()
    if "COMPILATION_CACHE" not in name
  }
  env |= {"NASJAX_CACHE": str(cache), "PYTHONPATH": str(ROOT), **variables}
  env["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
  done = subprocess.run(
    [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM, *args],
    capture_output=True,
    text=True,
    env=env,
    check=True,
    timeout=100,
  )
  assert done.stderr == ""
  result, hits = done.stdout.split()
  assert result.startswith(RESULT)
  return int(hits)


def entries(cache):
  return sorted(cache.rglob("*-cache"))


@pytest.mark.slow
def test_a_program_is_compiled_by_one_process(tmp_path):
  assert run(tmp_path) == 0
  kept = entries(tmp_path)
  assert any("lambda" in path.name for path in kept)
  assert run(tmp_path) == len(kept)
  assert entries(tmp_path) == kept
  for folder in {path.parent for path in kept}:
    assert folder.stat().st_mode & 0o077 == 0
  for path in kept:  # what a power cut leaves, and what nobody can explain
    path.write_bytes(b"" if "lambda" in path.name else b"\x78nonsense")
  assert run(tmp_path) == 0
  assert run(tmp_path) == len(kept)
  for path in kept:  # packed as programs are, and none inside
    path.write_bytes(zlib.compress(b"nonsense" * 100))
  assert run(tmp_path) == 0
  assert run(tmp_path) == len(kept)


def test_a_full_disk_costs_time_alone(tmp_path):
  assert run(tmp_path, "100") == 0
  halves = entries(tmp_path)
  assert halves
  assert all(path.stat().st_size <= 100 for path in halves)
  assert run(tmp_path) == 0
  assert run(tmp_path) == len(halves)


def test_nothing_is_kept_where_nobody_wants_it(tmp_path):
  run(tmp_path, NASJAX_PROGRAMS_MB="0")
  run(tmp_path, JAX_ENABLE_COMPILATION_CACHE="0")
  assert not list(tmp_path.iterdir())
  run(tmp_path, JAX_COMPILATION_CACHE_DIR=str(tmp_path / "own"))
  assert [path.name for path in tmp_path.iterdir()] == ["own"]
  (tmp_path / "file").write_text("mine")
  run(tmp_path / "file")
  assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def unset(tmp_path, monkeypatch):
  """A process that has chosen nothing; its settings come back afterwards."""
  names = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
  )
  before = {name: getattr(jax.config, name) for name in names}
  jax.config.update("jax_compilation_cache_dir", None)
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  yield program_cache.use.__wrapped__
  for name, value in before.items():
    jax.config.update(name, value)


@pytest.mark.filterwarnings("default")
def test_thresholds_of_the_process_stay(unset, tmp_path):
  name = "jax_persistent_cache_min_compile_time_secs"
  jax.config.update(name, 7.0)
  folder = unset()
  assert folder.parent == tmp_path / "programs"
  assert jax.config.jax_compilation_cache_dir == str(folder)
  assert getattr(jax.config, name) == 7
  jax.config.update("jax_compilation_cache_dir", None)
  jax.config.update(name, 1.0)
  unset()
  assert getattr(jax.config, name) == 0.1


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o555])
def test_a_folder_of_others_is_not_used(unset, tmp_path, mode, monkeypatch):
  root = tmp_path / "programs"
  root.mkdir()
  root.chmod(mode)
  if mode == 0o555:  # an administrator can write it all the same
    monkeypatch.setattr(os, "access", lambda path, how: False)
  assert unset() is None
  assert jax.config.jax_compilation_cache_dir is None
  assert not list(root.iterdir())


def test_another_users_folder_is_not_used(unset, monkeypatch):
  monkeypatch.setattr(os, "geteuid", lambda: 54321)
  assert unset() is None


def test_a_nearly_full_disk_is_left_alone(unset, monkeypatch):
  monkeypatch.setattr(program_cache, "_LEAST_FREE", 1 << 62)
  assert unset() is None


@pytest.mark.parametrize("text", ["-1", "1.5", "no", "9" * 10, "٣"])
def test_a_bad_size_is_one_line(unset, monkeypatch, text):
  monkeypatch.setenv("NASJAX_PROGRAMS_MB", text)
  with pytest.raises(errors.UserError, match="NASJAX_PROGRAMS_MB: expected"):
    unset()


@pytest.mark.filterwarnings("default")
def test_the_size_is_bounded(unset, tmp_path, monkeypatch):
  """The entries that were not used for longest go, of other machines too."""
  monkeypatch.setenv("NASJAX_PROGRAMS_MB", "1")
  folder = tmp_path / "programs" / program_cache._machine()
  other = tmp_path / "programs" / "elsewhere" / "deep"
  for each in (folder, other):
    each.mkdir(parents=True)
  (tmp_path / "programs").chmod(0o700)
  folder.chmod(0o700)
  paths = [folder / "a-cache", other / "b-cache", folder / "c-cache"]
  for age, path in enumerate(paths):
    path.write_bytes(b"y" * 400_000)
    os.utime(path, (2_000_000_000 - age, 1_000_000_000))
  assert unset() == folder
  assert [path.exists() for path in paths] == [True, True, False]


def test_whole_entries_stay(tmp_path):
  contents = {
    "jit_f-12-cache": zlib.compress(b"0000 jit_f 1"),
    "jit_my-f-12-cache": zlib.compress(b"0000 jit_my-f 1"),
    "b-cache": b"another packing",
    "jit_f-13-cache": zlib.compress(b"0000 jit_f 1")[:-1],
    "jit_f-14-cache": zlib.compress(b"0000 jit_g 1"),
    "d-cache": b"",
    "notes": b"",
  }
  for name, content in contents.items():
    (tmp_path / name).write_bytes(content)
  program_cache._drop_damaged(tmp_path)
  left = {path.name for path in tmp_path.iterdir()}
  whole = {"jit_f-12-cache", "jit_my-f-12-cache", "b-cache"}
  assert left == {*whole, "notes", ".checked"}
