"""`nasjax graph`: the table, JSON, the drawing, notes."""

import json

import pytest

from nasjax.commands import graph
from tests.computation import onnx_files as made


@pytest.fixture
def model(tmp_path):
  return str(made.save(made.small(), tmp_path, "small.onnx"))


def run(capsys, *words):
  status = graph.main(["graph", *words])
  return status, capsys.readouterr()


def test_the_table_of_operators(model, capsys):
  status, printed = run(capsys, model)
  assert status == 0
  assert printed.out.splitlines() == [
    "operator         nodes  parameters  multiply-adds",
    "input                1           0              0",
    "output               1           0              0",
    "conv                 1         108          6,912",
    "linear               1          50             40",
    "batch_norm           1           8              0",
    "relu                 1           0              0",
    "global_avg_pool      1           0              0",
    "all                  7         166          6,952",
    "the file holds 8 running statistics and 0 other numbers beside",
  ]
  assert printed.err == ""


def test_the_table_of_nodes(model, capsys):
  status, printed = run(capsys, model, "--nodes")
  lines = printed.out.splitlines()
  assert status == 0
  assert len(lines) == 9
  assert lines[2].split() == ["1", "conv", "108", "6,912", "3x3", "8x8x4", "0"]


def test_json(model, capsys):
  status, printed = run(capsys, model, "--json")
  found = json.loads(printed.out)
  assert status == 0
  assert {key: found[key] for key in ("name", "params", "macs")} == {
    "name": "small", "params": 166, "macs": 6952,
  }  # fmt: skip
  assert (found["statistics"], found["others"]) == (8, 0)
  assert found["nodes"][1]["operator"] == "conv"
  assert found["nodes"][1]["inputs"] == [0]


def test_the_drawing_and_what_it_replaces(model, tmp_path, capsys):
  path = tmp_path / "small.svg"
  for _ in range(2):
    assert run(capsys, model, "--svg", str(path))[0] == 0
  assert path.read_text().startswith("<svg ")
  path.write_text("mine")
  status, printed = run(capsys, model, "--svg", str(path))
  assert status == 2
  assert "a drawing of a graph" in printed.err
  assert path.read_text() == "mine"


def test_notes(tmp_path, capsys):
  proto = made.model(
    [made.helper.make_node("Foo", ["x"], ["y"])], shape=("n", "length")
  )
  path = str(made.save(proto, tmp_path))
  status, printed = run(capsys, path)
  assert status == 0
  assert printed.err.splitlines() == [
    "note: operators that are not known: 'Foo' (1)",
    "note: open extents of the input (?): multiply-adds that depend on them "
    "count as 0; give the shape of the input (shape=, --shape)",
    "note: no input is an image (height, width, channels)",
  ]
  assert "length" not in run(capsys, path, "--shape", "7")[1].err


def test_names_of_foreign_operators_are_printed_on_one_line(tmp_path, capsys):
  name = "Foo\x1b[31m\n" + "x" * 3000
  proto = made.model([made.helper.make_node(name, ["x"], ["y"])])
  _, printed = run(capsys, str(made.save(proto, tmp_path)), "--nodes")
  assert len(printed.out.splitlines()) == 5
  assert "'Foo\\x1b[31m\\nxxx" in printed.out
  assert "\x1b" not in printed.out + printed.err
  assert max(map(len, printed.out.splitlines())) < 400


@pytest.mark.parametrize(
  ("words", "expected"),
  [
    ([], "no MODEL"),
    (["missing.onnx"], "no such file"),
    (["MODEL", "--shape", "8,0,3"], "at least 1"),
    (["MODEL", "--shape", "8,8,4"], "channels last: (8, 8, 3); got (8, 8, 4)"),
    (["MODEL", "--shape", "a"], "expected numbers separated by commas"),
  ],
)
def test_mistakes_are_one_line(model, capsys, words, expected):
  words = [model if word == "MODEL" else word for word in words]
  status, printed = run(capsys, *words)
  assert status == 2
  assert expected in printed.err
  assert printed.err.count("\n") == 1
