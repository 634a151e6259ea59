"""Shards: a damaged one is scored again, whatever the damage is."""

import npz_faults
import numpy as np
import pytest

from nasjax import errors, files
from nasjax.scoring import shards

CELLS = np.arange(20).reshape(20, 1)


def score(cells):
  return cells[:, 0] * 0.5


def write(folder):
  return shards.write_shards(score, CELLS, folder, "id", num_shards=3)


def check_scored_again(folder):
  assert shards.merge(folder, CELLS, "id", num_shards=3) is None
  assert write(folder) == 1
  merged = shards.merge(folder, CELLS, "id", num_shards=3)
  np.testing.assert_array_equal(merged, CELLS[:, 0] * 0.5)


@pytest.mark.parametrize("fault", npz_faults.FAULTS)
def test_every_fault_is_scored_again(tmp_path, fault):
  assert write(tmp_path) == 3
  shards.shard_path(tmp_path, 1, 3).write_bytes(npz_faults.FAULTS[fault])
  check_scored_again(tmp_path)


@pytest.mark.parametrize(
  "arrays",
  [
    {"digest": np.array("id")},
    {"scores": np.zeros(7)},
    {"scores": np.zeros(7), "digest": np.array("id")},
    {"scores": np.zeros(6, np.float32), "digest": np.array("id")},
    {"scores": np.array(["a"] * 6), "digest": np.array("id")},
    {"scores": np.array(1.0), "digest": np.array("id")},
  ],
)
def test_other_arrays_are_scored_again(tmp_path, arrays):
  """Whole files of an older version, or of another program."""
  write(tmp_path)
  path = shards.shard_path(tmp_path, 0, 3)
  assert len(files.load_npz(path)["scores"]) == 6
  files.save_npz(path, **arrays)
  check_scored_again(tmp_path)


def test_every_flipped_byte_is_noticed(tmp_path):
  write(tmp_path)
  path = shards.shard_path(tmp_path, 2, 3)
  whole = path.read_bytes()
  expected = np.arange(20) * 0.5
  again = 0
  for place in range(0, len(whole), 7):
    broken = bytearray(whole)
    broken[place] ^= 0x10
    path.write_bytes(broken)
    again += write(tmp_path)
    merged = shards.merge(tmp_path, CELLS, "id", num_shards=3)
    np.testing.assert_array_equal(merged, expected)
    assert path.read_bytes() in (whole, bytes(broken))
  assert again > len(whole) / 7 / 2


def test_a_shard_of_another_scoring_is_refused(tmp_path):
  write(tmp_path)
  path = shards.shard_path(tmp_path, 1, 3)
  files.save_npz(path, scores=np.zeros(7), digest=np.array("other"))
  with pytest.raises(errors.UserError, match="delete this one"):
    write(tmp_path)
