"""DARTS: notation, sampling, variation, graph and isomorphism."""

import collections
import itertools

import jax
import numpy as np
import pytest

from nasjax import errors, operators
from nasjax.spaces import darts, wl_hash

SPACE = darts.DARTS()
SEP3, SEP5, DIL3, DIL5 = 4, 5, 6, 7
MAX, AVG, SKIP, NONE = 1, 2, 3, 0
DARTS_V2 = (
  "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
  "('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), "
  "('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
  "normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
  "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
  "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), "
  "('max_pool_3x3', 1)], reduce_concat=range(2, 6))"
)
V2_NORMAL = [
  *[(0, SEP3), (1, SEP3), (0, SEP3), (1, SEP3)],
  *[(1, SEP3), (0, SKIP), (0, SKIP), (2, DIL3)],
]
V2_REDUCE = [
  *[(0, MAX), (1, MAX), (2, SKIP), (1, MAX)],
  *[(0, MAX), (2, SKIP), (2, SKIP), (1, MAX)],
]
Genotype = collections.namedtuple(
  "Genotype", ["normal", "normal_concat", "reduce", "reduce_concat"]
)


def row(normal=V2_NORMAL, reduce=V2_REDUCE):
  return np.array([normal, reduce], np.int8).reshape(1, 32)


def same(*rows):
  return len(set(SPACE.fingerprint(np.concatenate(rows)))) == 1


def named():
  cells = {}
  for name, cell in (("normal", V2_NORMAL), ("reduce", V2_REDUCE)):
    cells[name] = [(SPACE.op_names[op], source) for source, op in cell]
    cells[f"{name}_concat"] = range(2, 6)
  return Genotype(**cells)


def test_official_text_in_both_directions():
  genotypes = SPACE.parse([DARTS_V2])
  np.testing.assert_array_equal(genotypes, row())
  assert genotypes.dtype == np.int8
  assert SPACE.format(genotypes) == [DARTS_V2]


@pytest.mark.parametrize(
  "arch",
  [
    named(),
    tuple(named()),
    named()._asdict(),
    named()._replace(normal_concat=np.arange(2, 6)),
    DARTS_V2.replace("range(2, 6)", "[2, 3, 4, 5]", 1),
    "  " + DARTS_V2.replace(", reduce", ",\n  reduce") + "\n",
    DARTS_V2.replace("normal=", "").replace("normal_concat=", ""),
    str(named()),
  ],
)
def test_other_forms_of_the_same_genotype(arch):
  np.testing.assert_array_equal(SPACE.parse([arch]), row())


def test_parse_inverts_format_and_keeps_the_order_of_edges(rng):
  genotypes = SPACE.sample(10_000, rng)
  flipped = genotypes.reshape(-1, 8, 2, 2)[:, :, ::-1].reshape(-1, 32)
  both = np.concatenate([genotypes, flipped])
  np.testing.assert_array_equal(SPACE.parse(SPACE.format(both)), both)


@pytest.mark.parametrize(
  ("old", "new", "message"),
  [
    ("Genotype(", "", "arch 1 of 'darts': expected Genotype"),
    ("Genotype(", "eval(", "expected Genotype"),
    ("range(2, 6)", "range(2, 10**9)", "expected Genotype"),
    ("range(2, 6)", "list(open('x'))", "expected Genotype"),
    ("range(2, 6)", "range(2, 7)", "normal cell: expected the concatenation"),
    ("range(2, 6)", "[2, 3, 4]", "outside the space"),
    ("reduce=", "middle=", "expected Genotype"),
    ("reduce=", "normal=", "expected Genotype"),
    ("reduce=", "**x, reduce=", "expected Genotype"),
    ("'max_pool_3x3', 0", "'conv_7x7', 0", "reduce cell, edge 0 'conv_7x7'"),
    ("'dil_conv_3x3', 2", "'dil_conv_3x3', 5", r"edge 7: .* in 0 .. 4, got 5"),
    ("'dil_conv_3x3', 2", "'dil_conv_3x3', -1", "expected Genotype"),
    ("'dil_conv_3x3', 2", "'dil_conv_3x3', 0", "two distinct inputs"),
    ("'dil_conv_3x3', 2", "'dil_conv_3x3', True", "expected Genotype"),
    ("'dil_conv_3x3', 2", "'dil_conv_3x3'", r"edge 7: expected \(operation"),
    (", ('dil_conv_3x3', 2)", "", "expected 8 edges"),
    ("normal=[", "normal=[" + "[" * 300, "expected Genotype"),
    ("normal=[", "normal=[" + "[" * 9000, "expected Genotype"),
  ],
)
def test_malformed_text(old, new, message):
  arch = DARTS_V2.replace(old, new, 1)
  with pytest.raises(errors.UserError, match=message) as caught:
    SPACE.parse([DARTS_V2, arch])
  assert "arch 1 " in str(caught.value)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arch", [None, 3, (), {"normal": []}, np.zeros(32)])
