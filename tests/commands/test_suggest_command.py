"""`nasjax suggest`: a table of trainings in, the next trainings out."""

import csv
import json
import os

import numpy as np
import pytest

import nasjax
from nasjax import errors
from nasjax.benchmarks import custom, trainings
from nasjax.commands import suggest, suggest_options
from nasjax.search import acquisitions, model_based, suggestions
from nasjax.surrogates import gaussian

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.sample(16, np.random.default_rng(7))
ARCHS = SPACE.format(CELLS)
VALUES = 60.0 + (CELLS == 3).sum(axis=1) * 5.0 - (CELLS == 0).sum(axis=1)


def _table(path, rows):
  with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["arch", "value"])
    writer.writerows(rows)
  return str(path)


@pytest.fixture
def table(tmp_path):
  return _table(tmp_path / "mine.csv", zip(ARCHS, VALUES, strict=True))


def _run(capsys, *argv):
  status = suggest.main(["suggest", "--space", "nb201", *argv])
  return status, capsys.readouterr()


def _refused(capsys, message, *argv):
  status, printed = _run(capsys, *argv)
  assert status == 2
  assert printed.out == ""
  last = printed.err.strip().splitlines()[-1]
  assert message in last
  assert "Traceback" not in printed.err


def test_the_table_says_what_to_train(capsys, table):
  status, printed = _run(capsys, "--table", table, "--count", "3")
  assert status == 0
  title, best, header, *rows = printed.out.splitlines()
  assert title == "16 trainings of nb201 known"
  winner = suggestions.told("nb201", ARCHS, VALUES).best()
  assert best.startswith(
    f"best of them: {winner.arch} with {winner.value:.4g},"
  )
  assert header.split() == ["predicted", "std", "reason", "architecture"]
  found = nasjax.suggest("nb201", ARCHS, VALUES, 3)
  assert [row.split()[-1] for row in rows] == [each.arch for each in found]
  assert [row.split()[2] for row in rows] == [each.reason for each in found]
  shown = [float(row.split()[0]) for row in rows]
  expected = [each.predicted for each in found]
  np.testing.assert_allclose(shown, expected, rtol=1e-3)


def test_the_csv_can_be_read_back(capsys, table, tmp_path):
  out = tmp_path / "next.csv"
  status, _ = _run(capsys, "--table", table, "--out", str(out))
  assert status == 0
  text = out.read_text()
  assert text.splitlines()[0] == "arch,predicted,std,reason"
  rows = list(csv.DictReader(text.splitlines()))
  found = nasjax.suggest("nb201", ARCHS, VALUES, 5)
  assert [row["arch"] for row in rows] == [each.arch for each in found]
  assert [float(row["std"]) for row in rows] == [each.std for each in found]
  SPACE.parse([row["arch"] for row in rows])
  assert _run(capsys, "--table", table, "--out", str(out))[0] == 0
  assert out.read_text() == text
  out.write_text("mine\n")
  _refused(capsys, "suggestions", "--table", table, "--out", str(out))
  assert out.read_text() == "mine\n"


def test_json_says_the_same(capsys, tmp_path):
  rows = [*zip(ARCHS, VALUES, strict=True)]
  rows[2] = (ARCHS[2], "failed")
  path = _table(tmp_path / "t.csv", rows)
  status, printed = _run(capsys, "--table", path, "--json", "--count", "2")
  assert status == 0
  report = json.loads(printed.out)
  assert report["space"] == "nb201"
  assert report["num_trained"] == 16
  assert report["num_failed"] == 1
  assert report["best"]["arch"] in ARCHS
  assert set(report["best"]) == {"arch", "value", "predicted"}
  values = VALUES.copy()
  values[2] = np.nan
  for shown, each in zip(
    report["suggestions"],
    nasjax.suggest("nb201", ARCHS, values, 2),
    strict=True,
  ):
    assert shown == {
      "arch": each.arch,
      "predicted": each.predicted,
      "std": each.std,
      "reason": each.reason,
    }
  assert "note: 1 of 16 trainings failed" in printed.err


@pytest.mark.parametrize("text", [None, "", "arch,value\n"])
def test_the_first_cells_without_any_result(capsys, tmp_path, text):
  argv = []
  if text is not None:
    (tmp_path / "empty.csv").write_text(text)
    argv = ["--table", str(tmp_path / "empty.csv")]
  out = tmp_path / "next.csv"
  status, printed = _run(capsys, *argv, "--count", "4", "--out", str(out))
  assert status == 0
  assert printed.out.startswith("0 trainings of nb201 known\n")
  rows = list(csv.DictReader(out.read_text().splitlines()))
  assert [row["reason"] for row in rows] == ["spread"] * 4
  assert {row["predicted"] for row in rows} == {""}


