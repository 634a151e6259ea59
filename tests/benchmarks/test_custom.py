"""A user's CSV file: what is read, and what each mistake is told."""

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import custom
from nasjax.spaces import registry

NB201 = registry.get_space("nb201")
A = "|none~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|"
B = A.replace("avg_pool_3x3", "skip_connect")
CELLS = {A: [0, 0, 0, 0, 0, 4], B: [0, 0, 0, 0, 0, 1]}
DARTS = (
  "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1)"
  + ", ('sep_conv_3x3', 0), ('skip_connect', 1)" * 3
  + "], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
  "('max_pool_3x3', 1)"
  + ", ('max_pool_3x3', 0), ('max_pool_3x3', 1)" * 3
  + "], reduce_concat=range(2, 6))"
)


def read(tmp_path, text, space=NB201):
  path = tmp_path / "mine.csv"
  path.write_bytes(text if isinstance(text, bytes) else text.encode())
  return custom.read_table(path, space)


def test_rows_in_file_order_and_extra_columns(tmp_path):
  text = f"id,value,arch\n1,93.5,{A}\n\n2, -1e2 , {B} \n"
  benchmark = read(tmp_path, text)
  assert benchmark.genotypes.tolist() == [CELLS[A], CELLS[B]]
  assert benchmark.values("custom/value").tolist() == [93.5, -100.0]
  assert benchmark.values("custom/value").dtype == np.float64
  assert benchmark.lookup(NB201.parse([B]), "custom/value") == [-100.0]
  assert benchmark.space is NB201
  assert "mine.csv" in benchmark.source
  assert "as given" in benchmark.describe("custom/value")


def test_byte_order_mark_and_windows_line_ends(tmp_path):
  text = f"\ufeffarch,value\r\n{A},1\r\n{B},2\r\n"
  assert read(tmp_path, text).values("custom/value").tolist() == [1.0, 2.0]


def test_quoted_commas(tmp_path):
  text = f'arch,value\n"{DARTS}",95.25\n'
  benchmark = read(tmp_path, text, registry.get_space("darts"))
  assert benchmark.genotypes[0, :4].tolist() == [0, 4, 1, 3]
  assert benchmark.values("custom/value").tolist() == [95.25]


def test_unquoted_commas_are_told(tmp_path):
  text = f"value,arch\n95.25,{DARTS}\n"
  message = (
    "line 2: expected 2 columns, got 37; quote an arch that holds commas"
  )
  with pytest.raises(errors.UserError, match=message):
    read(tmp_path, text, registry.get_space("darts"))
  # As many commas as columns: the value is a part of the cell.
  text = "arch,value\nGenotype(normal=[('sep_conv_3x3', 0)\n"
  with pytest.raises(errors.UserError, match=r'as in "Genotype\(\.\.\.\)",93'):
    read(tmp_path, text, registry.get_space("darts"))


def test_repeated_cells_with_one_value_count_once(tmp_path):
  text = f"arch,value\n{A},1\n{B},2\n{A},1.0\n"
  benchmark = read(tmp_path, text)
  assert benchmark.genotypes.tolist() == [CELLS[A], CELLS[B]]


def test_isomorphic_darts_cells_are_one_architecture(tmp_path):
  swapped = DARTS.replace(
    "[('sep_conv_3x3', 0), ('skip_connect', 1)",
    "[('skip_connect', 1), ('sep_conv_3x3', 0)",
  )
  assert swapped != DARTS
  text = f'arch,value\n"{DARTS}",95\n"{swapped}",94\n'
  message = r"line 3: expected one value .* got 94 .* line 2 gives 95"
  with pytest.raises(errors.UserError, match=message):
    read(tmp_path, text, registry.get_space("darts"))


