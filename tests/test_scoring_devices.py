"""Scoring over many devices and over several processes."""

import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import scoring_models

from nasjax import errors, files
from nasjax.commands import score as command
from nasjax.predictors import predictor
from nasjax.scoring import shards
from nasjax.spaces import registry as spaces

TESTS = pathlib.Path(__file__).parent
ROOT = TESTS.parent

ALL_WAYS = """
import jax
jax.config.update("jax_num_cpu_devices", 8)
import numpy as np
from nasjax import scoring
from nasjax.predictors import exporting
from nasjax.systems import registry
from scoring_models import make_predictor, pick

predictor, space = make_predictor(members=2)
model, params = predictor.model, predictor.fitted.params
cells = space.enumerate()[::37]
options = {"devices": jax.local_devices()[:1], "share": False}
fields = {**predictor.config.model.to_dict(), "implementation": "jraph"}
raw = {
  "one call": scoring.score(model, params, space, cells, chunk=512, **options),
  "jraph": scoring.score(
    registry.create_model(fields), params, space, cells, chunk=64, **options
  ),
  "chunks": scoring.score(model, params, space, cells, chunk=16, **options),
  "shared": scoring.score(
    model, params, space, cells, devices=options["devices"]
  ),
  "eight devices": scoring.score(model, params, space, cells, chunk=16),
  "eight devices, not shared": scoring.score(
    model, params, space, cells, chunk=16, share=False
  ),
}
assert jax.local_device_count() == 8
scale, shift = predictor.fitted.scale, predictor.fitted.shift
scores = {
  name: (found * scale[:, None] + shift[:, None]).mean(axis=0)
  for name, found in raw.items()
}
scores["exported"] = np.asarray(exporting.to_program(predictor).call(cells))
scores["predict"] = predictor.predict(cells)
expected = scores["one call"]
for name, found in scores.items():
  error = np.abs(found - expected).max() / np.ptp(expected)
  assert error < 1e-5, (name, error)
print(len(scores), "ways", len(cells), "cells")
"""


def environment():
  return {
    **os.environ,
    "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}",
    "JAX_PLATFORMS": "cpu",
  }


@pytest.mark.slow
def test_all_ways_of_scoring_agree():
  done = subprocess.run(
    [sys.executable, "-c", ALL_WAYS],
    capture_output=True,
    text=True,
    timeout=300,
    cwd=ROOT,
    env=environment(),
  )
  assert done.stdout.strip() == "8 ways 423 cells", done.stderr


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  return scoring_models.save_predictor(
    tmp_path_factory.mktemp("model") / "model"
  )


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


@pytest.mark.slow
def test_two_processes_share_a_space(checkpoint, tmp_path):
  port = free_port()
  processes = [
    subprocess.Popen(
      [
        *(sys.executable, "-m", "nasjax.scoring", "--space", "nb201"),
        *("--checkpoint", str(checkpoint), "--out", str(tmp_path)),
        *("--num_shards", "4", "--coordinator", f"127.0.0.1:{port}"),
        *("--num_processes", "2", "--process_id", str(index)),
      ],
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      env=environment(),
    )
    for index in range(2)
  ]
  outputs = [process.communicate(timeout=300) for process in processes]
  assert [process.returncode for process in processes] == [0, 0], outputs
  assert all("2 of 4 shards scored" in out for out, _ in outputs)
  merged = files.load_npz(tmp_path / shards.MERGED)
  alone = tmp_path / "alone"
  status = command.main(
    [
      *("scoring", "--space", "nb201", "--checkpoint", str(checkpoint)),
      *("--num_shards", "1", "--out", str(alone)),
    ]
  )
  assert status == 0
  expected = files.load_npz(alone / shards.MERGED)
  np.testing.assert_allclose(merged["scores"], expected["scores"], rtol=1e-5)
  np.testing.assert_array_equal(merged["genotypes"], expected["genotypes"])
  assert str(merged["digest"]) == str(expected["digest"])


