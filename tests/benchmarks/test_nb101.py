"""NAS-Bench-101: tables, and the official TFRecord file written here."""

import base64
import json

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import nb101, nb101_tfrecord, registry
from nasjax.spaces import nb101 as nb101_space
from nasjax.spaces import registry as spaces

from . import protobuf_writer, tfrecord_writer

# The 2-vertex cell, and 4 vertices: 0->1, 1->2, 2->3, 0->3 with 1x1 and pool.
SMALL = (2, 0b1, 0)
CHAIN = (4, 0b101101, 1 * 3 + 2)
CHAIN_GENOTYPE = [1, 0, 1, 1, 0, 1] + [0] * 15 + [1, 2, -1, -1, -1]
CHAIN_MATRIX = "0101001000010000"
CHAIN_OPS = "input,conv1x1-bn-relu,maxpool3x3,output"


def write_tables(folder, cells, test, records=()):
  vertices, edges, label = np.array(cells).T
  np.savez(
    folder / "nb101_full.npz",
    vertices=vertices.astype(np.uint8),
    edge_bits=edges.astype(np.uint32),
    label_base3=label.astype(np.uint8),
    test_acc=np.array(test, np.float32),
  )
  if records:
    names = ("num_vertices", "edge_bits", "ops", "source", "val108", "val4")
    values = map(np.array, zip(*records, strict=True))
    columns = dict(zip(names, values, strict=True))
    nothing = np.full(len(records), np.nan)
    np.savez(
      folder / "nb101_records.npz", **columns, val12=nothing, val36=nothing
    )


def test_genotypes_of_packed_cells():
  cells = np.array([SMALL, CHAIN, (7, 2**21 - 1, 242)]).T
  assert nb101.genotypes_of(*cells).tolist() == [
    [1] + [0] * 20 + [-1] * 5,
    CHAIN_GENOTYPE,
    [1] * 21 + [2] * 5,
  ]
  first = nb101.genotypes_of(*np.array([[7, 1, 1 * 81]]).T)
  assert first[0, 21:].tolist() == [1, 0, 0, 0, 0]  # the first digit is largest


@pytest.mark.parametrize(
  "cell", [(1, 0, 0), (8, 1, 0), (4, 1 << 6, 0), (4, 1, 9), (4, 1, -1)]
)
def test_packed_cells_out_of_range(cell):
  with pytest.raises(errors.UserError, match="row 1 of the NAS-Bench-101"):
    nb101.genotypes_of(*np.array([SMALL, cell]).T)


def test_tables_are_joined(tmp_path):
  none, chain_ops = [-1, -2, -9, -9, -9, -9, -9], [-1, 1, 2, -2, -9, -9, -9]
  write_tables(
    tmp_path,
    [SMALL, CHAIN, (3, 0b101, 1)],
    [60.5, 93.25, 80.0],
    [
      (4, CHAIN[1], chain_ops, 0b00100, 0.9375, 0.25),
      (2, 1, none, 0b10010, 0.625, np.nan),
    ],
  )
  benchmark = registry.get_benchmark("nb101", tmp_path)
  assert len(benchmark) == 3
  assert benchmark.genotypes[1].tolist() == CHAIN_GENOTYPE
  nan = np.nan
  for name, expected in {
    "cifar10/test": [60.5, 93.25, 80.0],
    "cifar10/val_any": [62.5, 93.75, nan],
    "cifar10/val": [62.5, nan, nan],
    "cifar10/val4": [nan, 25.0, nan],
    "cifar10/val36": [nan, nan, nan],
  }.items():
    np.testing.assert_array_equal(benchmark.values(name), expected)
    assert benchmark.values(name).dtype == np.float64
  assert benchmark.describe("cifar10/test") == (
    "cifar10 test accuracy, 108 epochs, mean of 3"
  )
  assert next(iter(benchmark.columns)) == "cifar10/val"


def test_table_of_test_accuracies_alone(tmp_path):
  write_tables(tmp_path, [SMALL, CHAIN], [60.0, 90.0])
  benchmark = registry.get_benchmark("nb101", tmp_path)
  assert list(benchmark.columns) == ["cifar10/test"]


def test_records_of_other_cells(tmp_path):
  ops = [-1, 1, 1, -2, -9, -9, -9]
  record = (4, CHAIN[1], ops, 1, 0.9, 0.2)
  write_tables(tmp_path, [SMALL, CHAIN], [60.0, 90.0], [record])
  with pytest.raises(errors.UserError, match=r"got 1 others; fetch both"):
    registry.get_benchmark("nb101", tmp_path)