def test_malformed_objects(arch):
  with pytest.raises(errors.UserError, match="arch 0 of 'darts': expected"):
    SPACE.parse([arch])


@pytest.mark.parametrize("archs", [DARTS_V2, named(), named()._asdict()])
def test_one_genotype_instead_of_a_list(archs):
  with pytest.raises(errors.UserError, match="expected a list"):
    SPACE.parse(archs)


def test_true_as_an_input_is_refused():
  edges = [("skip_connect", True), *named().normal[1:]]
  with pytest.raises(errors.UserError, match="edge 0: expected"):
    SPACE.parse([named()._replace(normal=edges)])


def test_is_valid_sees_every_rule():
  good = row()[0]
  changes = {0: 2, 2: 0, 4: 3, 14: 5, 15: 8, 16: -1, 31: -1}
  bad = np.tile(good, (len(changes), 1))
  bad[np.arange(len(changes)), list(changes)] = list(changes.values())
  assert not SPACE.is_valid(bad).any()
  assert SPACE.is_valid(row([(0, NONE), *V2_NORMAL[1:]])).all()
  with pytest.raises(errors.UserError, match="genotype 1 is not a cell"):
    SPACE.check(np.stack([good, bad[0]]))


def test_samples_are_uniform(rng):
  cells = SPACE.sample(20_000, rng).reshape(-1, 2, 4, 2, 2)
  for node, pairs in ((2, 1), (3, 3), (4, 6), (5, 10)):
    inputs = cells[:, :, node - 2, :, 0].reshape(-1, 2)
    counts = np.unique(inputs, axis=0, return_counts=True)[1]
    assert len(counts) == pairs
    assert np.abs(counts / counts.sum() * pairs - 1).max() < 0.1
  ops = cells[..., 1].reshape(-1, 16)
  assert ops.min() == 1
  for codes in ops.T:
    share = np.bincount(codes, minlength=8)[1:] / len(codes)
    assert np.abs(share * 7 - 1).max() < 0.1


def test_mutation_covers_exactly_the_neighbours(rng):
  cell = SPACE.sample(1, rng)
  neighbours = SPACE.neighbours(cell[0])
  assert len(neighbours) == len(np.unique(neighbours, axis=0)) == 96 + 24
  children = SPACE.mutate(np.tile(cell, (20_000, 1)), rng)
  assert set(map(bytes, children)) == set(map(bytes, neighbours))
  changed = np.flatnonzero((children != cell).any(0))
  inputs = np.mean((children != cell)[:, 0::2].any(1))
  assert changed.tolist() == [
    i for i in range(32) if i % 2 or i % 16 not in (0, 2)
  ]
  assert abs(inputs - 0.5) < 0.02
  for other in neighbours[::10]:
    assert (SPACE.neighbours(other) == cell).all(1).any()


def test_none_is_never_made(rng):
  cell = row([(0, NONE), (1, NONE), *V2_NORMAL[2:]])
  children = SPACE.mutate(np.tile(cell, (5_000, 1)), rng)
  assert ((children == cell).sum(1) == 31).all()
  made = (children.reshape(-1, 16, 2) != cell.reshape(16, 2))[..., 1]
  assert (children.reshape(-1, 16, 2)[made][:, 1] > 0).all()
  assert len(SPACE.neighbours(cell[0])) == 96 + 2 + 24


