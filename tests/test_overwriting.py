"""What a user keeps under a name is not written over by a result."""

import json

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors
from nasjax.commands import score as scoring_command
from nasjax.commands import search as search_command
from nasjax.experiments import experiment
from nasjax.networks import resumption
from nasjax.scoring import shards, streaming

WORDS = '{"mine": "years of work"}\n'


@pytest.mark.parametrize(
  "name",
  [
    *("config.json", "metrics.jsonl", "predictions.npz", "summary.json"),
    "checkpoint/model/thesis.txt",
  ],
)
def test_a_training_refuses_the_folder_of_something_else(tmp_path, name):
  path = tmp_path / name
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(WORDS)
  with pytest.raises(errors.UserError, match="nothing was changed"):
    experiment.run(tiny.config(), tmp_path)
  assert path.read_text() == WORDS
  assert not (tmp_path / "checkpoint" / "state").exists()


def test_a_search_refuses_before_it_searches(tmp_path, capsys):
  path = tmp_path / "out.json"
  path.write_text(WORDS)
  words = ["search.py", "--space", "nb201", "--out", str(path)]
  assert search_command.main(words) == 2
  assert "is not a result of a search" in capsys.readouterr().err
  assert path.read_text() == WORDS


def test_an_export_refuses_another_file(tmp_path):
  pytest.importorskip("flatbuffers", reason="export needs flatbuffers")
  from nasjax.predictors import exporting

  path = tmp_path / "model.bin"
  path.write_text(WORDS)
  model = nasjax.Predictor("nb201", config=tiny.config())
  with pytest.raises(errors.UserError, match="is not an exported predictor"):
    exporting.export(model, path)
  assert path.read_text() == WORDS


def test_scorings_and_streams_refuse_other_files(tmp_path, capsys):
  np.savez(tmp_path / "scores.npz", mine=np.zeros(3))
  with pytest.raises(errors.UserError, match="is not the merged scores"):
    shards.check_folder(tmp_path)
  best = streaming.empty(nasjax.get_space("nb201"))
  with pytest.raises(errors.UserError, match="is not the state of a stream"):
    streaming.save(tmp_path / "scores.npz", best, "x")
  (tmp_path / "out.json").write_text(WORDS)
  words = ["--space=nb201", "--checkpoint=student", "--num_samples=10"]
  words = ["scoring", *words, f"--out={tmp_path / 'out.json'}"]
  assert scoring_command.main(words) == 2
  assert "is not a result of a stream" in capsys.readouterr().err
  assert json.loads((tmp_path / "out.json").read_text()) == json.loads(WORDS)


def test_a_training_of_networks_refuses_the_log_of_something_else(tmp_path):
  (tmp_path / "log.jsonl").write_text(WORDS)
  with pytest.raises(errors.UserError, match="is not the log of such"):
    resumption.Keeper(tmp_path, 0, {})
  assert (tmp_path / "log.jsonl").read_text() == WORDS
