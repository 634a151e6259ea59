"""NAS-Bench-101: notations, pruning, hashes, counts, variation, graphs."""

import contextlib
import hashlib
import json

import jax
import numpy as np
import pytest

from nasjax import errors, operators
from nasjax.spaces import nb101, nb101_variation
from nasjax.spaces import nb101_modelspec as modelspec

SPACE = nb101.NB101()
C3, C1, MP = modelspec.OP_NAMES
EDGE = "01/00:input+output"
CHAIN = f"010/001/000:input+{C3}+output"
# Three vertices feed the output, a fourth feeds the first of them.
FORK = (
  f"010111/001000/000001/000001/000001/000000:input+{C1}+{C3}+{C1}+{MP}+output"
)


def _cells(rng, num):
  return SPACE.sample_valid(num, rng)


def _matrix(text):
  rows, _, ops = text.partition(":")
  return [[int(c) for c in row] for row in rows.split("/")], ops.split("+")


def _official_hash(text):
  """The definition, one vertex after the other."""

  def md5(message):
    return hashlib.md5(message.encode(), usedforsecurity=False).hexdigest()

  matrix, ops = _matrix(text)
  matrix = np.array(matrix)
  labels = [-1, *[modelspec.OP_NAMES.index(op) for op in ops[1:-1]], -2]
  degrees = zip(matrix.sum(1).tolist(), matrix.sum(0).tolist(), strict=True)
  names = [md5(str((*d, c))) for d, c in zip(degrees, labels, strict=True)]
  for _ in ops:
    before = [sorted(names[u] for u in np.flatnonzero(c)) for c in matrix.T]
    after = [sorted(names[u] for u in np.flatnonzero(r)) for r in matrix]
    names = [
      md5("".join(b) + "|" + "".join(a) + "|" + own)
      for b, a, own in zip(before, after, names, strict=True)
    ]
  return md5(str(sorted(names)))


def _renumbered(genotypes, rng):
  """Renumbers inner vertices at random, in some topological order."""
  adjacency, ops = SPACE.to_matrix(genotypes)
  for matrix, codes in zip(adjacency, ops, strict=True):
    size = (codes != modelspec.PADDING).sum()
    order = [0]
    while len(order) < size:
      done = np.isin(np.arange(7), order)
      ready = [
        v for v in range(size) if not done[v] and done[matrix[:, v] > 0].all()
      ]
      order.append(rng.choice(ready))
    order += range(size, 7)
    matrix[:] = matrix[np.ix_(order, order)]
    codes[:] = codes[order]
  return modelspec.from_matrix(adjacency, ops)


def test_genotype_layout():
  expected = np.full((1, 26), -1, np.int8)
  expected[0, :21] = 0
  expected[0, [0, 2, 21]] = [1, 1, 0]  # 0 -> 1 is bit 0, 1 -> 2 is bit 2
  genotypes = SPACE.parse([CHAIN])
  np.testing.assert_array_equal(genotypes, expected)
  adjacency, ops = SPACE.to_matrix(genotypes)
  assert ops.tolist() == [[-1, 0, -2, -9, -9, -9, -9]]
  assert np.argwhere(adjacency).tolist() == [[0, 0, 1], [0, 1, 2]]
  assert adjacency.dtype == ops.dtype == np.int8


def test_every_notation_reads_the_same():
  matrix, ops = _matrix(FORK)
  official = {"module_adjacency": matrix, "module_operations": ops}
  archs = [
    FORK,
    f" {FORK}\n",
    (matrix, ops),
    [np.array(matrix, bool), np.array(ops)],
    official,
    json.dumps(official),
  ]
  genotypes = SPACE.parse(archs)
  assert (genotypes == genotypes[0]).all()
  assert SPACE.format(genotypes) == [FORK] * 6


@pytest.mark.slow
def test_format_then_parse_changes_nothing(rng):
  genotypes = SPACE.sample(20_000, rng)
  np.testing.assert_array_equal(SPACE.parse(SPACE.format(genotypes)), genotypes)