@pytest.mark.parametrize(
  ("text", "message"),
  [
    ("", "is empty: expected the header 'arch,value'"),
    ("arch,value\n", "has no rows"),
    (f"{A},1\n", "line 1: expected a header with the columns"),
    (f"arch,accuracy\n{A},1\n", "line 1: .* got 'arch,accuracy'"),
    (f"arch,value\n{A},1\n{B}\n", "line 3: expected 2 columns, got 1"),
    (f"arch,value\n{A},high\n", "line 2: expected a finite number .* 'high'"),
    (
      f"arch,value\n{A},\n",
      "line 2: expected a finite number as value, got ''",
    ),
    (f"arch,value\n{A},nan\n", "line 2: expected a finite number .* 'nan'"),
    (f"arch,value\n{A},1\n{B},-inf\n", "line 3: .* got '-inf'"),
    (
      f"arch,value\n{A},1\n\n{B.replace('skip', 'jump')},2\n",
      "line 4: unknown operation 'jump_connect': expected",
    ),
    (f"arch,value\n{A},1\n|none,2\n", "line 3: expected the form"),
    (f"arch,value\n{A},1\n{A},2\n", "line 3: .* got 2 .* line 2 gives 1"),
    (b"arch,value\n\xff\xfe,1\n", "is not a CSV file in UTF-8 .*save it as"),
    (f"arch;value\n{A};1\n", "commas, not by semicolons"),
    (f"arch\tvalue\n{A}\t1\n", "commas, not by tabs"),
    (f"arch,value,value\n{A},1,2\n", "one column 'value', got 2"),
    (f"value,arch,arch\n1,{A},{A}\n", "one column 'arch', got 2"),
    (f"arch,value,Value\n{A},1,2\n", "got 2, 'value, Value'; rename"),
    (f"arch,value,value.1\n{A},1,2\n", "got 2, 'value, value.1'; rename"),
    (f"ARCH ,arch,value\n{A},{A},2\n", "one column 'arch', got 2"),
    (f"arch, VALUE.12,value\n{A},1,2\n", "one column 'value', got 2"),
    (
      f'arch,value,note\n{A},1,"{"x" * 140_000}"\n',
      "a field of more than 131072 characters; shorten it, or close its",
    ),
    (f"arch,value\n{A},93,5\n", "expected 2 columns, got 3"),
    (f'arch,value\n{A},"93,5"\n', "'93,5'; write a decimal point"),
    (f'arch,value\n{A},"1,093.5"\n', "mend or remove"),
    (f"arch,value\n{A},{'9' * 400}\n", "expected a finite number"),
    (f"arch,value\n{A},1\n{'x' * 200_000},2\n", "line 3 cannot be read"),
    (f'arch,value\n"{A},1\n', "cannot be read as CSV"),
  ],
)
def test_mistakes_name_their_line(tmp_path, text, message):
  with pytest.raises(
    errors.UserError, match=rf"mine\.csv.*{message}"
  ) as caught:
    read(tmp_path, text)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
  "text",
  [
    "1_5",
    "0x10",
    "infinity",
    "1e",
    "1e999",
    "\uff11\uff12",
    "1 2",
    "--1",
    "1f",
  ],
)
def test_words_that_python_takes_for_numbers_are_refused(tmp_path, text):
  with pytest.raises(errors.UserError, match="line 2: expected a finite") as e:
    read(tmp_path, f"arch,value\n{A},{text}\n")
  assert repr(text) in str(e.value)


def test_numbers_as_people_write_them(tmp_path):
  texts = ["1e3", " 93.5 ", "-.5", "+2.", "0", "5E-324", "1.7e308"]
  names = NB201.format(NB201.enumerate()[: len(texts)])
  rows = [f"{name},{text}" for name, text in zip(names, texts, strict=True)]
  benchmark = read(tmp_path, "arch,value\n" + "\n".join(rows))
  expected = [1000, 93.5, -0.5, 2, 0, 5e-324, 1.7e308]
  assert benchmark.values("custom/value").tolist() == expected


def test_what_spreadsheets_add(tmp_path):
  text = f"arch,value,\r\n{A},1,,,\r\n,,\r\n{B},2\r\n   \r\n"
  assert read(tmp_path, text).values("custom/value").tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
  ("space", "bad", "message"),
  [
    ("nb101", "01/00:input+conv9x9+output", "expected"),
    ("nb101", " ".join("x" * 9_000), "expected"),
    ("nb201", A.replace("none", "nine"), "unknown operation 'nine'"),
    ("darts", "Genotype(normal=1)", "expected"),
    ("darts", DARTS.replace("sep_conv_3x3', 0", "sep_conv_3x3', 1"), "expect"),
  ],
)
def test_a_bad_cell_has_the_number_of_its_line_only(
  space, bad, message, tmp_path
):
  text = f'arch,value\n\n"{bad}",1\n'
  with pytest.raises(errors.UserError, match=rf"csv', line 3: {message}") as e:
    read(tmp_path, text, registry.get_space(space))
  assert " 0" not in str(e.value).partition(", got ")[0]


def test_long_texts_are_not_printed_back(tmp_path):
  text = f"arch,value\n{'x' * 100_000},1\n"
  with pytest.raises(errors.UserError) as caught:
    read(tmp_path, text)
  assert len(str(caught.value)) < 600


def test_line_numbers_count_lines_within_quotes(tmp_path):
  text = f'note,arch,value\n"two\nlines",{A},1\n,{B},x\n'
  with pytest.raises(errors.UserError, match="line 4: expected a finite"):
    read(tmp_path, text)


def test_missing_file(tmp_path):
  with pytest.raises(errors.UserError, match=r"no such file: .*other\.csv"):
    custom.read_table(tmp_path / "other.csv", NB201)
