"""Scoring over many devices and over several processes."""

import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest
import scoring_models

from nasjax import errors, files
from nasjax.scoring import __main__ as command
from nasjax.scoring import shards
from nasjax.spaces import registry as spaces

TESTS = pathlib.Path(__file__).parent
ROOT = TESTS.parent

EIGHT_DEVICES = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", 8)
import numpy as np
from nasjax import scoring
from scoring_models import make

space, model, params = make(adjacency="norm")
genotypes = space.enumerate()[::13]
assert jax.local_device_count() == 8
for share in (True, False):
  many = scoring.score(model, params, space, genotypes, chunk=16, share=share)
  one = scoring.score(
    model, params, space, genotypes, chunk=16, share=share,
    devices=jax.local_devices()[:1],
  )
  scale = np.abs(one).max()
  np.testing.assert_allclose(many / scale, one / scale, atol=1e-5)
print("equal", len(genotypes))
"""


def environment():
  return {
    **os.environ,
    "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}",
    "JAX_PLATFORMS": "cpu",
  }


def test_equal_scores_on_one_and_on_eight_devices():
  done = subprocess.run(
    [sys.executable, "-c", EIGHT_DEVICES],
    capture_output=True,
    text=True,
    timeout=300,
    cwd=ROOT,
    env=environment(),
  )
  assert done.stdout.strip() == "equal 1202", done.stderr


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  return scoring_models.save_predictor(
    tmp_path_factory.mktemp("model") / "model"
  )


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


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
