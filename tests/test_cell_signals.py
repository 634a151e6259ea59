"""Signals against a network that is written out, and what they promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import errors, graphs, operators
from nasjax.features import cell_signals, inputs, kind_signals, kinds, tables
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models

IDS = tuple(
  operators.operator_id(name)
  for name in ("conv_3x3", "conv_1x1", "max_pool_3x3")
)
CONV3, CONV1, POOL = IDS
SKIP = operators.operator_id("skip_connect")
INPUT, OUTPUT = operators.INPUT, operators.OUTPUT


def run(ops, edges, ids=IDS):
  """Signals of a cell with all its nodes, given by its edges."""
  adjacency = np.zeros((len(ops), len(ops)), np.float32)
  for start, end in edges:
    adjacency[start, end] = 1
  mask = np.ones(len(ops), np.float32)
  compute = jax.jit(cell_signals.signals, static_argnums=(3, 4))
  found = compute(jnp.array(ops), jnp.array(adjacency), jnp.array(mask), ids, 6)
  names = [operators.operators()[op].name for op in ids]
  found = np.asarray(found)
  return dict(zip(cell_signals.feature_names(tuple(names)), found, strict=True))


def convolve(images, kernel, dilation=1):
  """A convolution of images `[I, H, W, C]`, tap by tap, zeros outside."""
  size = round(len(kernel) ** 0.5)
  reach = dilation * (size // 2)
  side = images.shape[1]
  padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
  total = np.zeros_like(images)
  for tap, matrix in enumerate(kernel):
    top, left = dilation * (tap // size), dilation * (tap % size)
    part = padded[:, top : top + side, left : left + side]
    total += part @ matrix
  return total


@pytest.mark.parametrize("name", ["conv_3x3", "conv_1x1", "dil_conv_3x3"])
def test_a_convolution_is_a_matrix(name, rng):
  op = operators.operator_id(name)
  images = rng.normal(size=(8, 4, 4, 8)).astype(np.float32)
  (matrix,) = cell_signals._matrices(0, op, 1)
  (kernel,) = cell_signals._kernels(0, op, 1)
  dilation = operators.operators()[op].dilation
  expected = convolve(images, kernel[0], dilation)
  found = images.reshape(8, -1) @ np.asarray(matrix)[0]
  np.testing.assert_allclose(found.reshape(images.shape), expected, atol=1e-4)


def test_pools_see_the_window_and_nothing_outside(rng):
  images = rng.normal(size=(8, 16, 8)).astype(np.float32)
  grid = images.reshape(8, 4, 4, 8)
  best = cell_signals._apply(POOL, [], jnp.asarray(images))
  mean_id = operators.operator_id("avg_pool_3x3")
  mean = cell_signals._apply(mean_id, [], jnp.asarray(images))
  for pixel, (row, column) in enumerate(np.ndindex(4, 4)):
    rows = slice(max(row - 1, 0), row + 2)
    window = grid[:, rows, max(column - 1, 0) : column + 2]
    np.testing.assert_allclose(best[:, pixel], window.max((1, 2)))
    np.testing.assert_allclose(
      mean[:, pixel], window.mean((1, 2)), rtol=1e-4, atol=1e-5
    )


def test_a_skip_connection_adds_what_it_reads():
  ids = (*IDS, SKIP)
  ops = [INPUT, SKIP, SKIP, OUTPUT]
  twice = run(ops, [(0, 1), (0, 2), (1, 3), (2, 3)], ids)
  once = run(ops[:2] + ops[3:], [(0, 1), (1, 2)], ids)
  energy = "copy 0: energy (output)"
  assert twice[energy] - once[energy] == pytest.approx(np.log(4), abs=0.02)
  likeness = "copy 0: likeness of images (output)"
  assert twice[likeness] == pytest.approx(once[likeness], abs=1e-4)


def test_two_convolutions_of_one_signal_differ():
  ops = [INPUT, CONV3, CONV3, OUTPUT]
  both = run(ops, [(0, 1), (0, 2), (1, 3), (2, 3)])
  one = run([INPUT, CONV3, OUTPUT], [(0, 1), (1, 2)])
  gain = both["copy 0: energy (output)"] - one["copy 0: energy (output)"]
  assert 0.2 < gain < np.log(4) - 0.1  # equal weights would give log 4


def test_a_none_operation_passes_nothing_on():
  ops = [INPUT, operators.NONE, CONV3, OUTPUT]
  through = run(ops, [(0, 1), (0, 2), (1, 3), (2, 3)])
  missing = run(ops, [(0, 1), (0, 2), (2, 3)])
  assert through["copy 0: energy (output)"] == pytest.approx(
    missing["copy 0: energy (output)"]
  )
  assert through["copy 0: energy (conv_3x3)"] > np.log(0.3)


def test_a_cell_without_a_path_has_finite_signals():
  found = run([INPUT, CONV3, OUTPUT], [(0, 1)])
  assert np.isfinite(list(found.values())).all()
  assert found["copy 0: likeness of images (conv_1x1)"] == 0


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_signals_are_finite_and_named(name, rng):
  space = spaces.get_space(name)
  found = tables.signals(space, space.sample(20, rng))
  names = tables.signal_names(space)
  assert found.shape == (20, len(names))
  assert len(set(names)) == len(names)
  assert np.isfinite(found).all()
  assert (found.std(axis=0) > 1e-4).mean() > 0.8


@pytest.mark.slow
def test_isomorphic_cells_have_equal_signals(rng):
  space = spaces.get_space("nb101")
  cells = graphs.build(
    space.encode(jnp.asarray(space.sample(20, rng))), prune=True
  )
  compute = jax.jit(jax.vmap(lambda *cell: cell_signals.signals(*cell, IDS, 6)))
  fields = [np.asarray(x) for x in (cells.ops, cells.adjacency, cells.mask)]
  orders = np.stack([rng.permutation(7) for _ in range(20)])
  ops, adjacency, mask = (np.copy(field) for field in fields)
  for row, order in enumerate(orders):
    ops[row], mask[row] = fields[0][row, order], fields[2][row, order]
    adjacency[row] = fields[1][row][np.ix_(order, order)]
  assert (ops != fields[0]).any()
  np.testing.assert_array_equal(compute(*fields), compute(ops, adjacency, mask))


@pytest.mark.slow
def test_many_cells_are_taken_in_turns(rng, monkeypatch):
  space = spaces.get_space("nb101")
  genotypes = jnp.asarray(space.sample(10, rng))

  def compute(rows):
    cells = graphs.build(space.encode(rows), prune=True)
    return kinds.get("signals").compute(space, rows, cells)

  together = jax.jit(compute)(genotypes)
  monkeypatch.setattr(kind_signals, "_AT_ONCE", 4)
  in_turns = jax.jit(lambda rows: compute(rows))(genotypes)
  np.testing.assert_allclose(together, in_turns, rtol=1e-3, atol=1e-3)


def test_a_model_can_read_signals(rng):
  space = spaces.get_space("nb201")
  genotypes = jnp.asarray(space.sample(3, rng))
  without = tiny.cells(space, genotypes)
  for functions in (False, True):
    model = models.create_model(
      {
        "name": "architecture",
        "features": "head",
        "signals": True,
        "functions": functions,
      }
    )
    assert model.reads.kinds == ("graph", "signals")
    cells = inputs.program(space, model.reads, True)(genotypes)
    assert model.reads.side_by_side(cells).shape == (3, 63 + 56)
    with pytest.raises(errors.UserError, match="the kind 'signals', got none"):
      model.reads.side_by_side(without)


def test_signals_stand_beside_graph_features_only():
  with pytest.raises(errors.UserError, match=r"config\.model\.signals"):
    models.create_model({"name": "architecture", "signals": True})
