"""The words in which `train.py` and `search.py` report their numbers."""

import json

import pytest

from nasjax.commands import search as command
from nasjax.commands import search_report, train_run

SUMMARY = {
  "space": "nb201",
  "benchmark": "custom",
  "train_label_is": "as given",
  "test_label_is": "as given",
  "num_train": 48,
  "num_test": 12,
  "num_all": 60,
  "seeds": [0],
  "tau_rest": [0.5],
  "tau_rest_mean": 0.5,
  "tau_all_mean": 0.75,
  "spearman_rest_mean": 0.625,
  "top10_regret_all_mean": 0.25,
  "train_seconds": 1,
  "total_seconds": 2,
}


def test_a_regret_says_among_how_many_cells(capsys, tmp_path):
  train_run._report(SUMMARY, tmp_path)
  line = "regret       0.250 of the top 10 among all 60 cells\n"
  assert line in capsys.readouterr().out
  # The best of ten cells is among their top 10, whatever was learnt.
  train_run._report({**SUMMARY, "num_all": 10}, tmp_path)
  assert "regret  " not in capsys.readouterr().out


@pytest.mark.parametrize(
  ("known", "words"),
  [
    ([90.0, 91.0], "regret of the top 2 1.500 % accuracy"),
    ([90.0, None], "regret of the top 2 (1 of them known) 1.500 % accuracy"),
  ],
)
def test_a_regret_says_how_many_of_the_top_are_known(known, words):
  report = {"top": [{"known": each} for each in known], "regret": 1.5}
  assert search_report._regret(report) == words


def test_a_student_is_compared_without_the_cells_of_its_teacher(
  capsys, tmp_path, monkeypatch
):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  words = "search --checkpoint student --strategy random --budget 300 --out"
  out = tmp_path / "out.json"
  assert command.main([*words.split(), str(out)]) == 0
  report = json.loads(out.read_text())
  assert report["trained_on"]["teacher"] == "nb201"
  assert 0 < report["num_rest"] < report["num_tau"]
  printed = capsys.readouterr().out
  assert "; without the cells whose accuracies its teacher saw 0." in printed
  assert "without the training cells" not in printed
