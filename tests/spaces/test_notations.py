"""Forms of notations: white space, literals, and what is refused in a line."""

import collections
import itertools
import json
import time

import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import errors
from nasjax.predictors import predictor
from nasjax.spaces import literals, notations, registry

SPACES = {name: registry.get_space(name) for name in registry.space_names()}
NB101, NB201, DARTS = (SPACES[name] for name in ("nb101", "nb201", "darts"))

Genotype = collections.namedtuple(
  "Genotype", "normal normal_concat reduce reduce_concat"
)


def edges(shift):
  return [
    (DARTS.op_names[1 + (shift + i) % 7], i % 2 if i < 4 else i // 2 - i % 2)
    for i in range(8)
  ]


NORMAL, REDUCE = edges(0), edges(3)
FIELDS = {
  "normal": NORMAL,
  "normal_concat": [2, 3, 4, 5],
  "reduce": REDUCE,
  "reduce_concat": [2, 3, 4, 5],
}
TEXT = (
  f"Genotype(normal={NORMAL}, normal_concat=range(2, 6), reduce={REDUCE}, "
  "reduce_concat=range(2, 6))"
)
ROW = [
  number
  for name, node in NORMAL + REDUCE
  for number in (node, DARTS.op_names.index(name))
]
MATRIX = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
OPS = ["input", "maxpool3x3", "output"]
CELL = {"module_adjacency": MATRIX, "module_operations": OPS}


def nested(pairs):
  return [pairs[i : i + 2] for i in range(0, 8, 2)]


def too_deep(depth=100_000):
  value = []
  for _ in range(depth):
    value = [value]
  return value


@pytest.mark.parametrize("name", list(SPACES))
def test_white_space_around_a_notation_counts_for_nothing(name, rng):
  space = SPACES[name]
  sample = getattr(space, "sample_valid", space.sample)
  cells = sample(3, rng)
  for form in ("{}\n", "{}\r\n", "\t {} ", "\n{}", "\ufeff{}", "\u00a0{}"):
    texts = [form.format(text) for text in space.format(cells)]
    expected = space.parse(space.format(cells))
    np.testing.assert_array_equal(space.parse(texts), expected)


@pytest.mark.parametrize(
  "arch",
  [
    "\n genotype = " + TEXT,
    "DARTS_V2=" + TEXT,
    "# it's the best\n" + TEXT,
    TEXT.replace("reduce=", "  # it's next\n  reduce=") + "  # last",
    "genotype: Genotype = " + TEXT,
    "\u200b" + TEXT + "\u200b\ufeff",
    f'"{TEXT}"',
    "'" + TEXT.replace("'", '"') + "'",
    TEXT.replace(", 0)", ", np.int64(0))").replace(", 1)", ", int32(1))"),
    TEXT.replace("'sep_conv_3x3'", "np.str_('sep_conv_3x3')"),
    "best =\n  genotypes." + TEXT,
    TEXT.replace("range(2, 6)", "range(2,6)"),
    TEXT.replace("range(2, 6)", "list(range(2, 6))"),
    TEXT.replace("range(2, 6)", "tuple( range( 2 , 6 , 1 ) )"),
    TEXT.replace("range(2, 6)", "[2,3,4,5]"),
    TEXT.replace("range(2, 6)", "(2, 3, 4, 5)"),
    TEXT.replace("'", '"'),
    TEXT.replace(", ", ",\n\t"),
    TEXT.replace(" ", ""),
    f"Genotype({NORMAL}, range(2, 6), {REDUCE}, range(2, 6))",
    TEXT.replace(str(NORMAL), str(nested(NORMAL))),
    str(FIELDS),
    json.dumps(FIELDS),
    json.dumps({**FIELDS, "reduce": nested(REDUCE)}, indent=2),
    str(tuple(FIELDS.values())),
    FIELDS,
    {**FIELDS, "normal": nested(NORMAL)},
    Genotype(NORMAL, range(2, 6), nested(REDUCE), np.arange(2, 6)),
    (NORMAL, (2, 3, 4, 5), REDUCE, range(2, 6)),
  ],
)
def test_forms_of_darts(arch):
  assert DARTS.parse([arch]).tolist() == [ROW]


@pytest.mark.parametrize(
  "arch",
  [
    " 011 / 001\n/000 : input + maxpool3x3 +output",
    json.dumps(CELL),
    json.dumps({**CELL, "epochs": 108, "note": None, "time": 1.5}, indent=1),
    str(CELL),
    str((MATRIX, OPS)),
    json.dumps([MATRIX, OPS]),
    f"cell = {(MATRIX, OPS)}",
    f"cell: tuple = {CELL}  # best",
    f"# best\n{(MATRIX, OPS)}",
    f"(array({MATRIX}), {OPS})",
    "'011/001/000:input+maxpool3x3+output'",
    "\u200b011/001/000:input+maxpool3x3+output # best",
    (np.array(MATRIX, bool), tuple(OPS)),
  ],
)
def test_forms_of_nb101(arch):
  expected = NB101.parse(["011/001/000:input+maxpool3x3+output"])
  np.testing.assert_array_equal(NB101.parse([arch]), expected)


def test_white_space_within_nb201():
  text = "| none~0 | +\n|none ~ 0|none~1|+ |none~0|none~1|skip_connect~2 |"
  assert NB201.parse([text]).tolist() == [[0, 0, 0, 0, 0, 1]]


HOSTILE = [
  "",
  " \n",
  "\0",
  "x" * 10_000_000,
  "[" * 100_000,
  "(" * 9000,
  '{"a":' * 1500,
  "-" * 9000 + "1",
  "1+" * 4000 + "1",
  "|" * 9000,
  " " * 9000 + "x",
  "x" + " " * 9000 + "|",
  "9" * 9000,
  "__import__('os')",
  "Genotype(**{})",
  None,
  3.5,
  b"abc",
  {},
  [],
  too_deep(),
  (MATRIX, too_deep()),
  (too_deep(), OPS),
  Genotype(too_deep(), range(2, 6), REDUCE, range(2, 6)),
  Genotype(NORMAL, itertools.count(), REDUCE, range(2, 6)),
  ["y" * 1_000_000] * 3,
]


@pytest.mark.parametrize("at", range(len(HOSTILE)))
@pytest.mark.parametrize("name", list(SPACES))
def test_refusals_are_one_short_line_at_once(name, at):
  began = time.monotonic()
  with pytest.raises(errors.UserError) as caught:
    SPACES[name].parse([HOSTILE[at]])
  assert time.monotonic() - began < 5
  assert "\n" not in str(caught.value)
  assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
  "text",
  [
    TEXT + TEXT,
    TEXT + "; import os",
    "x = y = " + TEXT,
    "x, y = " + TEXT,
    TEXT[:-1],
    TEXT.replace("normal=", "reduce=", 1),
    TEXT.replace("range(2, 6)", "range(2, 10**9)"),
    TEXT.replace("range(2, 6)", "range(2, 5)"),
    TEXT.replace("range(2, 6)", "sorted([2, 3, 4, 5])"),
    TEXT.replace(" 0)", " True)"),
    TEXT.replace(" 0)", " \u0660)"),
    str(nested(NORMAL)),
    '{"normal": 1, "normal": 2}',
    json.dumps({"normal": NORMAL, "reduce": REDUCE}),
    str({**FIELDS, "further": 1}),
    str({**FIELDS, "normal": nested(NORMAL)[:3]}),
  ],
)
def test_other_texts_are_no_darts_cells(text):
  with pytest.raises(errors.UserError, match="arch 0 of 'darts'"):
    DARTS.parse([text])