def test_crossover_takes_whole_nodes(rng):
  first, second = SPACE.sample(2_000, rng), SPACE.sample(2_000, rng)
  child = SPACE.crossover(first, second, rng).reshape(-1, 8, 4)
  from_first = (child == first.reshape(-1, 8, 4)).all(-1)
  from_second = (child == second.reshape(-1, 8, 4)).all(-1)
  assert (from_first | from_second).all()
  assert 0.45 < from_first.mean() < 0.55


def test_encode_draws_a_cell_by_hand():
  normal = [
    *[(0, SEP3), (1, SKIP)],  # node 2
    *[(1, MAX), (2, DIL5)],  # node 3
    *[(3, AVG), (0, SEP5)],  # node 4
    *[(4, NONE), (2, DIL3)],  # node 5
  ]
  graph = jax.jit(SPACE.encode)(row(normal, normal))
  names = [operators.operators()[i].name for i in graph.ops[0]]
  assert names[:11] == names[11:]
  assert names[:11] == [
    *["input", "input", "sep_conv_3x3", "skip_connect", "max_pool_3x3"],
    *["dil_conv_5x5", "avg_pool_3x3", "sep_conv_5x5", "none"],
    *["dil_conv_3x3", "output"],
  ]
  reads = {
    *[(0, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 6), (5, 6), (0, 7)],
    *[(6, 8), (7, 8), (2, 9), (3, 9)],
  }
  edges = reads | {(op, 10) for op in range(2, 10)}
  edges |= {(i + 11, j + 11) for i, j in edges}
  adjacency = np.asarray(graph.adjacency[0])
  assert set(zip(*np.nonzero(adjacency), strict=True)) == edges
  assert set(adjacency.ravel()) == {0, 1}
  assert graph.cell_type[0].tolist() == [0] * 11 + [1] * 11
  assert graph.mask.all()
  assert np.flatnonzero(graph.channels[0, :, 0]).tolist() == [0, 11]
  assert np.flatnonzero(graph.channels[0, :, 1]).tolist() == [13, 14, 15, 18]
  assert graph.channels.min() == -1
  assert graph.channels.max() == 1


def test_order_of_the_two_edges_does_not_matter():
  swapped = row().reshape(1, 8, 2, 2)[:, :, ::-1].reshape(1, 32)
  assert same(row(), swapped)


def test_legal_renaming_of_nodes_does_not_matter():
  first = [(0, SEP3), (1, SKIP), (0, MAX), (1, AVG)]
  rest = [(2, DIL3), (0, SEP5), (3, DIL5), (4, SKIP)]
  renamed = [(3, DIL3), (0, SEP5), (2, DIL5), (4, SKIP)]
  assert same(row(first + rest), row(first[2:] + first[:2] + renamed))
  assert not same(row(first + rest), row(first + renamed))


def test_inputs_cells_and_pairing_of_edges_matter():
  exchanged = [(1 - i if i < 2 else i, op) for i, op in V2_NORMAL]
  exchanged[7] = (2, SEP3)
  original = [*V2_NORMAL[:7], (2, SEP3)]
  assert not same(row(original), row(exchanged))
  assert not same(row(V2_NORMAL, V2_REDUCE), row(V2_REDUCE, V2_NORMAL))
  # The same four operations, summed in other pairs before they are joined.
  tail = [*V2_NORMAL[4:7], (1, DIL3)]
  one = [(0, SEP3), (1, SKIP), (0, MAX), (1, AVG), *tail]
  other = [(0, SEP3), (1, AVG), (0, MAX), (1, SKIP), *tail]
  assert not same(row(one), row(other))