def test_a_loop_of_a_user_never_trains_a_cell_twice(capsys, tmp_path):
  """Suggest, train, append, and again; the command keeps nothing."""
  path, out = tmp_path / "mine.csv", tmp_path / "next.csv"
  _table(path, [])
  for _ in range(4):
    argv = ("--table", str(path), "--count", "4", "--out", str(out))
    assert _run(capsys, *argv)[0] == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    cells = SPACE.parse([row["arch"] for row in rows])
    with open(path, "a", newline="") as file:
      writer = csv.writer(file)
      for row, value in zip(rows, SPACE.flops(cells), strict=True):
        writer.writerow([row["arch"], value])
  known = trainings.read(path, SPACE)
  assert known.notes == ()
  keys = SPACE.function_keys(known.genotypes)
  assert len(np.unique(keys)) == len(keys) >= 14
  assert known.values[10:].max() > known.values[:10].max()


def test_costs(capsys, tmp_path):
  params = SPACE.num_params(CELLS)
  path = _table(tmp_path / "t.csv", zip(ARCHS, params, strict=True))
  out = str(tmp_path / "next.csv")
  argv = ("--table", path, "--target", "cost", "--out", out)
  assert _run(capsys, *argv)[0] == 0
  with open(out) as file:
    archs = [row["arch"] for row in csv.DictReader(file)]
  assert SPACE.num_params(SPACE.parse(archs)).mean() < params.mean()


def test_replicates_are_averaged_and_it_is_said(capsys, tmp_path):
  rows = [*zip(ARCHS, VALUES, strict=True), (ARCHS[0], VALUES[0] + 3)]
  path = _table(tmp_path / "t.csv", rows)
  status, printed = _run(capsys, "--table", path)
  assert status == 0
  assert "1 architectures come again" in printed.err
  assert "the means" in printed.err


def test_what_a_spreadsheet_writes_is_read(tmp_path):
  """A byte order mark, CRLF, quoted fields, and columns of the user's own."""
  rows = [
    f'"{arch}",run {at},{value},"a, b"\r\n'
    for at, (arch, value) in enumerate(zip(ARCHS, VALUES, strict=True))
  ]
  text = '\ufeff"arch",note,value,more\r\n' + "".join(rows)
  path = tmp_path / "t.csv"
  path.write_bytes(text.encode())
  known = trainings.read(path, SPACE)
  np.testing.assert_array_equal(known.genotypes, CELLS)
  np.testing.assert_array_equal(known.values, VALUES)
  assert known.notes == ()


def test_a_line_that_is_half_written_is_waited_for(tmp_path, monkeypatch):
  path = tmp_path / "t.csv"
  done = f"arch,value\n{ARCHS[0]},90.25\n"
  for cut in (len(done) - 4, len(done) - 12):  # 90 alone, and no value at all
    path.write_text(done[:cut])
    slept = []

    def write_on(seconds, slept=slept):
      slept.append(seconds)
      path.write_text(done)

    monkeypatch.setattr(trainings.time, "sleep", write_on)
    known = trainings.read(path, SPACE)
    assert known.values.tolist() == [90.25]
    assert known.notes == ()
    assert len(slept) == 1


def test_a_last_line_without_an_end_counts_and_it_is_said(tmp_path):
  path = tmp_path / "t.csv"
  path.write_text(f"arch,value\n{ARCHS[0]},90")
  known = trainings.read(path, SPACE)
  assert known.values.tolist() == [90.0]
  (note,) = known.notes
  assert "has no line end" in note
  path.write_text(f"arch,value\n{ARCHS[0]},90\n{ARCHS[1][:9]}")
  with pytest.raises(errors.UserError, match="line 3: expected 2 columns"):
    trainings.read(path, SPACE)


def test_equal_values_are_named(capsys, tmp_path):
  path = _table(tmp_path / "t.csv", [(arch, 90) for arch in ARCHS])
  status, printed = _run(capsys, "--table", path, "--count", "1")
  assert status == 0
  assert "note: all values are equal" in printed.err
  assert " spread " in printed.out


def test_a_model_of_some_of_the_trainings_is_said(capsys, table, monkeypatch):
  monkeypatch.setattr(gaussian, "MOST_CELLS", 12)
  status, printed = _run(capsys, "--table", table, "--count", "1")
  assert status == 0
  num = len(np.unique(SPACE.function_keys(CELLS)))
  assert f"fitted to 12 of {num} trained architectures" in printed.err


