"""Networks of families: counts of spaces and tables, shapes by hand, labels."""

import os
from typing import Any

import numpy as np
import pytest

import nasjax
from nasjax import files
from nasjax.computation import families
from nasjax.computation.families import (
  accel,
  darts,
  macro,
  nb101,
  nb201,
  ofa,
  size,
  transnas,
)
from nasjax.computation.families.builder import Builder
from nasjax.errors import UserError

needs_tables = pytest.mark.skipif(
  "NASJAX_DATA" not in os.environ, reason="needs the tables of NASJAX_DATA"
)
BUILDERS = {"nb101": nb101, "nb201": nb201, "darts": darts}
# A classifier's bias counts as multiply-adds in the counts of these spaces.
BIAS = {"nb101": 0, "nb201": 10, "darts": 10}


@pytest.mark.parametrize("name", BUILDERS)
def test_totals_are_those_of_the_space(name):
  space = nasjax.get_space(name)
  cells = space.sample(40, np.random.default_rng(0))
  graphs = BUILDERS[name].build(cells)
  params = [graph.params for graph in graphs]
  macs = [graph.macs for graph in graphs]
  assert params == space.num_params(cells).tolist()
  assert macs == (space.flops(cells) - BIAS[name]).tolist()


def test_nb101_cell_by_hand():
  space = nasjax.get_space("nb101")
  # input -> conv3x3 -> output, and a projection of the input.
  cells = np.zeros((1, 26), np.int8)
  cells[0, [0, 1, 2]] = 1
  cells[0, 21:] = (0, -1, -1, -1, -1)
  assert space.is_valid(cells)[0]
  (graph,) = nb101.build(cells)
  counts = graph.counts()
  # Stem, and in nine cells two projections and one convolution.
  assert counts["conv"] == counts["batch_norm"] == counts["relu"] == 1 + 27
  assert counts["max_pool"] == 2
  assert counts["add"] == 9
  assert "concat" not in counts
  assert graph.nodes[-3].shape == (512,)


def test_zeros_and_dead_operations_of_nb201():
  def counts(*codes):
    (graph,) = nb201.build(np.array([codes]))
    return graph.counts()

  dead = counts(3, 0, 0, 1, 0, 0)  # the convolution feeds nothing
  assert dead["conv"] == counts(0, 0, 0, 1, 0, 0)["conv"] + 15
  assert counts(0, 0, 0, 0, 0, 0)["constant"] == 3 * 15
  pools = counts(0, 0, 0, 4, 0, 0)
  assert pools["avg_pool"] == 15 + 2
  assert pools["add"] == 2


def test_reduction_of_darts_by_hand():
  skip = np.array([[0, 3], [1, 3]] * 4)
  (graph,) = darts.build(np.stack([skip, skip]).reshape(1, 32))
  halved = [node for node in graph.nodes if node.operator == "slice"]
  # Eight skips in each of two reduction cells, and two inputs behind them.
  assert len(halved) == 2 * 8 + 2
  assert halved[0].shape == (31, 31, 36 * 2)
  assert graph.counts()["concat"] == 20 + len(halved)


def test_a_residual_block_by_hand():
  b = Builder(8, 4)
  x = b.inverted_residual(0, 4, 2, 3, 1, "relu6", (1, "relu", "sigmoid"))
  graph = b.finish(x)
  # 4 x 8 and 8 x 4 weights, 9 x 8 depthwise, 2 (8 + 8 + 4) of the norms, and
  # squeeze-excitation of 8 + 1 and 8 + 8.
  assert graph.params == 32 + 32 + 72 + 40 + 9 + 16
  assert graph.macs == 64 * (32 + 32 + 72) + 8 + 8
  assert graph.counts()["depthwise_conv"] == graph.counts()["add"] == 1
  strided = Builder(7, 4)
  strided.inverted_residual(0, 4, 1, 3, 2, "relu")
  assert strided.finish(5).nodes[-1].shape == (4, 4, 4)


def test_sizes_by_hand():
  wide, narrow = size.build(np.array([[64] * 5, [8, 8, 16, 16, 32]]))
  # Five convolutions a cell, three a block, one stem; skips of two cells.
  assert wide.counts()["conv"] == 1 + 3 * 5 + 2 * 3
  assert narrow.counts()["conv"] == wide.counts()["conv"] + 2
  assert narrow.nodes[-3].shape == (32,)