def test_a_key_that_is_given_twice():
  text = json.dumps(CELL)[:-1] + ', "module_operations": ["input", "output"]}'
  with pytest.raises(errors.UserError, match="a key is given twice"):
    NB101.parse([text])
  with pytest.raises(ValueError, match="a key is given twice"):
    literals.read("{'a': 1, 'a': 2}", "", ())


def test_longest_notation():
  room = " " * (notations.MAX_LENGTH - len(TEXT))
  assert DARTS.parse([TEXT + room]).tolist() == [ROW]
  with pytest.raises(errors.UserError, match="at most 10000 characters"):
    DARTS.parse([TEXT + room + " "])


def test_collections_of_architectures():
  names = NB201.format(NB201.enumerate()[[7, 77, 777]])
  rows = NB201.enumerate()[[7, 77, 777]]
  for archs in (
    names,
    tuple(names),
    np.array(names),
    np.array(names, object),
    (name for name in names),
    dict.fromkeys(names).keys(),
    rows,
    jnp.asarray(rows),
    rows.astype(np.int64),
    rows.tolist(),
    list(rows),
    np.ma.masked_array(rows),
  ):
    found = predictor.as_genotypes(NB201, archs)
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, rows)
  assert predictor.as_genotypes(NB201, []).shape == (0, 6)