def test_why_there_are_fewer_is_said(capsys, tmp_path, monkeypatch):
  rows = [*zip(ARCHS, VALUES, strict=True)]
  few = _table(tmp_path / "few.csv", rows[:7])
  _, printed = _run(capsys, "--table", few)
  assert "3 instead of 5 are suggested: the first 10 trainings" in printed.err
  left = suggestions.suggest("nb201", ARCHS, VALUES, 2)
  monkeypatch.setattr(suggestions.Suggester, "ask", lambda *_: left)
  many = _table(tmp_path / "many.csv", rows)
  _, printed = _run(capsys, "--table", many)
  assert "2 instead of 5 are suggested: no more are left" in printed.err


def test_more_asked_than_spread_out_is_said(capsys):
  status, printed = _run(capsys, "--count", "30")
  assert status == 0
  assert "note: 10 instead of 30 are suggested" in printed.err


@pytest.mark.parametrize(
  ("row", "message"),
  [
    ("ARCH,nan", "or write failed where the training failed"),
    ("ARCH,1e300", "expected sizes up to 1e+290"),
    ("ARCH,inf", "line 2"),
    ("ARCH,", "line 2"),
    ("ARCH,good", "line 2"),
    ("ARCH,1e999", "line 2"),
    ("|nor_conv_9x9~0|,90", "line 2"),
    ("ARCH", "line 2"),
  ],
)
def test_a_bad_row_is_one_line(capsys, tmp_path, row, message):
  path = tmp_path / "t.csv"
  path.write_text(f"arch,value\n{row.replace('ARCH', ARCHS[0])}\n")
  _refused(capsys, message, "--table", str(path))


def test_other_mistakes_are_one_line(capsys, tmp_path):
  missing = str(tmp_path / "no.csv")
  _refused(capsys, "no.csv", "--table", missing)
  _refused(capsys, "--count", "--count", "0")
  _refused(capsys, "expected at most 1000", "--count", "1001")
  _refused(capsys, "--acquisition", "--acquisition", "luck")
  (tmp_path / "t.csv").write_text("cell,score\na,1\n")
  _refused(capsys, "arch", "--table", str(tmp_path / "t.csv"))


def test_every_architecture_was_trained(capsys, tmp_path, monkeypatch):
  monkeypatch.setattr(suggestions.Suggester, "ask", lambda *_: [])
  table = _table(tmp_path / "t.csv", zip(ARCHS, VALUES, strict=True))
  message = "is left to train: expected"
  _refused(capsys, message, "--table", table)


def test_a_table_that_is_written_meanwhile_is_read_again(
  table, monkeypatch, tmp_path
):
  """A writer appends while the rows are read; all of them count."""
  original, calls = custom.read_rows, []

  def while_written(path, failures=False):
    rows = list(original(path, failures))
    calls.append(len(rows))
    if len(calls) < 3:
      with open(path, "a") as file:
        file.write(f"{ARCHS[0]},{len(calls)}.5\n")
      later = path.stat().st_mtime_ns + len(calls)
      os.utime(path, ns=(later, later))
    return rows

  monkeypatch.setattr(custom, "read_rows", while_written)
  known = trainings.read(table, SPACE)
  assert calls == [16, 17, 18]
  assert len(known.values) == 18
  assert known.values[-2:].tolist() == [1.5, 2.5]


def test_half_a_line_is_read_again(table, monkeypatch):
  """What looks malformed while it is written is not a mistake."""
  original, calls = custom.read_rows, []

  def while_written(path, failures=False):
    calls.append(path)
    if len(calls) == 1:
      with open(path, "a") as file:
        file.write(f"{ARCHS[0]}\n")
      try:
        return list(original(path, failures))
      finally:
        whole = path.read_text().removesuffix(f"{ARCHS[0]}\n")
        path.write_text(f"{whole}{ARCHS[0]},77.5\n")
    return list(original(path, failures))

  monkeypatch.setattr(custom, "read_rows", while_written)
  known = trainings.read(table, SPACE)
  assert len(calls) == 2
  assert known.values[-1] == 77.5


def test_a_table_that_never_rests_is_one_line(table, monkeypatch):
  original = custom.read_rows

  def while_written(path, failures=False):
    rows = list(original(path, failures))
    with open(path, "a") as file:
      file.write(f"{ARCHS[0]},1.5\n")
    return rows

  monkeypatch.setattr(custom, "read_rows", while_written)
  with pytest.raises(errors.UserError, match="changed each time"):
    trainings.read(table, SPACE)


def test_options_name_what_there_is():
  assert sorted(suggest_options.ACQUISITIONS) == sorted(acquisitions.NAMES)
  assert suggest_options.SURROGATES == model_based.SURROGATES
