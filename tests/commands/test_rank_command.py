"""`nasjax rank`: several models, the table, JSON, notes, mistakes."""

import json

import pytest

import nasjax
from nasjax.commands import rank
from tests.computation import onnx_files as made


@pytest.fixture
def models(tmp_path):
  """Two networks, the second with more channels, and open extents."""
  wide = made.model(
    [
      made.helper.make_node("Conv", ["x", "w"], ["a"], kernel_shape=[3, 3]),
      made.helper.make_node("Relu", ["a"], ["y"]),
    ],
    [made.weights("w", 64, 3, 3, 3)],
    shape=("n", 3, "h", "w"),
  )
  return (
    str(made.save(made.small(), tmp_path, "small.onnx")),
    str(made.save(wide, tmp_path, "wide, open.onnx")),
  )


def run(capsys, *words):
  status = rank.main(["rank", *words])
  return status, capsys.readouterr()


def test_the_table_is_sorted(models, capsys):
  status, printed = run(capsys, *models, "--shape", "8,8,3")
  assert status == 0
  expected = nasjax.rank(models, shape=(8, 8, 3))
  lines = printed.out.splitlines()
  head = "rank score spread parameters multiply-adds novelty model"
  assert lines[0].split() == head.split()
  for place, number in enumerate(expected.order):
    cells = lines[place + 1].split(maxsplit=6)
    assert cells[0] == str(place + 1)
    assert cells[1] == f"{expected.scores[number]:.2f}"
    assert cells[3] == f"{expected.params[number]:,}"
    assert cells[4] == f"{expected.macs[number]:,}"
    assert cells[6] == models[number]


def test_json(models, capsys):
  status, printed = run(capsys, "--json", *models)
  assert status == 0
  found = json.loads(printed.out)
  assert [each["rank"] for each in found] == [1, 2]
  assert {each["name"] for each in found} == set(models)
  assert found[0]["score"] >= found[1]["score"]
  small = next(each for each in found if each["name"] == models[0])
  assert (small["params"], small["macs"]) == (166, 6952)
  assert sum(small["membership"]) == pytest.approx(1)
  assert small["unknown"] == {}


def test_a_note_names_the_models_that_have_it(models, capsys):
  _, printed = run(capsys, *models)
  (note,) = [line for line in printed.err.splitlines() if "open" in line[:12]]
  assert note.startswith("note: open extents of the input (?x?x3)")
  assert note.endswith(f": {models[1]}")


@pytest.mark.parametrize(
  ("words", "expected"),
  [
    ([], "no MODEL: expected ONNX files, one or more"),
    (["missing.onnx"], "no such file: 'missing.onnx'"),
    (["SMALL", ""], "expected a value, got none"),
    (["SMALL", "--shapes", "3"], "unknown option '--shapes'"),
    (["SMALL", "--shape", "3,x"], "expected numbers separated by commas"),
  ],
)
def test_mistakes_are_one_line(models, capsys, words, expected):
  words = [models[0] if word == "SMALL" else word for word in words]
  status, printed = run(capsys, *words)
  assert status == 2
  assert expected in printed.err
  assert printed.err.count("\n") == 1


def test_labels_are_read_beside_their_file(models, tmp_path, capsys):
  small, wide = models
  rows = [
    "model,value",
    "small.onnx,90",
    '"wide, open.onnx",80',
    "small.onnx,91",
  ]
  labels = tmp_path / "own.csv"
  labels.write_text("\n".join(rows))
  words = [*models, "--shape", "8,8,3", "--json"]
  status, printed = run(capsys, *words, "--labels", str(labels))
  assert status == 0
  found = json.loads(printed.out)
  expected = nasjax.rank(
    models, shape=(8, 8, 3), labelled=[small, wide, small], values=[90, 80, 91]
  )
  best = expected.order[0]
  assert found[0]["name"] == models[best] == small
  assert found[0]["score"] == pytest.approx(expected.scores[best])
  assert 85 < found[0]["score"] < 92


def test_labels_name_models_by_a_home_or_a_whole_path(
  models, tmp_path, capsys, monkeypatch
):
  monkeypatch.setenv("HOME", str(tmp_path))
  folder = tmp_path / "labels"
  folder.mkdir()
  labels = folder / "own.csv"
  rows = ["~/small.onnx,90", f'"{models[1]}",80', "../small.onnx,91"]
  labels.write_text("\n".join(["model,value", *rows]))
  words = [models[0], "--json", "--labels", str(labels)]
  status, printed = run(capsys, *words)
  assert status == 0
  assert 85 < json.loads(printed.out)[0]["score"] < 92


@pytest.mark.parametrize(
  ("text", "expected"),
  [
    ("arch,value\na,1\n", "expected a header with the columns 'model'"),
    ("model,value\n", "has no rows"),
    ("model,value\nsmall.onnx,many\n", "line 2: expected a finite number"),
    ("model,value\nother.onnx,1\nb,2\n", "own.csv', line 2: no such file"),
    ("model,value\n\n.,1\n", "own.csv', line 3: "),
    ("model,value\nsmall.onnx,1\n", "at least 3 labelled networks"),
    ("model,value\na,b.onnx,1\n", "got 3; quote a model that holds commas"),
  ],
)
def test_mistakes_of_labels_are_one_line(
  models, tmp_path, capsys, text, expected
):
  labels = tmp_path / "own.csv"
  labels.write_text(text)
  status, printed = run(capsys, models[0], "--labels", str(labels))
  assert status == 2
  assert expected in printed.err
  assert printed.err.count("\n") == 1