def test_parse_prunes_as_the_official_model_spec():
  # Vertex 2 has no way to the output, vertex 4 none from the input.
  matrix = np.zeros((8, 8), int)
  matrix[[0, 0, 1, 2, 3, 4, 3], [1, 2, 3, 5, 7, 7, 6]] = 1
  ops = ["input", C1, MP, C3, "unused", MP, MP, "output"]
  text = SPACE.format(SPACE.parse([(matrix, ops)]))
  assert text == [f"0100/0010/0001/0000:input+{C1}+{C3}+output"]


def test_edges_are_counted_after_pruning():
  matrix = np.triu(np.ones((6, 6), int), 1)
  matrix[3:5, 5] = 0  # 13 edges; 5 are left: 0, 1, 2 all feed 5
  ops = ["input", C3, C3, C3, C3, "output"]
  genotype = SPACE.parse([(matrix, ops)])[0]
  assert genotype[:21].sum() == 6
  assert (genotype[21:] >= 0).sum() == 2


@pytest.mark.parametrize(
  ("arch", "message"),
  [
    ("nonsense", "expected text like"),
    ("0a/00:input+output", "expected text like"),
    ("011/001:input+conv3x3-bn-relu+output", "a square matrix, got shape"),
    ("01/0:input+output", "a square matrix of numbers"),
    ("01/00:input+maxpool3x3+output", "got 2 rows and 3 operations"),
    ("0:input", "at least 2"),
    (([[0, 2], [0, 0]], ["input", "output"]), "0 and 1, got 2"),
    (([[0, 1], [1, 0]], ["input", "output"]), "got an edge 1 -> 0"),
    (([[1, 1], [0, 0]], ["input", "output"]), "got an edge 0 -> 0"),
    (([["x", 1], [0, 0]], ["input", "output"]), "rows of other kinds"),
    ("01/00:output+input", "'input' first and 'output' last"),
    (f"000/001/000:input+{C3}+output", "a path from input to output"),
    ("010/001/000:input+conv5x5+output", "got 'conv5x5'"),
    ("010/001/000:input+output+output", "got 'output'"),
    ("010/001/000:input+input+output", "got 'input'"),
    ({"module_adjacency": [[0, 1], [0, 0]]}, "no 'module_operations'"),
    ('{"module_adjacency": ', "JSON text"),
    (17, r"expected a \(matrix, operations\) pair, dict or text, got 17"),
    (
      (np.triu(np.ones((6, 6), int), 1), ["input", *[C1] * 4, "output"]),
      "at most 9 edges, got 15 after pruning",
    ),
    (
      (np.eye(8, k=1, dtype=int), ["input", *[C1] * 6, "output"]),
      "at most 7 vertices, got 8 after pruning",
    ),
  ],
)
def test_bad_cells_are_refused_by_position(arch, message):
  with pytest.raises(errors.UserError, match=message) as caught:
    SPACE.parse([CHAIN, arch])
  assert str(caught.value).startswith("architecture 1: expected ")
  assert "\n" not in str(caught.value)


def test_a_lone_architecture_is_refused():
  with pytest.raises(errors.UserError, match="put it in a list"):
    SPACE.parse(CHAIN)


def test_no_architectures():
  none = SPACE.parse([])
  assert none.shape == (0, 26)
  assert SPACE.format(none) == SPACE.module_hash(none) == []
  assert SPACE.fingerprint(none).shape == SPACE.num_params(none).shape == (0,)


@pytest.mark.parametrize(
  ("place", "value"),
  [(0, 2), (0, 0), (1, 1), (20, 1), (21, 3), (21, -2), (23, 0), (3, 1)],
)
def test_is_valid_refuses_what_is_no_pruned_cell(place, value):
  genotype = SPACE.parse([CHAIN]).astype(int)
  assert SPACE.is_valid(genotype).tolist() == [True]
  genotype[0, place] = value
  # 0 -> 2 (bit 1) is a good cell; everything else is not.
  assert SPACE.is_valid(genotype).tolist() == [place == 1]


