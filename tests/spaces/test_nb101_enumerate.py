"""The enumeration of NAS-Bench-101: counts, order, tables, cache file."""

import itertools

import numpy as np
import pytest

from nasjax import errors, files
from nasjax.spaces import nb101, nb101_enumerate, nb101_text
from nasjax.spaces import nb101_modelspec as modelspec

SPACE = nb101.NB101()


@pytest.mark.parametrize(
  ("max_vertices", "count"), [(2, 1), (3, 7), (4, 91), (5, 2532), (6, 64542)]
)
def test_number_of_small_cells(max_vertices, count):
  """The counts that the official enumeration is known to give."""
  cells = nb101_enumerate.distinct_cells(max_vertices)
  assert len(cells) == count
  assert SPACE.is_valid(cells).all()


def test_small_cells_equal_brute_force():
  """Every 4x4 matrix under every labelling, told apart by the MD5 hash."""
  archs = []
  for bits in itertools.product((0, 1), repeat=6):
    matrix = np.zeros((4, 4), int)
    matrix[np.triu_indices(4, 1)] = bits
    for ops in itertools.product(modelspec.OP_NAMES, repeat=2):
      archs.append((matrix, ["input", *ops, "output"]))
  connected, unconnected = [], 0
  for arch in archs:
    try:
      connected.append(nb101_text.parse([arch]))
    except errors.UserError:
      unconnected += 1
  hashes = set(SPACE.module_hash(np.concatenate(connected)))
  cells = nb101_enumerate.enumerate_cells(4)
  assert SPACE.module_hash(cells) == sorted(hashes)
  # 17 of 64 matrices have no path: the input feeds nobody (8), only vertex 1
  # (3), only vertex 2 (4), or both (2).
  assert unconnected == 17 * 9


def test_whole_space():
  cells = SPACE.enumerate()
  assert cells.shape == (423_624, 26)
  assert cells.dtype == np.int8
  assert not cells.flags.writeable
  sizes = (cells[:, 21:] >= 0).sum(1) + 2
  assert np.bincount(sizes).tolist() == [0, 0, 1, 6, 84, 2441, 62010, 359082]
  assert len(np.unique(SPACE.fingerprint(cells))) == SPACE.size
  assert SPACE.is_valid(cells).all()
  assert SPACE.enumerate() is cells


def test_order_is_that_of_the_official_hash():
  cells = SPACE.enumerate()[::200]
  hashes = SPACE.module_hash(cells)
  assert hashes == sorted(set(hashes))


def test_the_known_order_is_what_hashing_gives(long):
  """Cells of up to 5 vertices, all with `--long`: those of all in between."""
  order = files.load_npz(nb101_enumerate.ORDER)["order"]
  assert order.dtype == np.uint32
  np.testing.assert_array_equal(np.sort(order), np.arange(SPACE.size))
  cells = nb101_enumerate.distinct_cells(7 if long else 5)
  few = order[order < len(cells)]
  np.testing.assert_array_equal(few, nb101_enumerate.hash_order(cells))


def test_the_whole_space_is_not_hashed(monkeypatch):
  monkeypatch.setattr(nb101_enumerate.nb101_md5, "module_hash", None)
  cells = nb101_enumerate.sorted_cells()
  np.testing.assert_array_equal(cells, SPACE.enumerate())


@pytest.fixture
def table(data_dir):
  """The complete table: genotypes `[423624, 26]` and parameters."""
  stored = files.read_npz(data_dir / "nb101_full.npz")
  genotypes = np.full((len(stored["params"]), 26), -1, np.int8)
  genotypes[:, :21] = (stored["edge_bits"][:, None] >> np.arange(21)) & 1
  inner = stored["vertices"].astype(int) - 2
  labels = stored["label_base3"].astype(int)
  for vertex in range(5):
    rows = inner > vertex
    digit = labels[rows] // 3 ** (inner[rows] - 1 - vertex) % 3
    genotypes[rows, 21 + vertex] = digit
  return genotypes, stored["params"]


def test_table_has_the_same_cells_in_the_same_order(table):
  np.testing.assert_array_equal(table[0], SPACE.enumerate())


def test_table_has_the_same_parameters(table):
  genotypes, params = table
  np.testing.assert_array_equal(SPACE.num_params(genotypes), params)


@pytest.mark.slow
def test_records_have_the_same_hashes(data_dir):
  records = files.read_npz(data_dir / "nb101_records.npz")
  genotypes = np.full((len(records["hash"]), 26), -1, np.int8)
  genotypes[:, :21] = (records["edge_bits"][:, None] >> np.arange(21)) & 1
  genotypes[:, 21:] = np.maximum(records["ops"][:, 1:6], -1)
  assert SPACE.module_hash(genotypes) == records["hash"].astype(str).tolist()


@pytest.fixture
def small_cache(tmp_path, monkeypatch):
  """A cache of the 91 smallest cells, and how often they were enumerated."""
  calls = []

  def counted():
    calls.append(1)
    return nb101_enumerate.enumerate_cells(4)

  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  monkeypatch.setattr(nb101_enumerate, "NUM_CELLS", 91)
  monkeypatch.setattr(nb101_enumerate, "sorted_cells", counted)
  return calls


def test_cache_is_written_once_and_read_back(small_cache):
  first = nb101_enumerate.all_cells.__wrapped__()
  second = nb101_enumerate.all_cells.__wrapped__()
  assert len(small_cache) == 1
  np.testing.assert_array_equal(first, second)


def _truncate(path):
  path.write_bytes(path.read_bytes()[:200])


def _replace(path):
  files.save_npz(path, genotypes=np.zeros((3, 26), np.int8))


def _rename(path):
  files.save_npz(path, cells=np.zeros((91, 26), np.int8))


@pytest.mark.parametrize("damage", [_truncate, _replace, _rename])
def test_damaged_cache_is_rebuilt_with_one_warning(small_cache, caplog, damage):
  first = nb101_enumerate.all_cells.__wrapped__()
  damage(nb101_enumerate.cache_path())
  second = nb101_enumerate.all_cells.__wrapped__()
  third = nb101_enumerate.all_cells.__wrapped__()
  assert len(small_cache) == 2
  np.testing.assert_array_equal(first, second)
  np.testing.assert_array_equal(first, third)
  assert len(caplog.records) == 1
  assert "its cache is unusable" in caplog.text


def test_unwritable_cache_only_warns(
  small_cache, caplog, tmp_path, monkeypatch
):
  (tmp_path / "file").write_text("in the way")
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "file"))
  assert len(nb101_enumerate.all_cells.__wrapped__()) == 91
  assert "enumerated again next time" in caplog.text