def test_dead_edges_do_not_matter():
  dead = [(0, NONE), (1, NONE), (2, SEP3), (0, SKIP)]
  rest = [(3, SEP3), (2, DIL3), (4, MAX), (0, AVG)]
  other = [(1, NONE), (0, NONE), (0, SKIP), (1, NONE)]
  gone = [(3, SEP3), (1, NONE), (4, MAX), (0, AVG)]
  assert same(row(dead + rest), row(other + gone))
  alive = [(3, SEP3), (1, SKIP), (4, MAX), (0, AVG)]
  assert not same(row(dead + rest), row(other + alive))


def rename(cell, order):
  """Calls intermediate node k `order[k]`; None where that is no order."""
  result = [None] * 8
  for k, target in enumerate(order):
    for edge in (0, 1):
      source, op = cell[2 * k + edge]
      source = source if source < 2 else order[source - 2] + 2
      if source >= target + 2:
        return None
      result[2 * target + edge] = (source, op)
  return result


def test_fingerprint_is_invariant_on_samples(rng):
  for cells in SPACE.sample(200, rng).reshape(-1, 2, 8, 2):
    orders = list(itertools.permutations(range(4)))
    normal = [rename(cells[0], order) for order in orders]
    reduce = [rename(cells[1], order) for order in orders[::-1]]
    variants = [
      row(a, b)
      for a, b in itertools.product(normal, reduce)
      if a is not None and b is not None
    ]
    assert same(*variants)


def summed_graphs(genotypes):
  """Labelled graphs `[n, 30]` with the sums as nodes, from the definition."""
  adjacency = np.zeros((len(genotypes), 30, 30), int)
  labels = np.zeros((len(genotypes), 30), int)
  for n, cells in enumerate(genotypes.reshape(-1, 2, 8, 2)):
    for c, cell in enumerate(cells):
      start = 15 * c
      labels[n, start : start + 15] = 100 * (c + 1)
      labels[n, [start, start + 1, start + 14]] += [20, 21, 22]
      for edge, (source, op) in enumerate(cell):
        # Nodes of a cell: 2 inputs, 4 sums, 8 operations, output.
        labels[n, start + 6 + edge] += 1 + op
        adjacency[n, start + source, start + 6 + edge] = 1
        adjacency[n, start + 6 + edge, start + 2 + edge // 2] = 1
      adjacency[n, start + 2 : start + 6, start + 14] = 1
  return adjacency, labels


def test_fingerprint_agrees_with_the_graph_hash(rng):
  # Few operations and one reduction cell, so that many cells are isomorphic.
  genotypes = SPACE.sample(3_000, rng).reshape(-1, 2, 8, 2)
  genotypes[:, 0, :, 1] = 4 + genotypes[:, 0, :, 1] % 2
  genotypes[:, 0, 2:4] = genotypes[:, 0, :2]
  genotypes[:, 0, :4, 1] = SEP3
  genotypes[:, 1] = genotypes[0, 1]
  genotypes = genotypes.reshape(-1, 32)
  adjacency, labels = summed_graphs(genotypes)
  hashes = wl_hash.dag_hash(adjacency, labels, np.ones(labels.shape, bool))
  fingerprints = SPACE.fingerprint(genotypes)
  num = len(np.unique(fingerprints))
  assert len(set(zip(hashes, fingerprints, strict=True))) == num
  assert len(np.unique(hashes)) == num
  assert num < 0.9 * len(np.unique(genotypes, axis=0))


def test_edge_features_by_hand():
  found = np.asarray(SPACE.edge_features(row())).reshape(2, 14, 7)
  first_edge = {2: 0, 3: 2, 4: 5, 5: 9}
  for cell, edges in enumerate((V2_NORMAL, V2_REDUCE)):
    expected = np.zeros((14, 7))
    for index, (source, op) in enumerate(edges):
      expected[first_edge[2 + index // 2] + source, op - 1] = 1
    np.testing.assert_array_equal(found[cell], expected)


def test_edge_features_of_none_and_of_inputs_in_another_order():
  cells = row()
  other = cells.reshape(1, 2, 4, 2, 2)[:, :, :, ::-1].reshape(1, 32)
  np.testing.assert_array_equal(
    SPACE.edge_features(cells), SPACE.edge_features(other)
  )
  cells[0, 1] = NONE
  assert SPACE.edge_features(cells).sum() == 15
