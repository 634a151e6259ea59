"""NAS-Bench-301: official result files written here, and the tables."""

import json

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import nb301_official, registry

# (operation, input) of both cells; inputs ascend within a node.
NORMAL = [
  ("sep_conv_3x3", 0), ("skip_connect", 1),
  ("max_pool_3x3", 0), ("dil_conv_5x5", 2),
  ("sep_conv_5x5", 1), ("avg_pool_3x3", 3),
  ("skip_connect", 2), ("dil_conv_3x3", 4),
]  # fmt: skip
REDUCE = [("max_pool_3x3", 0), ("sep_conv_3x3", 1)] * 4
GENOTYPE = [
  0, 4, 1, 3, 0, 1, 2, 7, 1, 5, 3, 2, 2, 3, 4, 6,
  *[0, 1, 1, 4] * 4,
]  # fmt: skip


def config(normal=NORMAL, reduce=REDUCE):
  """Writes a genotype as the official project does."""
  keys: dict[str, object] = {"OptimizerSelector:sgd:momentum": 0.9}
  prefix = "NetworkSelectorDatasetInfo:darts:"
  for cell, edges in (("normal", normal), ("reduce", reduce)):
    for node, offset in ((2, 0), (3, 2), (4, 5), (5, 9)):
      pair = edges[2 * node - 4 : 2 * node - 2]
      for op, source in pair:
        keys[f"{prefix}edge_{cell}_{offset + source}"] = op
      if node > 2:
        inputs = "_".join(str(source) for _, source in pair)
        keys[f"{prefix}inputs_node_{cell}_{node}"] = inputs
  return keys


def result(val, test=None, epochs=98, **edges):
  content = {
    "budget": 100,
    "optimized_hyperparamater_config": config(**edges),
    "info": [{"val_accuracy": val, "epochs": epochs, "train_accuracy": 99.0}],
    "runtime": 5000.0,
  }
  return content if test is None else content | {"test_accuracy": test}


def write(root, optimizer, number, content):
  folder = root / "nb_301_v13_lc_iclr_final" / optimizer
  folder.mkdir(parents=True, exist_ok=True)
  path = folder / f"results_{number}.json"
  path.write_text(json.dumps(content))
  return path


def test_official_folder(tmp_path):
  write(tmp_path, "rs", 0, result(94.5, 94.25))
  write(tmp_path, "re", 7, result(90.0, normal=REDUCE))
  benchmark = registry.get_benchmark("nb301", tmp_path)
  assert benchmark.genotypes.tolist() == [
    [0, 1, 1, 4] * 8,  # folders in alphabetical order
    GENOTYPE,
  ]
  assert benchmark.values("cifar10/val").tolist() == [90.0, 94.5]
  np.testing.assert_array_equal(
    benchmark.values("cifar10/test"), [np.nan, 94.25]
  )
  assert benchmark.describe("cifar10/val") == (
    "cifar10 val accuracy, 98 epochs, one run"
  )
  assert "SURROGATE" not in benchmark.source


def test_repeated_cells_count_once_and_mixed_epochs_are_told(tmp_path):
  write(tmp_path, "de", 1, result(93.0, epochs=48, normal=REDUCE))
  write(tmp_path, "rs", 1, result(94.5))
  swapped = [NORMAL[1], NORMAL[0], *NORMAL[2:]]
  write(tmp_path, "tpe", 1, result(95.5, normal=swapped))
  folder = tmp_path / "nb_301_v13_lc_iclr_final"
  benchmark = registry.get_benchmark("nb301", folder)
  assert benchmark.values("cifar10/val").tolist() == [93.0, 94.5]
  assert benchmark.describe("cifar10/val") == (
    "cifar10 val accuracy, epochs not stated, one run; 48 to 98 epochs"
  )


def test_second_load_reads_the_cache(tmp_path, monkeypatch):
  write(tmp_path, "rs", 0, result(94.5, 94.25))
  registry.get_benchmark("nb301", tmp_path)

  def never(paths):
    raise AssertionError(paths)

  monkeypatch.setattr(nb301_official, "convert", never)
  benchmark = registry.get_benchmark("nb301", tmp_path)
  assert benchmark.genotypes.tolist() == [GENOTYPE]


def without(key):
  content = result(94.0)
  del content["optimized_hyperparamater_config"][key]
  return content


def inputs(text):
  content = result(94.0)
  key = "NetworkSelectorDatasetInfo:darts:inputs_node_normal_3"
  content["optimized_hyperparamater_config"][key] = text
  return content


def nested(depth):
  """A text, since the writer cannot nest so deep."""
  return "[" * depth