def test_foreign_table(tmp_path):
  np.savez(tmp_path / "nb101_full.npz", vertices=np.zeros(3))
  with pytest.raises(errors.UserError, match="expected a column 'edge_bits'"):
    registry.get_benchmark("nb101", tmp_path)


def row(name, epochs, matrix, ops, val, test):
  message = protobuf_writer.run(val, test)
  encoded = base64.b64encode(message).decode()
  return json.dumps([name, epochs, matrix, ops, encoded]).encode()


def write_official(path, epochs=(108,)):
  """Two cells of three runs; the hash order is not the file order."""
  rows = []
  for budget in epochs:
    chain = [(0.5, 0.25), (0.75, 0.5), (1.0, 0.75)]
    small = [(0.125, 0.0), (0.25, 0.0), (0.375, 0.375)]
    for (val, test), (val2, test2) in zip(chain, small, strict=True):
      scale = budget / 108
      rows.append(row("ff", budget, CHAIN_MATRIX, CHAIN_OPS, val * scale, test))
      rows.append(row("0a", budget, "0100", "input,output", val2, test2))
  return tfrecord_writer.write(path, rows)


def test_official_file(tmp_path):
  write_official(tmp_path / "nasbench_only108.tfrecord")
  benchmark = registry.get_benchmark("nb101", tmp_path)
  assert benchmark.genotypes.tolist() == [
    [1] + [0] * 20 + [-1] * 5,
    CHAIN_GENOTYPE,
  ]
  assert {name: list(v) for name, v in benchmark.columns.items()} == {
    "cifar10/val": [12.5, 50.0],
    "cifar10/val_any": [12.5, 50.0],
    "cifar10/val_mean": [25.0, 75.0],
    "cifar10/test": [12.5, 50.0],
  }
  assert benchmark.labels["cifar10/val_mean"].seeds == "mean of 3"
  assert "nasbench_only108.tfrecord" in benchmark.source


def test_official_full_file_wins_and_has_short_runs(tmp_path):
  write_official(tmp_path / "nasbench_only108.tfrecord")
  write_official(tmp_path / "nasbench_full.tfrecord", (4, 12, 36, 108))
  benchmark = registry.get_benchmark("nb101", tmp_path)
  np.testing.assert_allclose(
    [benchmark.values(f"cifar10/val{e}")[1] for e in (4, 12, 36)],
    [50 * 4 / 108, 50 * 12 / 108, 50 * 36 / 108],
  )
  assert benchmark.labels["cifar10/val12"].epochs == 12
  assert benchmark.values("cifar10/test").tolist() == [12.5, 50.0]


def test_second_load_reads_the_cache(tmp_path, monkeypatch):
  write_official(tmp_path / "nasbench_only108.tfrecord")
  first = registry.get_benchmark("nb101", tmp_path)

  def never(path):
    raise AssertionError(path)

  monkeypatch.setattr(nb101_tfrecord, "convert", never)
  second = registry.get_benchmark("nb101", tmp_path)
  np.testing.assert_array_equal(second.genotypes, first.genotypes)
  for name, column in first.columns.items():
    np.testing.assert_array_equal(second.values(name), column)


def test_missing_runs_are_nan(tmp_path):
  rows = [
    row("aa", 4, "0100", "input,output", 0.5, 0.25),
    row("bb", 108, CHAIN_MATRIX, CHAIN_OPS, 0.75, 0.5),
  ]
  path = tfrecord_writer.write(tmp_path / "nasbench_full.tfrecord", rows)
  arrays = nb101_tfrecord.convert(path)
  nan = np.nan
  np.testing.assert_array_equal(arrays["cifar10/val4"], [50.0, nan])
  np.testing.assert_array_equal(arrays["cifar10/val"], [nan, 75.0])
  np.testing.assert_array_equal(arrays["cifar10/test"], [nan, 50.0])
  assert "cifar10/val12" not in arrays


@pytest.mark.parametrize(
  ("place", "message"),
  [(0, "wrong checksum of a record length"), (100, "CRC32C")],
)
def test_damaged_official_file(tmp_path, place, message):
  path = write_official(tmp_path / "nasbench_only108.tfrecord")
  content = bytearray(path.read_bytes())
  content[place] ^= 1
  path.write_bytes(content)
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb101", tmp_path)
  path.write_bytes(b"")
  with pytest.raises(errors.UserError, match="is empty"):
    registry.get_benchmark("nb101", tmp_path)


