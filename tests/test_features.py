"""Graph features against hand-worked cells and a search over all paths."""

import dataclasses
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import errors, graphs, operators
from nasjax.features import (
  cell_features,
  cell_path_features,
  inputs,
  kinds,
  scales,
  tables,
)
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models

RESIDUAL = (
  "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
  "|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def named(space, arch):
  names = tables.feature_names(space)
  row = tables.graph_features(space, space.parse([arch]))[0]
  return dict(zip(names, row.tolist(), strict=True))


def test_hand_worked_cell():
  found = named(spaces.get_space("nb201"), RESIDUAL)
  assert found["paths (all)"] == pytest.approx(np.log2(1 + 4) / 4)
  assert found["paths (no skip_connect)"] == pytest.approx(np.log2(1 + 3) / 4)
  assert found["paths (only conv_3x3)"] == pytest.approx(np.log2(1 + 3) / 4)
  assert found["paths (only conv_1x1)"] == 0
  assert found["longest path (all)"] == 3 / 4
  assert found["longest path (no conv_3x3)"] == 1 / 4
  assert found["shortest path (all)"] == 1 / 4
  assert found["shortest path (no skip_connect)"] == 2 / 4
  assert found["shortest path (only avg_pool_3x3)"] == 5 / 4
  assert found["count (conv_3x3)"] == 5 / 4
  assert found["most on a path (conv_3x3)"] == 3 / 4
  assert found["least on a path (conv_3x3)"] == 0
  assert found["after input (conv_3x3)"] == 2 / 4
  assert found["input out-degree"] == 3 / 8
  assert found["largest in-degree"] == 3 / 8
  assert found["log2 weights"] == pytest.approx(np.log2(1 + 45) / 4)


def test_cell_without_a_path():
  space = spaces.get_space("nb201")
  found = named(space, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
  assert found["paths (all)"] == 0
  assert found["longest path (all)"] == 0
  assert found["shortest path (all)"] == 5 / 4
  assert found["most on a path (conv_3x3)"] == 0
  assert all(np.isfinite(list(found.values())))


def paths_of(ops, adjacency):
  """Nodes of every path from an input to an output."""
  found = []

  def walk(path):
    if ops[path[-1]] == operators.OUTPUT:
      found.append(path)
    for after in np.flatnonzero(adjacency[path[-1]]):
      walk([*path, int(after)])

  for start in np.flatnonzero(ops == operators.INPUT):
    walk([int(start)])
  return found


def cells_and_rows(name, rng):
  """Operators, adjacency and named features of the first of some cells."""
  space = spaces.get_space(name)
  genotypes = space.sample(12, rng)
  prefix = "cell 0: " if space.num_cells == 2 else ""
  names = tables.feature_names(space) + tables.path_feature_names(space)
  names = [name.removeprefix(prefix) for name in names]
  rows = np.concatenate(
    [
      tables.graph_features(space, genotypes),
      tables.path_features(space, genotypes),
    ],
    axis=1,
  )
  build = jax.jit(lambda rows: graphs.build(space.encode(rows), prune=True))
  cells = build(jnp.asarray(genotypes))
  size = space.num_nodes // space.num_cells
  for index, row in enumerate(rows):
    mask = np.asarray(cells.mask)[index, :size] > 0
    ops = np.where(mask, np.asarray(cells.ops)[index, :size], -1)
    adjacency = np.asarray(cells.adjacency)[index, :size, :size]
    found = dict(zip(names, row.tolist(), strict=True))
    yield space, ops, adjacency, found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_path_features_equal_a_search_over_all_paths(name, rng):
  for space, ops, adjacency, found in cells_and_rows(name, rng):
    paths = [list(ops[path[1:-1]]) for path in paths_of(ops, adjacency)]
    for op in space.operator_names:
      number = operators.operator_id(op)
      without = [path for path in paths if number not in path]
      only = [path for path in paths if set(path) <= {number}]
      for view, kept in ((f"no {op}", without), (f"only {op}", only)):
        expected = pytest.approx(np.log2(1 + len(kept)) / 4)
        assert found[f"paths ({view})"] == expected, view
        longest = max(map(len, kept), default=0) / 4
        assert found[f"longest path ({view})"] == longest
        shortest = min(map(len, kept), default=space.max_hops + 1) / 4
        assert found[f"shortest path ({view})"] == shortest
      counts = [path.count(number) for path in paths] or [0]
      assert found[f"most on a path ({op})"] == max(counts) / 4
      assert found[f"least on a path ({op})"] == min(counts) / 4
      close = functools.partial(pytest.approx, abs=1e-5)
      assert found[f"mean on paths ({op})"] == close(np.mean(counts) / 4)
      assert found[f"spread on paths ({op})"] == close(np.std(counts) / 4)
    hops = [len(path) + 1 for path in paths]
    assert found["mean path length"] == close(np.mean(hops or [0]) / 4)
    assert found["spread of path lengths"] == close(np.std(hops or [0]) / 4)
    for number in range(1, space.max_hops + 1):
      expected = np.log2(1 + hops.count(number)) / 4
      assert found[f"paths of {number} edges"] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_walks_distances_and_degrees_equal_a_search(name, rng):
  for space, ops, adjacency, found in cells_and_rows(name, rng):
    paths = paths_of(ops, adjacency)
    into, out = adjacency.sum(axis=0), adjacency.sum(axis=1)
    for op in space.operator_names:
      own = np.flatnonzero(ops == operators.operator_id(op))
      visits = np.zeros(2)
      for path in paths:
        number = len(set(path) & set(own))
        visits += (
          number / np.prod(out[path[:-1]]),
          number / np.prod(into[path[1:]]),
        )
      for where, expected in zip(("input", "output"), visits, strict=True):
        got = found[f"visits from {where} ({op})"]
        assert got == pytest.approx(expected / 4, abs=1e-5)
      places = [
        [path.index(node) for path in paths if node in path] for node in own
      ]
      rests = [
        [len(path) - 1 - path.index(node) for path in paths if node in path]
        for node in own
      ]
      for what, values in (
        ("longest from input", [max(each) for each in places]),
        ("shortest from input", [min(each) for each in places]),
        ("longest to output", [max(each) for each in rests]),
        ("shortest to output", [min(each) for each in rests]),
        ("mean in-degree", into[own]),
        ("mean out-degree", out[own]),
      ):
        expected = np.mean(values) / 4 if len(own) else 0
        assert found[f"{what} ({op})"] == pytest.approx(expected, abs=1e-6)
      assert found[f"largest in-degree ({op})"] == max([0, *into[own]]) / 4
      assert found[f"largest out-degree ({op})"] == max([0, *out[own]]) / 4


def test_features_do_not_depend_on_the_order_of_nodes(rng):
  space = spaces.get_space("nb101")
  cells = tiny.cells(space, space.sample(1, rng), only=())
  fields = [np.asarray(leaf[0]) for leaf in jax.tree.leaves(cells)]
  ops, details, adjacency, mask = fields
  ids = tuple(operators.operator_id(name) for name in space.operator_names)
  order = rng.permutation(len(ops))
  moved = (
    ops[order],
    details[order],
    adjacency[np.ix_(order, order)],
    mask[order],
  )
  first, second = (
    jax.jit(cell_features.cell_features, static_argnums=(4, 5))(*each, ids, 6)
    for each in (fields, moved)
  )
  np.testing.assert_allclose(first, second, atol=1e-6)
  first, second = (
    jax.jit(cell_path_features.path_features, static_argnums=(3, 4))(
      *each, ids, 6
    )
    for each in ((ops, adjacency, mask), (moved[0], *moved[2:]))
  )
  np.testing.assert_allclose(first, second, atol=1e-6)


def test_whole_calls_and_parts_agree(rng):
  space = spaces.get_space("nb201")
  genotypes = space.sample(4100, rng)
  together = tables.graph_features(space, genotypes)
  np.testing.assert_array_equal(
    together[4090:], tables.graph_features(space, genotypes[4090:])
  )


def test_a_model_can_read_path_features(rng):
  space = spaces.get_space("nb201")
  cells = tiny.cells(space, space.sample(3, rng))
  for paths, count in ((False, 63), (True, 63 + 54)):
    model = models.create_model(
      {"name": "architecture", "features": "head", "paths": paths}
    )
    assert model.reads.side_by_side(cells).shape == (3, count)
  without = tiny.cells(space, space.sample(3, rng), only=("graph",))
  with pytest.raises(errors.UserError, match="the kind 'paths', got none"):
    model.reads.side_by_side(without)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["node", "head", "both"])
def test_model_reads_the_features_and_misses_them_clearly(where, rng):
  space = spaces.get_space("nb201")
  config = {"name": "architecture", "features": where, "width": 8}
  model = models.create_model({**config, "num_heads": 2, "num_layers": 1})
  cells = tiny.cells(space, space.parse([RESIDUAL]), only=("graph",))
  cell = jax.tree.map(lambda leaf: leaf[0], cells)
  params = jax.jit(model.init)(jax.random.key(0), cell)
  other = dataclasses.replace(
    cell, features={"graph": cell.features["graph"] + 1}
  )
  assert model.apply(params, cell) != model.apply(params, other)
  with pytest.raises(errors.UserError, match="the kind 'graph', got none"):
    model.init(jax.random.key(0), dataclasses.replace(cell, features={}))


def test_names_are_unique():
  for name in ("nb101", "nb201", "darts"):
    space = spaces.get_space(name)
    names = tables.feature_names(space) + tables.path_feature_names(space)
    assert len(set(names)) == len(names)
    assert not set(itertools.chain(*names)) & set("_/\\") - {"_"}


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces.space_names())
def test_stored_scale_is_the_measured_one(name):
  for kind in ("graph", "paths"):
    found = inputs.measure_scale(spaces.get_space(name), kind)
    kept = scales.load(name, kind)
    assert kept is not None
    np.testing.assert_allclose(kept[0], found[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(kept[1], found[1], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", spaces.space_names())
def test_stored_scale_of_signals_fits_other_cells(name, rng):
  space = spaces.get_space(name)
  found = tables.signals(space, space.sample(256, rng))
  kept = scales.load(name, "signals")
  assert kept is not None
  mean, spread = kept
  assert (np.abs(found.mean(axis=0) - mean[0]) < 0.4 * spread[0]).all()
  ratio = found.std(axis=0) / spread[0]
  assert np.median(ratio) == pytest.approx(1, abs=0.1)


def test_an_unknown_space_has_no_stored_scale():
  assert scales.load("mine", "graph") is None


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_no_architectures_have_no_rows(kind):
  space = spaces.get_space("darts")
  columns = len(tables.names(space, kind))
  for none in ([], (), space.parse([]), np.zeros((0, 32), np.int8)):
    found = tables.table(space, none, kind)
    assert (found.shape, found.dtype) == ((0, columns), np.float32)


@pytest.mark.parametrize(
  ("genotypes", "message"),
  [
    ([[0, 1, 2, 3, 4, 9]], "genotype 0 is not a cell of 'nb201'"),
    (np.zeros((2, 5), np.int8), r"expected shape \[n, 6\], got \[2, 5\]"),
    (np.zeros(6, np.int8), r"expected shape \[n, 6\], got \[6\]"),
    (np.zeros((2, 6)), "expected integers, got float64"),
    ([[0], [0, 1]], "got rows of several lengths"),
    (["|none~0|"], r"expected shape \[n, 6\], got \[1\]"),
    (None, r"expected shape \[n, 6\], got \[\]"),
  ],
)
def test_features_of_what_is_no_genotype(genotypes, message):
  for call in (tables.graph_features, tables.path_features, tables.signals):
    with pytest.raises(errors.UserError, match=message) as caught:
      call("nb201", genotypes)
    assert "\n" not in str(caught.value)


def test_a_list_of_rows_is_an_array(rng):
  space = spaces.get_space("nb201")
  genotypes = space.sample(3, rng)
  np.testing.assert_array_equal(
    tables.graph_features(space, genotypes.tolist()),
    tables.graph_features(space, genotypes),
  )