def test_from_matrix_undoes_to_matrix_and_prunes(rng):
  genotypes = _cells(rng, 500)
  matrices = SPACE.to_matrix(genotypes)
  np.testing.assert_array_equal(SPACE.from_matrix(*matrices), genotypes)
  adjacency = np.zeros((1, 7, 7), np.int8)
  adjacency[0, [0, 3, 0], [3, 6, 5]] = 1
  ops = np.array([[-1, 1, 1, 0, 1, 1, -2]])
  pruned = SPACE.from_matrix(adjacency, ops)
  assert SPACE.format(pruned) == [CHAIN]


def test_from_matrix_refuses_other_shapes_cycles_and_disconnected_cells():
  adjacency, ops = SPACE.to_matrix(SPACE.parse([CHAIN]))
  with pytest.raises(errors.UserError, match=r"adjacency \[n, 7, 7\]"):
    SPACE.from_matrix(adjacency[:, :3, :3], ops[:, :3])
  with pytest.raises(errors.UserError, match="upper triangular"):
    SPACE.from_matrix(adjacency.transpose(0, 2, 1), ops)
  with pytest.raises(errors.UserError, match="genotype 0 is not a cell"):
    SPACE.from_matrix(0 * adjacency, ops)


def test_module_hash_of_the_smallest_cell_by_hand():
  def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

  source, target = md5("(1, 0, -1)"), md5("(0, 1, -2)")
  for _ in range(2):
    source, target = (
      md5(f"|{target}|{source}"),
      md5(f"{source}||{target}"),
    )
  expected = md5(str(sorted([source, target])))
  assert SPACE.module_hash(SPACE.parse([EDGE])) == [expected]


def test_module_hash_follows_its_definition(rng):
  texts = SPACE.format(
    np.concatenate([_cells(rng, 200), SPACE.sample(50, rng)])
  )
  hashes = SPACE.module_hash(SPACE.parse(texts))
  assert hashes == [_official_hash(text) for text in texts]


@pytest.mark.slow
def test_identities_survive_renumbering(rng):
  genotypes = SPACE.sample(500, rng)
  renumbered = _renumbered(genotypes, rng)
  assert SPACE.is_valid(renumbered).all()
  assert (renumbered != genotypes).any(1).mean() > 0.3
  assert SPACE.module_hash(renumbered) == SPACE.module_hash(genotypes)
  for identity in (SPACE.fingerprint, SPACE.lookup_keys):
    np.testing.assert_array_equal(identity(renumbered), identity(genotypes))
  # Parameters are left out: which vertex takes the remainder of the channels
  # depends on the numbering, officially too.


def test_identities_ignore_what_pruning_removes():
  dead = SPACE.parse([CHAIN])
  dead[0, 22] = 1  # a second vertex ...
  dead[0, :6] = [1, 0, 1, 0, 0, 0]  # ... which nothing reaches or leaves
  dead[0, [2, 4]] = [0, 1]  # the output has moved to vertex 3
  chain = SPACE.parse([CHAIN])
  assert not SPACE.is_valid(dead)[0]
  assert SPACE.fingerprint(dead) == SPACE.fingerprint(chain)
  assert SPACE.module_hash(dead) == SPACE.module_hash(chain)


def test_vertex_channels_by_hand():
  cells = SPACE.parse([EDGE, CHAIN, FORK])
  channels = SPACE.vertex_channels(cells, 64, 128)
  assert channels.tolist() == [
    [64, 128, 0, 0, 0, 0, 0],
    [64, 128, 128, 0, 0, 0, 0],
    # 128 = 43 + 43 + 42 for vertices 2, 3, 4; vertex 1 feeds vertex 2.
    [64, 43, 43, 43, 42, 128, 0],
  ]