@pytest.mark.parametrize(
  "record",
  [
    b"not json",
    b"\xff\xfe[]",
    b"[" * 50_000,
    b"9" * 10_000,
    b'{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}',
    b"[1, 2]",
    json.dumps(["aa", 108, "0100", "input,output", 7]).encode(),
    json.dumps([["aa"], 108, "0100", "input,output", "EKwC"]).encode(),
    json.dumps(["aa", 108, None, "input,output", "EKwC"]).encode(),
    row("aa", 10**30, "0100", "input,output", 0.5, 0.5),
    row("aa", 107, "0100", "input,output", 0.5, 0.5),
    row("aa", 108.0, "0100", "input,output", 0.5, 0.5),
    row("aa", True, "0100", "input,output", 0.5, 0.5),
    row("aa", 108, "0100", "input,output", 1.5, 0.5),
    row("aa", 108, "0100", "input,output", 0.5, -0.5),
    row("aa", 108, "0100", "input,output", np.nan, 0.5),
    row("aa", 108, "0100", "input,output", 0.5, np.inf),
    row("aa", 108, "0100", "input,output", 0.5, 0.5).replace(b'"C', b'"!'),
    json.dumps(["aa", 108, "0100", "input,output", "EKwC"]).encode(),
  ],
)
def test_records_of_another_kind(tmp_path, record):
  good = row("bb", 108, "0100", "input,output", 0.5, 0.5)
  path = tmp_path / "nasbench_only108.tfrecord"
  tfrecord_writer.write(path, [good, record])
  with pytest.raises(
    errors.UserError, match=r"record 1' is not a (row|ModelM)"
  ):
    nb101_tfrecord.convert(path)


@pytest.mark.parametrize(
  ("matrix", "ops", "message"),
  [
    ("0100", "input,conv5x5,output", "unknown operation .* 'conv5x5'"),
    ("0100", "output", "from input to output"),
    ("010000", "input,output", "cell 1: expected an upper triangular"),
    ("0200", "input,output", "cell 1: expected an upper triangular"),
    ("0110", "input,output", "cell 1: expected an upper triangular"),
  ],
)
def test_cells_of_another_space(matrix, ops, message):
  with pytest.raises(errors.UserError, match=message):
    nb101_tfrecord.genotypes_of([CHAIN_MATRIX, matrix], [CHAIN_OPS, ops])


def test_official_cells_agree_with_the_space():
  """The compact path and the notation of the space read one cell alike."""
  matrix = np.array(list(CHAIN_MATRIX), int).reshape(4, 4)
  parsed = spaces.get_space("nb101").parse([(matrix, CHAIN_OPS.split(","))])
  read = nb101_tfrecord.genotypes_of([CHAIN_MATRIX], [CHAIN_OPS])
  np.testing.assert_array_equal(read, parsed)
  assert read[0].tolist() == CHAIN_GENOTYPE


def test_cells_that_are_none_of_the_space(tmp_path):
  ops = ",".join(["input", *["conv3x3-bn-relu"] * 5, "output"])
  matrix = "".join("1" if y > x else "0" for x in range(7) for y in range(7))
  path = tmp_path / "nasbench_only108.tfrecord"
  tfrecord_writer.write(path, [row("aa", 108, matrix, ops, 0.5, 0.5)])
  with pytest.raises(errors.UserError, match="genotype 0 is not a cell"):
    nb101_tfrecord.convert(path)


GOOD = {
  "vertices": np.array([2, 4], np.uint8),
  "edge_bits": np.array([1, 0b101101], np.uint32),
  "label_base3": np.array([0, 5], np.uint8),
  "test_acc": np.array([80.5, 93.25], np.float32),
}


