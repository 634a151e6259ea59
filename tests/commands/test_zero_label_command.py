"""`nasjax zero-label`, and the zero-label score in search and suggest."""

import csv
import json

import numpy as np
import own_space
import pytest

import nasjax
from nasjax.commands import (
  search,
  suggest,
  suggest_options,
  zero_label,
  zero_label_options,
)
from nasjax.search import priors
from nasjax.zero_label import parts, recipes, transfer

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.sample(12, np.random.default_rng(3))
ARCHS = SPACE.format(CELLS)


@pytest.fixture(autouse=True)
def fast(monkeypatch, tmp_path):
  """A transfer predictor and proxies that count operations."""

  def predict(self, space, genotypes, models=None):
    return (genotypes == 3).sum(axis=1) + 0.01 * genotypes[:, 0]

  def measure(space, genotypes, names, *, seeds, progress):
    return {name: (genotypes >= 2).sum(axis=1) * 1.0 for name in names}

  monkeypatch.setattr(transfer.Transfer, "predict", predict)
  monkeypatch.setattr(parts.proxies, "measure", measure)
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  priors._ranked.cache_clear()
  yield
  priors._ranked.cache_clear()


@pytest.fixture
def table(tmp_path):
  path = tmp_path / "cells.csv"
  path.write_text("\n".join(["arch", *ARCHS]) + "\n")
  return str(path)


def _run(capsys, *argv):
  status = zero_label.main(["zero-label", *argv])
  return status, capsys.readouterr()


def _refused(capsys, message, *argv):
  status, printed = _run(capsys, *argv)
  assert status == 2
  lines = printed.err.splitlines()
  assert sum(message in line for line in lines) == 1
  assert "Traceback" not in printed.err


def test_a_table_is_ranked_and_written(capsys, table, tmp_path):
  out = tmp_path / "ranking.csv"
  status, printed = _run(
    capsys, "--table", table, "--top_k", "3", "--out", str(out)
  )
  assert status == 0
  title, made_of, header, *rows = printed.out.splitlines()
  assert title.startswith("12 architectures of nb201 in")
  assert "3 x transfer from nb101 + 1 x nwot" in made_of
  assert header.split()[2:-1] == [recipes.TRANSFER, *recipes.PROXIES]
  assert len(rows) == 3
  with open(out, newline="") as file:
    lines = list(csv.DictReader(file))
  assert len(lines) == 12
  expected = nasjax.zero_label.rank(SPACE, CELLS, progress=False)
  assert lines[0]["arch"] == ARCHS[expected.order[0]]
  assert float(lines[0]["score"]) == expected.scores.max()
  assert rows[0].split()[-1] == lines[0]["arch"]
  assert _run(capsys, "--table", table, "--out", str(out))[0] == 0


def test_json_says_what_it_is_made_of(capsys, table):
  status, printed = _run(
    capsys, "--table", table, "--json", "--proxies", " nwot, ", "--top_k", "1"
  )
  assert status == 0
  found = json.loads(printed.out)
  assert found["weights"] == {"transfer": 1.0, "nwot": 1.0}
  assert found["num_ranked"] == 12
  assert set(found["top"][0]) == {"arch", "score", "transfer", "nwot"}


def test_the_whole_space_lists_each_function_once(capsys):
  status, printed = _run(capsys, "--space", "nb201", "--top_k", "20")
  assert status == 0
  rows = printed.out.splitlines()[3:]
  cells = SPACE.parse([row.split()[-1] for row in rows])
  assert len(np.unique(SPACE.function_keys(cells))) == 20


def test_a_space_of_ones_own(capsys, tmp_path, monkeypatch):
  (tmp_path / "my_chain.py").write_text(own_space.SOURCE)
  monkeypatch.chdir(tmp_path)
  status, printed = _run(capsys, "--space", "my_chain:Chain", "--top_k", "2")
  assert status == 0
  assert "transfer from nb101; a score ranks only" in printed.out
  assert "note: the transfer predictor alone" in printed.err


def test_mistakes_are_one_line(capsys, tmp_path, table):
  _refused(capsys, "unknown space", "--space", "nb2o1")
  _refused(capsys, "no_such.csv", "--table", str(tmp_path / "no_such.csv"))
  bad = tmp_path / "bad.csv"
  bad.write_text("arch\n|none|\n")
  _refused(capsys, "line 2", "--table", str(bad))
  bad.write_text("cell\nx\n")
  _refused(capsys, "a header with the column 'arch'", "--table", str(bad))
  bad.write_text("arch\n")
  _refused(capsys, "has no rows", "--table", str(bad))
  other = tmp_path / "other.txt"
  other.write_text("mine")
  _refused(capsys, "other.txt", "--table", table, "--out", str(other))
  assert other.read_text() == "mine"


def test_search_takes_the_zero_label_score(capsys, tmp_path):
  out = tmp_path / "out.json"
  argv = ["search", "--space", "nb201", "--checkpoint", "zero"]
  assert search.main([*argv, "--top_k", "3", "--out", str(out)]) == 0
  printed = capsys.readouterr().out
  assert "scores  zero-label, sum of log ranks: 3 x transfer from" in printed
  found = json.loads(out.read_text())
  assert found["trained_on"]["checkpoint"] == "zero"
  assert found["trained_on"]["benchmark"] == "nb101"
  assert found["num_rest"] == found["num_tau"]
  assert search.main([*argv, "--strategy", "random", "--budget", "30"]) == 0


def test_search_and_suggest_take_the_prior(capsys):
  argv = ["search", "--space", "nb201", "--checkpoint", "zero"]
  argv += ["--strategy", "model", "--budget", "6", "--prior", "zero"]
  assert search.main(argv) == 0
  capsys.readouterr()
  assert search.main([*argv[:5], "--prior", "zero"]) == 2
  assert "--prior: expected it with --strategy=model" in capsys.readouterr().err
  words = ["suggest", "--space", "nb201", "--prior", "zero", "--count", "1"]
  assert suggest.main([*words, "--json"]) == 0
  (found,) = json.loads(capsys.readouterr().out)["suggestions"]
  (expected,) = nasjax.suggest("nb201", [], [], 1, prior="zero")
  assert found["arch"] == expected.arch
  assert suggest.main([*words, "--surrogate", "default"]) == 2
  assert "prior: expected surrogate=gaussian" in capsys.readouterr().err


def test_names_that_are_written_twice_agree():
  assert suggest_options.PRIORS == priors.NAMES
  from nasjax.commands import search_options

  assert search_options.PRIORS == priors.NAMES
  assert zero_label_options.AUTO == "auto"