def test_num_params_by_hand():
  stem, head = 27 * 128 + 2 * 128, 512 * 10 + 10
  projections = (
    3 * (128 * 128 + 2 * 128)
    + (128 * 256 + 2 * 256)
    + 2 * (256 * 256 + 2 * 256)
    + (256 * 512 + 2 * 512)
    + 2 * (512 * 512 + 2 * 512)
  )
  convolutions = 3 * sum(9 * c * c + 2 * c for c in (128, 256, 512))
  cells = SPACE.parse([EDGE, CHAIN])
  assert SPACE.num_params(cells).tolist() == [
    stem + projections + head,
    stem + projections + convolutions + head,
  ]


def test_num_params_of_the_inception_like_cell():
  """2,694,282 is what the official project prints for this cell."""
  text = (
    "0111010/0000001/0000001/0000100/0000001/0000001/0000000:"
    f"input+{C1}+{C3}+{C3}+{C3}+{MP}+output"
  )
  assert SPACE.num_params(SPACE.parse([text])).tolist() == [2_694_282]


def test_flops_by_hand():
  projections = (
    1024 * 3 * 128**2
    + 256 * (128 * 256 + 2 * 256**2)
    + 64 * (256 * 512 + 2 * 512**2)
  )
  edge = 1024 * 27 * 128 + projections + 5120
  convolutions = 3 * 9 * (1024 * 128**2 + 256 * 256**2 + 64 * 512**2)
  cells = SPACE.parse([EDGE, CHAIN])
  assert SPACE.flops(cells).tolist() == [edge, edge + convolutions]


def test_encode_by_hand():
  encoded = jax.jit(SPACE.encode)(SPACE.parse([FORK]))
  names = [operators.operators()[i].name for i in encoded.ops[0].tolist()]
  assert names == [
    *("input", "conv_1x1", "conv_3x3", "conv_1x1", "max_pool_3x3", "output"),
    "input",
  ]
  assert encoded.ops.dtype == np.int32
  assert encoded.mask.tolist() == [[1, 1, 1, 1, 1, 1, 0]]
  channels = np.log2(np.array([128, 43, 43, 43, 42, 128, 128]) / 128)
  np.testing.assert_allclose(
    encoded.channels[0], np.stack([channels] * 2, 1), rtol=1e-6
  )
  assert encoded.channels.dtype == np.float32
  assert not np.any(encoded.cell_type)
  assert encoded.adjacency.sum() == 8


def test_encode_agrees_with_numpy(rng):
  genotypes = np.concatenate([_cells(rng, 500), SPACE.sample(1500, rng)])
  encoded = jax.jit(SPACE.encode)(genotypes)
  adjacency, ops = SPACE.to_matrix(genotypes)
  np.testing.assert_array_equal(encoded.adjacency, adjacency)
  np.testing.assert_array_equal(encoded.mask, ops != modelspec.PADDING)
  channels = SPACE.vertex_channels(genotypes, 128, 128)
  exact = np.round(128 * 2.0 ** np.asarray(encoded.channels[..., 0], float))
  real = ops != modelspec.PADDING
  np.testing.assert_array_equal(exact[real], channels[real])
  assert not np.any(np.asarray(encoded.channels)[~real])


def test_samples_are_uniform_cells(rng):
  genotypes = SPACE.sample(20_000, rng)
  share = ((genotypes[:, 21:] >= 0).sum(1) == 5).mean()
  assert share == pytest.approx(359_082 / 423_624, abs=0.0077)  # 3 sigma
  again = SPACE.sample(20_000, np.random.default_rng(0))
  np.testing.assert_array_equal(genotypes, again)


@pytest.mark.parametrize("num", [0, 1, 3000])
def test_sample_valid_gives_so_many_valid_cells(rng, num):
  genotypes = SPACE.sample_valid(num, rng)
  assert genotypes.shape == (num, 26)
  assert genotypes.dtype == np.int8
  assert SPACE.is_valid(genotypes).all()