def test_shapes_behind_the_last_convolution():
  def last(graph):
    (pool,) = [n for n in graph.nodes if n.operator == "global_avg_pool"][-1:]
    return graph.nodes[pool.inputs[0]].shape

  assert last(transnas.build(np.array([[3, 1, 0, 2, 0, 3]]))[0]) == (8, 8, 512)
  assert last(macro.build(np.zeros((1, 8), int))[0]) == (4, 4, 1280)
  stages = np.tile([6, 3, 2, 1], 7)[None]
  assert last(accel.build(stages)[0]) == (7, 7, 1280)
  blocks = np.concatenate([np.full(20, 5), np.full(20, 3), np.full(5, 2)])
  assert last(ofa.build(blocks[None])[0]) == (7, 7, 1152)


@needs_tables
def test_params_and_macs_of_published_tables():
  folder = files.data_dir()
  assert folder is not None
  found = families.load("macro").drawn(50, 0)
  rows = files.read_json(folder / "nas-bench-macro_cifar10.json", "a table")
  for codes, graph in zip(found.codes, found.graphs(), strict=True):
    row = rows["".join(map(str, codes))]
    assert (graph.params, graph.macs) == (row["params"], row["flops"])
  with np.load(folder / "accel_nasbench.npz") as table:
    names = table["metric_names"].tolist()
    stages = table["arch"][:50].astype(int)
    params = 1e6 * table["metrics"][:50, names.index("params_M")]
  found = [graph.params for graph in accel.build(stages)]
  np.testing.assert_allclose(found, params, rtol=1e-9)


@needs_tables
@pytest.mark.parametrize("name", families.family_names())
def test_every_family_has_labels_and_graphs(name):
  found = families.load(name)
  assert len(found.codes) == len(found.values) >= 545
  assert np.isfinite(found.values).all()
  drawn = found.drawn(3, 1)
  (first, *_) = drawn.graphs()
  assert first.nodes[-1].operator == "output"
  assert not first.unknown()
  is_row = (found.codes == drawn.codes[0]).all(axis=1)
  assert found.values[is_row] == drawn.values[0]


LABELS = np.array([[60.0, 1.0], [np.nan, 2.0], [70.0, 3.0]])
ACCEL: dict[str, Any] = {
  "arch": np.tile([1, 3, 1, 0], (3, 7)),
  "metrics": LABELS,
  "metric_names": np.array(["val_top1", "params_M"]),
}


def test_networks_without_a_label_are_left_out(tmp_path):
  np.savez(tmp_path / "accel_nasbench.npz", **ACCEL)
  found = families.load("accel", tmp_path)
  assert found.values.tolist() == [60, 70]
  assert found.codes.shape == (2, 28)


@pytest.mark.parametrize(
  ("changed", "expected"),
  [
    ({"metric_names": np.array(["val_top1"])}, "one column for each"),
    ({"metric_names": np.array("val_top1")}, "one column for each"),
    ({"metric_names": np.array(["top1", "top5"])}, "unknown label"),
    ({"metrics": LABELS[:, 0]}, "one column for each"),
    ({"metrics": LABELS.astype("U8")}, "expected numbers"),
    ({"metrics": LABELS + np.inf}, "expected finite numbers"),
    ({"metrics": LABELS * np.nan}, "expected networks with the label"),
    ({"arch": ACCEL["arch"] + 4}, "0 .. 6"),
  ],
)
def test_damaged_tables_of_families(tmp_path, changed, expected):
  np.savez(tmp_path / "accel_nasbench.npz", **{**ACCEL, **changed})
  with pytest.raises(UserError, match=expected):
    families.load("accel", tmp_path)


def test_mistakes(tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  with pytest.raises(UserError, match="family"):
    families.load("nb102")
  with pytest.raises(UserError, match="label"):
    families.load("macro", tmp_path, "cifar10/train")
  with pytest.raises(UserError, match="expected nats_sss_cifar10"):
    families.load("size", tmp_path)
  with pytest.raises(UserError, match="got no folder"):
    families.load("ofa")
  (tmp_path / "nas-bench-macro_cifar10.json").write_text('{"0120": {}}')
  with pytest.raises(UserError, match="eight choices"):
    families.load("macro", tmp_path)