@pytest.mark.parametrize(
  ("name", "column", "message"),
  [
    ("vertices", np.array([2.0, 4.7]), "expected integers of shape"),
    ("vertices", np.array([258, 4]), r"expected 2 .. 7 .*got 4 .. 258"),
    ("vertices", np.array([[2], [4]]), "expected integers of shape"),
    ("edge_bits", np.array([1, 2**32 + 45]), r"expected 0 .. 2097151"),
    ("edge_bits", np.array([1, -5]), r"expected 0 .. 2097151"),
    ("label_base3", np.array(["0", "5"]), "expected integers of shape"),
    ("test_acc", np.array([80.5, 101]), r"expected accuracies 0 .. 100"),
    ("test_acc", np.array([-1.0, 50]), r"expected accuracies 0 .. 100"),
    ("test_acc", np.array([np.inf, 50]), r"expected accuracies 0 .. 100"),
    ("test_acc", np.array([1j, 50]), "expected numbers of shape"),
    ("test_acc", np.array(["a", "b"]), "expected numbers of shape"),
    ("test_acc", np.zeros((2, 1)), "expected numbers of shape"),
    ("test_acc", np.zeros(3), "columns of one length"),
    ("test_acc", np.array(3.0), "columns of one length"),
  ],
)
def test_columns_of_another_kind(tmp_path, name, column, message):
  np.savez(tmp_path / "nb101_full.npz", **GOOD)
  assert len(registry.get_benchmark("nb101", tmp_path)) == 2
  np.savez(tmp_path / "nb101_full.npz", **{**GOOD, name: column})
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb101", tmp_path)


@pytest.mark.parametrize(
  ("seconds", "message"),
  [([1200.5, np.nan], None), ([-1.0, 2.0], "seconds 0 .. 31622400 in column")],
)
def test_times_of_trainings(tmp_path, seconds, message):
  ops = [-1, 1, 2, -2, -9, -9, -9], [-1, -2, -9, -9, -9, -9, -9]
  rows = [
    (4, CHAIN[1], ops[0], 0b00100, 0.9375, 0.25),
    (2, 1, ops[1], 0b10010, 0.625, np.nan),
  ]
  write_tables(tmp_path, [SMALL, CHAIN], [60.5, 93.25], rows)
  path = tmp_path / "nb101_records.npz"
  np.savez(path, **np.load(path), time108=np.array(seconds))
  if message:
    with pytest.raises(errors.UserError, match=message):
      registry.get_benchmark("nb101", tmp_path)
    return
  benchmark = registry.get_benchmark("nb101", tmp_path)
  np.testing.assert_array_equal(
    benchmark.values("cifar10/seconds"), [np.nan, 1200.5]
  )
  assert benchmark.labels["cifar10/seconds"].kind == "cost"


def test_a_cell_with_two_accuracies(tmp_path):
  write_tables(tmp_path, [SMALL, CHAIN, SMALL], [60.5, 93.25, 80.0])
  with pytest.raises(errors.UserError, match="each cell once, got row 2"):
    registry.get_benchmark("nb101", tmp_path)


def test_complete_tables(data_dir):
  benchmark = registry.get_benchmark("nb101", data_dir)
  assert len(benchmark) == 423_624
  labels = {n: np.isfinite(v).sum() for n, v in benchmark.columns.items()}
  assert labels == {
    "cifar10/val": 30_012,
    "cifar10/val_any": 30_318,
    "cifar10/test": 423_624,
    "cifar10/val4": 30_001,
    "cifar10/val12": 30_001,
    "cifar10/val36": 30_001,
    "cifar10/seconds": 30_053,
  }
  assert benchmark.values("cifar10/test").max() == pytest.approx(94.31757)
  both = np.isfinite(benchmark.values("cifar10/val"))
  gap = benchmark.values("cifar10/val") - benchmark.values("cifar10/test")
  assert np.median(gap[both]) == pytest.approx(0.898, abs=0.005)


@pytest.mark.slow
def test_records_carry_the_official_hash_of_their_row(data_dir):
  """Row order, digit order and join: all against the official MD5."""
  benchmark = registry.get_benchmark("nb101", data_dir)
  assert benchmark.space.is_valid(benchmark.genotypes[::1000]).all()
  records = np.load(data_dir / "nb101_records.npz")
  val = benchmark.values("cifar10/val_any")
  place = np.arange(0, len(val), 4000)
  hashes = nb101_space.NB101().module_hash(benchmark.genotypes[place])
  assert hashes == sorted(hashes)
  known = dict(zip(records["hash"].tolist(), records["val108"], strict=True))
  labelled = np.flatnonzero(np.isfinite(val))[::500]
  names = nb101_space.NB101().module_hash(benchmark.genotypes[labelled])
  expected = [100 * float(known[name.encode()]) for name in names]
  np.testing.assert_allclose(val[labelled], expected, rtol=1e-12)
