"""A reported training: files, numbers, and a run that is killed."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tiny
from ml_collections import config_dict

import nasjax
from nasjax import errors, files
from nasjax.experiments import experiment, tasks
from nasjax.training import checkpoint, metrics

SPACE = nasjax.get_space("nb201")
ROOT = pathlib.Path(__file__).parent.parent
FIELDS = [
  f"--config.model.{name}={value}" for name, value in tiny.MODEL.items()
] + [
  "--config.num_seeds=2",
  "--config.batch_size=8",
  "--config.checkpoint_every=2",
]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
  """A CSV of 60 cells with an additive label."""
  path = tmp_path_factory.mktemp("table") / "mine.csv"
  cells = np.unique(SPACE.sample(70, np.random.default_rng(5)), axis=0)[:60]
  with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["arch", "value"])
    for name, cell in zip(SPACE.format(cells), cells, strict=True):
      writer.writerow([name, (cell == 3).sum() - (cell == 0).sum()])
  return path


def _config(table, **fields):
  return tiny.config(table=str(table), num_train=0, **tiny.LIGHT, **fields)


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
  workdir = tmp_path_factory.mktemp("run")
  summary = experiment.run(_config(table, refit=True), workdir)
  return workdir, summary


def test_files_of_a_run(finished):
  workdir, summary = finished
  assert {path.name for path in workdir.iterdir()} == {
    "config.json",
    "table.json",
    "metrics.jsonl",
    "summary.json",
    "predictions.npz",
    "checkpoint",
  }
  assert json.loads((workdir / "summary.json").read_text()) == summary
  lines = (workdir / "metrics.jsonl").read_text().splitlines()
  assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]
  assert len(json.loads(lines[0])["loss"]) == 2


def test_summary_has_the_promised_fields_and_true_counts(finished):
  _, summary = finished
  promised = (
    "space train_label test_label num_train num_test seeds tau_rest "
    "tau_rest_mean tau_rest_std tau_all_mean spearman_rest_mean num_params "
    "train_seconds device commit versions"
  )
  assert set(promised.split(" ")) <= set(summary)
  assert summary["num_train"] == 48  # 80 % of 60
  assert summary["num_test"] == 12
  assert summary["num_all"] == 60
  assert summary["seeds"] == [0, 1]


def test_metrics_follow_from_the_predictions(finished):
  workdir, summary = finished
  arrays = files.load_npz(workdir / "predictions.npz")
  for seed in range(2):
    rest = np.setdiff1d(np.arange(60), arrays["train_rows"][seed])
    tau = metrics.kendall_tau(
      arrays["scores"][seed][rest], arrays["test_labels"][rest]
    )
    assert summary["tau_rest"][seed] == pytest.approx(tau, abs=1e-6)
  assert summary["tau_rest_mean"] == pytest.approx(
    np.mean(summary["tau_rest"]), abs=1e-6
  )


def test_training_rows_differ_between_seeds(finished):
  workdir, _ = finished
  rows = files.load_npz(workdir / "predictions.npz")["train_rows"]
  assert set(rows[0]) != set(rows[1])


def test_a_workdir_loads_as_the_predictor_of_all_rows(finished):
  workdir, _ = finished
  model = nasjax.Predictor.load(workdir)
  assert model.card["num_train"] == 60
  assert np.isfinite(model.predict(SPACE.enumerate()[:7])).all()


def test_a_second_run_resumes_and_repeats_the_numbers(finished, table):
  workdir, summary = finished
  before = (workdir / "predictions.npz").read_bytes()
  again = experiment.run(_config(table, refit=False), workdir.parent / "other")
  assert again["tau_rest"] == summary["tau_rest"]
  assert (workdir.parent / "other" / "predictions.npz").read_bytes() == before


def test_another_config_does_not_overwrite_a_run(finished, table):
  workdir, summary = finished
  with pytest.raises(errors.UserError, match="epochs: 3 -> 4"):
    experiment.run(_config(table, refit=True, epochs=4), workdir)
  assert json.loads((workdir / "summary.json").read_text()) == summary
  kept = json.loads((workdir / "config.json").read_text())
  assert kept["epochs"] == 3


def test_a_workdir_in_use_is_left_alone(finished, table):
  workdir, _ = finished
  before = (workdir / "metrics.jsonl").read_bytes()
  with (
    files.hold(workdir / "checkpoint"),
    pytest.raises(errors.UserError, match="is in use"),
  ):
    experiment.run(_config(table, refit=True), workdir)
  assert (workdir / "metrics.jsonl").read_bytes() == before


def test_an_unfinished_training_of_an_older_version_goes_on(
  table, tmp_path, monkeypatch
):
  """Its config and its checkpoint lack fields that came later."""
  config = _config(table, num_seeds=1)
  whole = experiment.run(config, tmp_path / "whole")

  def of_older_version(self, **how):
    fields = json.loads(to_json(self, **how))
    for name in ("extra_kinds", "operators"):
      del fields["model"][name]
    del fields["kernel"]["linear"], fields["target"]
    return json.dumps(fields)

  to_json = config_dict.ConfigDict.to_json
  save = checkpoint.Checkpoints.save

  def save_and_stop(self, epoch, state, meta):
    save(self, epoch, state, meta)
    if epoch == 2:
      raise KeyboardInterrupt

  with monkeypatch.context() as before:
    before.setattr(config_dict.ConfigDict, "to_json", of_older_version)
    before.setattr(checkpoint.Checkpoints, "save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
      experiment.run(config, tmp_path / "older")
  kept = json.loads((tmp_path / "older" / "config.json").read_text())
  assert "operators" not in kept["model"]
  epochs = []
  monkeypatch.setattr(
    checkpoint.Checkpoints,
    "save",
    lambda self, epoch, *rest: epochs.append(epoch),
  )
  again = experiment.run(config, tmp_path / "older")
  assert epochs == [3]
  assert again["tau_all"] == whole["tau_all"]
  first, second = (
    (tmp_path / name / "predictions.npz").read_bytes()
    for name in ("whole", "older")
  )
  assert first == second


def _command(table, workdir):
  return [
    sys.executable,
    str(ROOT / "train.py"),
    f"--config={ROOT / 'configs' / 'custom.py'}",
    f"--config.table={table}",
    "--config.refit=False",
    "--config.epochs=60",
    f"--workdir={workdir}",
    *FIELDS,
  ]


@pytest.mark.slow
def test_kill_minus_9_loses_nothing(table, tmp_path):
  whole, killed = tmp_path / "whole", tmp_path / "killed"
  subprocess.run(_command(table, whole), check=True, capture_output=True)
  process = subprocess.Popen(
    _command(table, killed),
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
  )
  log = killed / "metrics.jsonl"
  deadline = time.monotonic() + 240
  while time.monotonic() < deadline:
    if log.exists() and log.read_text().count("\n") >= 5:
      break
    time.sleep(0.02)
  os.kill(process.pid, signal.SIGKILL)
  process.wait()
  assert not (killed / "summary.json").exists()
  with open(log, "a") as file:
    file.write('{"epoch": 6, "lo')  # a line cut off by the kill
  again = subprocess.run(
    _command(table, killed), check=True, capture_output=True, text=True
  )
  assert "written to" in again.stdout
  same = "predictions.npz", "metrics.jsonl"
  for name in same:
    assert (whole / name).read_bytes() == (killed / name).read_bytes()


@pytest.mark.parametrize(
  "folders",
  [
    ("--workdir", "runs/a", "--data_dir", "tables"),
    ("--workdir=runs/a", "-data_dir=tables"),
  ],
)
def test_the_recorded_command_names_no_folder(folders, monkeypatch):
  words = ["train.py", "--config=configs/nb201.py", *folders, "--config.seed=1"]
  monkeypatch.setattr(sys, "argv", words)
  assert experiment.command() == (
    "python train.py --config=configs/nb201.py --config.seed=1"
  )


def test_no_table_and_no_data(tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  with pytest.raises(errors.UserError, match=r"none\.csv"):
    experiment.run(_config(tmp_path / "none.csv"), tmp_path / "run")
  config = tiny.config(benchmark="nb201")
  with pytest.raises(errors.UserError, match="NASJAX_DATA"):
    experiment.run(config, tmp_path / "run")


def test_benchmark_of_another_space(tmp_path):
  config = tiny.config(space="nb101", benchmark="nb201_analog")
  with pytest.raises(errors.UserError, match="is a benchmark of the space"):
    tasks.make_task(config)