def _moves_by_hand(text):
  """Hashes of all cells one move away, one matrix after the other."""
  matrix, ops = _matrix(text)
  size, archs = len(ops), []
  for x in range(size):
    for y in range(x + 1, size):
      flipped = np.array(matrix)
      flipped[x, y] ^= 1
      archs.append((flipped, ops))
      for op in modelspec.OP_NAMES:
        grown = np.insert(np.insert(matrix, y, 0, axis=0), y, 0, axis=1)
        grown[x, y] = grown[y, y + 1] = 1
        archs.append((grown, [*ops[:y], op, *ops[y:]]))
  for v in range(1, size - 1):
    for op in modelspec.OP_NAMES:
      archs.append((matrix, [*ops[:v], op, *ops[v + 1 :]]))
  cells = []
  for arch in archs:
    with contextlib.suppress(errors.UserError):
      cells.append(SPACE.parse([arch]))
  hashes = SPACE.module_hash(np.concatenate(cells))
  return set(hashes) - {_official_hash(text)}


@pytest.mark.slow
def test_neighbours_equal_all_moves_by_hand(rng):
  cells = np.concatenate([_cells(rng, 2), SPACE.sample(2, rng)])
  for text in [EDGE, CHAIN, FORK, *SPACE.format(cells)]:
    near = SPACE.neighbours(SPACE.parse([text])[0])
    hashes = SPACE.module_hash(near)
    assert SPACE.is_valid(near).all()
    assert len(hashes) == len(set(hashes))
    assert set(hashes) == _moves_by_hand(text)


def test_mutants_are_neighbours_and_all_come_up(rng):
  cells = np.concatenate([SPACE.parse([EDGE, CHAIN, FORK]), _cells(rng, 5)])
  for cell in cells:
    children = SPACE.mutate(np.repeat(cell[None], 1500, axis=0), rng)
    found = set(SPACE.fingerprint(children).tolist())
    assert found == set(SPACE.fingerprint(SPACE.neighbours(cell)).tolist())


def test_children_are_valid_and_new(rng):
  parents = np.concatenate([_cells(rng, 2000), SPACE.sample(2000, rng)])
  kept = parents.copy()
  children = SPACE.mutate(parents, rng)
  assert children.dtype == np.int8
  assert SPACE.is_valid(children).all()
  assert (SPACE.fingerprint(children) != SPACE.fingerprint(parents)).all()
  np.testing.assert_array_equal(parents, kept)


def test_crossover_is_valid_and_takes_from_both(rng):
  first, second = _cells(rng, 3000), SPACE.sample(3000, rng)
  children = SPACE.crossover(first, second, rng)
  assert SPACE.is_valid(children).all()
  hashes = SPACE.fingerprint(children)
  assert (hashes != SPACE.fingerprint(first)).mean() > 0.8
  assert (hashes != SPACE.fingerprint(second)).mean() > 0.8


def test_crossover_of_twins_is_the_parent(rng):
  parents = SPACE.sample(300, rng)
  children = SPACE.crossover(parents, parents, rng)
  np.testing.assert_array_equal(children, parents)


def test_crossover_falls_back_to_the_first_parent(rng, monkeypatch):
  monkeypatch.setattr(nb101_variation, "_CROSSOVER_TRIES", 0)
  first, second = _cells(rng, 10), _cells(rng, 10)
  np.testing.assert_array_equal(SPACE.crossover(first, second, rng), first)


def test_crossover_refuses_unequal_numbers(rng):
  cells = _cells(rng, 3)
  with pytest.raises(errors.UserError, match="equally many"):
    SPACE.crossover(cells, cells[:2], rng)


def test_invalid_parents_are_refused(rng):
  broken = np.zeros((1, 26), np.int8)
  with pytest.raises(errors.UserError, match="genotype 0 is not a cell"):
    SPACE.mutate(broken, rng)
