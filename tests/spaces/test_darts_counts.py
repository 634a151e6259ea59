"""DARTS: parameters and multiply-adds against hand and published counts."""

import csv
import json

import numpy as np
import pytest

from nasjax.spaces import darts

SPACE = darts.DARTS()
SEP3, SEP5, DIL3, DIL5 = 4, 5, 6, 7
MAX, AVG, SKIP, NONE = 1, 2, 3, 0


def table_genotypes(table):
  """Reads the genotypes of a table, which numbers operations its own way."""
  codes = np.array([SPACE.op_names.index(name) for name in table["ops"]])
  genotypes = table["genotype"].copy()
  genotypes[..., 1] = codes[genotypes[..., 1]]
  return genotypes.reshape(-1, 32)


def small_network():
  normal = [
    *[(0, SEP3), (1, DIL5), (0, SKIP), (1, AVG)],
    *[(2, SKIP), (0, NONE), (3, MAX), (4, SEP5)],
  ]
  reduce = [
    *[(0, SKIP), (1, SEP3), (0, MAX), (2, SKIP)],
    *[(1, DIL3), (2, SEP5), (3, AVG), (4, NONE)],
  ]
  return np.array([normal, reduce], np.int8).reshape(1, 32)


def test_num_params_by_hand():
  # Three cells from C = 4: normal (4), then two reductions (8 and 16). Their
  # inputs have (12, 12), (12, 16) and (16, 32) channels.
  def normal(c):
    sep3, sep5 = (2 * (k * k * c + c * c + 2 * c) for k in (3, 5))
    dil5 = 25 * c + c * c + 2 * c
    return sep3 + dil5 + sep5

  def reduction(c):
    reduced_skip = c * c + 2 * c
    sep3, sep5 = (2 * (k * k * c + c * c + 2 * c) for k in (3, 5))
    dil3 = 9 * c + c * c + 2 * c
    return reduced_skip + sep3 + dil3 + sep5

  stem = 3 * 12 * 9 + 2 * 12
  prepare = 4 * (12 + 12) + 4 * 4
  prepare += 8 * (12 + 16) + 4 * 8
  prepare += 16 * (16 + 32) + 4 * 16
  head = 64 * 10 + 10
  expected = stem + prepare + normal(4) + reduction(8) + reduction(16) + head
  assert SPACE.num_params(small_network(), channels=4, layers=3) == expected


def test_flops_by_hand():
  # The same network; the images have 32, 16 and 8 pixels a side in the cells.
  stem = 1024 * 27 * 12
  normal = 1024 * (2 * (36 + 16) + (100 + 16) + 2 * (100 + 16))
  ops = normal
  for pixels, c in ((256, 8), (64, 16)):
    skip, sep3 = c * c, 2 * (9 * c + c * c)
    dil3, sep5 = 9 * c + c * c, 2 * (25 * c + c * c)
    ops += pixels * (skip + sep3 + dil3 + sep5)
  # Inputs of a reduction cell are prepared before their size is halved; only
  # c_{k-2} of the last cell arrives at twice that size and is reduced.
  prepare = 1024 * 4 * 24 + 1024 * 8 * (12 + 16) + 256 * 16 * (16 + 32)
  head = 64 * 10 + 10
  expected = stem + ops + prepare + head
  assert SPACE.flops(small_network(), channels=4, layers=3) == expected


def test_num_params_of_the_cell_found_by_darts():
  # The paper gives 3.3 M for this second-order cell.
  normal = [
    *[(0, SEP3), (1, SEP3), (0, SEP3), (1, SEP3)],
    *[(1, SEP3), (0, SKIP), (0, SKIP), (2, DIL3)],
  ]
  reduce = [
    *[(0, MAX), (1, MAX), (2, SKIP), (1, MAX)],
    *[(0, MAX), (2, SKIP), (2, SKIP), (1, MAX)],
  ]
  genotype = np.array([normal, reduce], np.int8).reshape(1, 32)
  assert SPACE.num_params(genotype) == 3349342


def test_counts_equal_the_table_of_complete_networks(data_dir):
  table = np.load(data_dir / "darts_oncenas545.npz")
  genotypes = table_genotypes(table)
  params = SPACE.num_params(genotypes)
  np.testing.assert_allclose(params / 1e6, table["params_M"], atol=5e-7)
  # That table adds 4 per element of a batch norm and 1 per averaged element.
  cells = genotypes.reshape(-1, 2, 8, 2)
  maps = np.array([6 * 1024 * 36 * 7 // 4, 256 * 72 + 64 * 144])
  norms = np.array([0, 0, 0, 0, 2, 2, 1, 1])[cells[..., 1]].sum(2)
  reduced = (cells[:, 1, :, 1] == SKIP) & (cells[:, 1, :, 0] < 2)
  norms[:, 1] += reduced.sum(1)
  pools = (cells[..., 1] == AVG).sum(2)
  fixed = 4 * 1024 * 108 + 8 * (maps[0] + 4 * maps[1]) + 65 * 576
  theirs = SPACE.flops(genotypes) + (4 * norms + pools) @ maps + fixed
  np.testing.assert_allclose(theirs / 1e6, table["flops_M"], atol=1e-4)


def test_num_params_equal_the_table_of_small_networks(data_dir):
  # 32 channels, 8 layers, and no parameters in the batch norms of operations.
  table = np.load(data_dir / "darts_nb301surrogate1218.npz")
  genotypes = table_genotypes(table)
  column = table["proxy_names"].tolist().index("params")
  cells = genotypes.reshape(-1, 2, 8, 2)
  norms = np.array([0, 0, 0, 0, 2, 2, 1, 1])[cells[..., 1]].sum(2)
  reduced = (cells[:, 1, :, 1] == SKIP) & (cells[:, 1, :, 0] < 2)
  norms[:, 1] += reduced.sum(1)
  weights = 2 * norms @ np.array([2 * (32 + 64 + 128), 64 + 128])
  ours = SPACE.num_params(genotypes, channels=32, layers=8) - weights
  published = np.round(table["proxies"][:, column] * 1e6).astype(int)
  np.testing.assert_array_equal(ours, published)


@pytest.mark.parametrize(
  "name", ["DARTS_V2", "SNAS_moderate", "SNAS_aggressive", "P-DARTS"]
)
def test_num_params_round_to_the_published_ones(data_dir, name):
  with open(data_dir / "darts_published.csv", newline="") as file:
    rows = {row["name"]: row for row in csv.DictReader(file)}
  normal, reduce = (
    [tuple(edge) for edge in json.loads(rows[name][cell])]
    for cell in ("normal", "reduce")
  )
  arch = (normal, range(2, 6), reduce, range(2, 6))
  params = SPACE.num_params(SPACE.parse([arch]))
  assert abs(params / 1e6 - float(rows[name]["params_M"])) <= 0.05