@pytest.mark.slow
def test_a_killed_process_leaves_shards_that_a_restart_keeps(
  checkpoint, tmp_path
):
  arguments = [
    *("--space", "nb201", "--checkpoint", str(checkpoint)),
    *("--num_shards", "200", "--out", str(tmp_path)),
  ]
  process = subprocess.Popen(
    [sys.executable, "-m", "nasjax.scoring", *arguments],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    env=environment(),
  )
  written: list[pathlib.Path] = []
  deadline = time.monotonic() + 240
  while len(written) < 3 and time.monotonic() < deadline:
    time.sleep(0.002)
    written = sorted(tmp_path.glob("*of-*.npz"))
  process.kill()
  process.wait()
  assert not (tmp_path / shards.MERGED).exists()
  kept = sorted(tmp_path.glob("*of-*.npz"))
  assert 3 <= len(kept) < 200
  before = {path: path.stat().st_mtime_ns for path in kept}
  assert command.main(["scoring", *arguments]) == 0
  assert {path: path.stat().st_mtime_ns for path in kept} == before
  merged = files.load_npz(tmp_path / shards.MERGED)
  cells = spaces.get_space("nb201").enumerate()
  np.testing.assert_array_equal(merged["genotypes"], cells)
  expected = predictor.Predictor.load(checkpoint).predict(cells)
  np.testing.assert_allclose(merged["scores"], expected, rtol=1e-5)


def sums(genotypes):
  return genotypes.astype(np.float64).sum(axis=1)


def test_a_restart_keeps_complete_shards(tmp_path, rng):
  genotypes = spaces.get_space("nb201").sample(103, rng)
  calls = []

  def dies_after_two(cells):
    calls.append(len(cells))
    if len(calls) == 3:
      raise KeyboardInterrupt
    return sums(cells)

  with pytest.raises(KeyboardInterrupt):
    shards.write_shards(dies_after_two, genotypes, tmp_path, "id", num_shards=5)
  assert shards.merge(tmp_path, genotypes, "id", num_shards=5) is None
  damaged = shards.shard_path(tmp_path, 1, 5)
  damaged.write_bytes(damaged.read_bytes()[:100])
  scored = shards.write_shards(sums, genotypes, tmp_path, "id", num_shards=5)
  assert scored == 4
  merged = shards.merge(tmp_path, genotypes, "id", num_shards=5)
  np.testing.assert_array_equal(merged, sums(genotypes))


def test_shards_of_another_scoring_are_refused(tmp_path, rng):
  genotypes = spaces.get_space("nb201").sample(10, rng)
  shards.write_shards(sums, genotypes, tmp_path, "one", num_shards=2)
  with pytest.raises(errors.UserError, match="give --out another folder"):
    shards.write_shards(sums, genotypes, tmp_path, "two", num_shards=2)
  with pytest.raises(errors.UserError, match="other parameters, genotypes"):
    shards.merge(tmp_path, genotypes, "two", num_shards=2)


def test_shards_cover_every_row_once():
  rows = [
    row for index in range(7) for row in range(*shards.bounds(100, 7, index))
  ]
  assert rows == list(range(100))


def test_a_digest_sees_values_shapes_and_options():
  weights = np.arange(6.0)
  known = shards.digest({"w": weights}, "float32")
  assert known == shards.digest({"w": weights.copy()}, "float32")
  others = [
    shards.digest({"w": weights.reshape(2, 3)}, "float32"),
    shards.digest({"w": weights + 1}, "float32"),
    shards.digest({"w": weights}, "bfloat16"),
  ]
  assert known not in others


@pytest.mark.parametrize(
  ("extra", "message"),
  [
    ((), "no --out"),
    (("--out", "x", "--num_shards", "0"), "--num_shards: expected at least 1"),
    (("--out", "x", "--process_id", "1"), "--process_id: expected 0 .. 0"),
    (("--out", "x", "--num_processes", "2"), "expected --coordinator"),
    (("--out", "x", "--checkpoint", "nowhere"), "is not a saved nasjax model"),
  ],
)
def test_mistakes_are_one_line(extra, message, capsys):
  assert command.main(["scoring", *extra]) == 2
  printed = capsys.readouterr().err
  assert message in printed
  assert printed.count("\n") == 1