@pytest.mark.parametrize(
  "content",
  [
    without("NetworkSelectorDatasetInfo:darts:edge_normal_0"),
    without("NetworkSelectorDatasetInfo:darts:inputs_node_reduce_4"),
    result(94.0, normal=[("conv_7x7", 0), *NORMAL[1:]]),
    result("high"),
    result(True),
    result(-1.0),
    result(1e300),
    result(94.0, test="90"),
    result(94.0, epochs=float("inf")),
    result(94.0, epochs=10**40),
    result(94.0, epochs=-1),
    result(94.0, epochs=[98]),
    inputs("0_1_2"),
    inputs("0_7"),
    inputs("-1_0"),
    inputs("0_" * 10**6),
    inputs(7),
    nested(50_000),
    {"info": []},
    [1, 2],
  ],
)
def test_results_of_another_kind(tmp_path, content):
  path = write(tmp_path, "rs", 0, content)
  if isinstance(content, str):
    path.write_text(content)
  message = "results_0.json.*is not an official result of NAS-Bench-301"
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb301", tmp_path)
  path.write_text(json.dumps(result(94.0))[:-40])
  with pytest.raises(errors.UserError, match="is not an official result"):
    registry.get_benchmark("nb301", tmp_path)


def test_table_codes_are_mapped_by_name_and_called_surrogate(tmp_path):
  cells = np.zeros((1, 2, 8, 2), np.int8)
  cells[0, :, :, 0] = [0, 1] * 4
  cells[0, 0, :, 1] = [0, 1, 0, 1, 0, 1, 0, 1]
  cells[0, 1, :, 1] = [2, 1, 0, 1, 0, 1, 0, 1]
  np.savez(
    tmp_path / "darts_nb301yahpo11221.npz",
    genotype=cells,
    ops=np.array(["max_pool_3x3", "sep_conv_3x3", "none"]),
    val_acc98_surrogate=np.array([94.5], np.float32),
    val_acc50_surrogate=np.array([90.25], np.float32),
  )
  benchmark = registry.get_benchmark("nb301", tmp_path)
  row = benchmark.genotypes[0]
  assert row[:16].tolist() == [0, 1, 1, 4] * 4
  assert row[16:20].tolist() == [0, 0, 1, 4]
  assert benchmark.values("cifar10/val").tolist() == [94.5]
  assert benchmark.values("cifar10/val50").tolist() == [90.25]
  assert "SURROGATE" in benchmark.source
  assert "SURROGATE" in benchmark.labels["cifar10/val"].note
  assert benchmark.labels["cifar10/val"].epochs == 98


def test_a_result_file_is_small(tmp_path):
  path = write(tmp_path, "rs", 0, result(94.0))
  path.write_bytes(b" " * (17 << 20))
  with pytest.raises(errors.UserError, match="more than 16 MiB"):
    registry.get_benchmark("nb301", tmp_path)


@pytest.mark.parametrize(
  ("name", "column", "message"),
  [
    ("genotype", np.zeros((1, 2, 8, 2)), "expected integers of shape"),
    ("genotype", np.zeros((1, 8, 2), np.int8), "expected integers of shape"),
    ("genotype", np.full((1, 2, 8, 2), 256), r"expected 0 .. 127"),
    ("ops", np.array(["none", "none"]), "each operation once"),
    ("val_acc98_surrogate", np.array([940.5]), r"accuracies 0 .. 100"),
    ("val_acc50_surrogate", np.array(["90"]), "expected numbers of shape"),
  ],
)
def test_columns_of_another_kind(tmp_path, name, column, message):
  pairs = np.array([[0, 0], [1, 1]] * 4, np.int8)
  table = {
    "genotype": np.stack([pairs, pairs])[None],
    "ops": np.array(["none", "sep_conv_3x3"]),
    "val_acc98_surrogate": np.array([94.5], np.float32),
    "val_acc50_surrogate": np.array([90.25], np.float32),
  }
  path = tmp_path / "darts_nb301yahpo11221.npz"
  np.savez(path, **table)
  assert len(registry.get_benchmark("nb301", tmp_path)) == 1
  np.savez(path, **{**table, name: column})
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb301", tmp_path)
  del table["ops"]
  np.savez(path, **table)
  with pytest.raises(errors.UserError, match="names of its operations"):
    registry.get_benchmark("nb301", tmp_path)


def test_complete_tables(data_dir):
  surrogate = registry.get_benchmark("nb301", data_dir)
  assert len(surrogate) == 11_221
  assert surrogate.values("cifar10/val").max() == pytest.approx(95.85898)
  assert (surrogate.genotypes[:, 1::2] > 0).all()  # none does not occur
  trained = registry.get_benchmark("darts545", data_dir)
  assert len(trained) == 545
  gap = trained.values("cifar10/val50") - trained.values("cifar10/test50")
  assert np.abs(gap).max() < 0.021
  assert trained.values("cifar10/val10").max() == pytest.approx(86.27)
  assert (trained.genotypes[:, 1::2] == 0).sum() == 649
  others = registry.get_benchmark("darts_9x199", data_dir)
  assert len(others) == 199
  assert others.values("svhn/val").max() == pytest.approx(97.50691)


def test_table_genotype_in_words(data_dir):
  """Row 0 of the surrogate table, read by hand from its codes and names."""
  surrogate = registry.get_benchmark("nb301", data_dir)
  (text,) = surrogate.space.format(surrogate.genotypes[:1])
  assert text.startswith(
    "Genotype(normal=[('dil_conv_5x5', 0), ('sep_conv_5x5', 1), "
    "('max_pool_3x3', 0), ('dil_conv_3x3', 1),"
  )