@pytest.mark.parametrize(
  ("make", "message"),
  [
    (lambda names, rows: None, "list of architectures, got NoneType"),
    (lambda names, rows: 5, "list of architectures, got int"),
    (lambda names, rows: set(names), "got set .it has no order"),
    (lambda names, rows: {"a": names}, "got one dict alone"),
    (lambda names, rows: names[0], "got one str alone"),
    (lambda names, rows: rows.astype(float), "expected integers, got float64"),
    (lambda names, rows: rows[0], r"expected shape \[n, 6\], got \[6\]"),
    (lambda names, rows: [names[0], rows[1]], "a genotype at 1 and none at 0"),
    (lambda names, rows: [[1, 2, 3, 4], [1, 2, 3]], "rows of several lengths"),
    (lambda names, rows: [[1, 2.5, 3, 4, 0, 0]], "expected integers"),
    (
      lambda names, rows: np.ma.masked_array(rows, mask=rows == 2),
      "architecture 2 is masked",
    ),
  ],
)
def test_other_collections_are_refused(make, message):
  rows = np.array([[0, 0, 0, 0, 1, 1], [0, 0, 0, 3, 0, 1], [0, 1, 1, 2, 0, 3]])
  with pytest.raises(errors.UserError, match=message) as caught:
    predictor.as_genotypes(NB201, make(NB201.format(rows), rows))
  assert "\n" not in str(caught.value)


def masked(values):
  return np.ma.array(values, mask=np.ones(np.shape(values), bool))


@pytest.mark.parametrize(
  "matrix",
  [
    np.array(MATRIX) + 5j,
    np.array(MATRIX, complex).tolist(),
    np.array(MATRIX, "m8[s]"),
    np.array(MATRIX, "M8[s]"),
    np.array(MATRIX, "S1"),
    np.array(MATRIX, "S1").astype("V1"),
    [[np.timedelta64(each, "s") for each in row] for row in MATRIX],
    [[np.complex64(1), 0, None], [0] * 3, [0] * 3],
    [[0, 1, np.datetime64(1, "s")], [0, 0, None], [0] * 3],
    masked(MATRIX),
    [masked(row) for row in MATRIX],
    [[0, np.ma.masked, 1], [0, 0, 1], [0, 0, 0]],
    [[0.5, 1, 1], [0, 0, 1], [0, 0, 0]],
  ],
  ids=range(13),
)
def test_a_matrix_of_other_values_is_refused(matrix):
  forms = (matrix, OPS), {**CELL, "module_adjacency": matrix}
  for arch in forms:
    with pytest.raises(errors.UserError, match="architecture 0") as caught:
      NB101.parse([arch])
    assert "\n" not in str(caught.value)


def test_whole_numbers_of_any_type_are_a_matrix():
  expected = NB101.parse([CELL])
  for matrix in (
    np.array(MATRIX, bool),
    np.array(MATRIX, float),
    np.array(MATRIX, np.uint64),
    np.array(MATRIX, object),
    jnp.array(MATRIX, jnp.bfloat16),
    np.ma.array(MATRIX),
  ):
    np.testing.assert_array_equal(NB101.parse([(matrix, OPS)]), expected)


@pytest.mark.parametrize("name", list(SPACES))
@pytest.mark.parametrize("dtype", ["m8[s]", "M8[s]", complex, bool, "S1"])
def test_genotypes_of_other_types_are_refused(name, dtype):
  space = SPACES[name]
  rows = np.zeros((2, space.genotype_length), dtype)
  for given in (rows, list(rows), rows.tolist()):
    with pytest.raises(errors.UserError) as caught:
      predictor.as_genotypes(space, given)
    assert "\n" not in str(caught.value)
  with pytest.raises(errors.UserError):
    space.check(rows)


@pytest.mark.parametrize("name", list(SPACES))
def test_rows_with_a_mask_are_refused(name, rng):
  space = SPACES[name]
  row = getattr(space, "sample_valid", space.sample)(1, rng)[0]
  for read in (space.check, lambda rows: predictor.as_genotypes(space, rows)):
    with pytest.raises(errors.UserError, match="architecture 1 is masked"):
      read([row, masked(row)])
    assert len(read([row, np.ma.array(row)])) == 2


def test_packed_matrices_and_indices_of_other_types_are_refused():
  adjacency, ops = NB101.to_matrix(NB101.parse([CELL]))
  for wrong in (adjacency + 5j, adjacency.astype("m8[s]"), masked(adjacency)):
    with pytest.raises(errors.UserError, match="adjacency: expected whole"):
      NB101.from_matrix(wrong, ops)
  for wrong in (ops + 5j, ops.astype("m8[s]"), masked(ops), ops + 0.5):
    with pytest.raises(errors.UserError, match="operations: expected whole"):
      NB101.from_matrix(adjacency, wrong)
  with pytest.raises(errors.UserError, match=r"adjacency: .*\[0, 1\], got 2"):
    NB101.from_matrix(2 * adjacency, ops)
  with pytest.raises(errors.UserError, match="operations: expected numbers"):
    NB101.from_matrix(adjacency, ops.astype(int) + 256)
  for wrong in (np.zeros(1, "m8[s]"), masked([1])):
    with pytest.raises(errors.UserError, match="'nb201'"):
      NB201.from_index(wrong)
