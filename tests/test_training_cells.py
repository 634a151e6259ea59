"""Which cells a predictor has seen: shipped ones, workdirs, students."""

import json

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors, files
from nasjax.commands import publish as pretrained
from nasjax.experiments import experiment, tasks
from nasjax.predictors import checkpoints, predictor, training_cells

SPACE = nasjax.get_space("nb201")


@pytest.mark.parametrize("name", ["nb201", "nb101", "darts"])
def test_shipped_predictors_name_their_training_cells(name):
  space = nasjax.get_space(name)
  model = checkpoints.open_predictor(name)
  keys = training_cells.find(space, None, model)
  assert len(np.unique(keys)) == model.card["num_train"]
  student = checkpoints.open_predictor(name, "student")
  seen = training_cells.find(space, "student", student)
  assert seen.tolist() == keys.tolist()  # those that its teacher saw


@pytest.mark.parametrize(
  "name", ["nb201", pytest.param("darts", marks=pytest.mark.slow)]
)
def test_they_are_those_of_the_split(name, data_dir):
  model = checkpoints.open_predictor(name)
  task = tasks.make_task(model.config, data_dir)
  keys = model.space.lookup_keys(task.genotypes[0])
  assert set(keys.tolist()) == set(
    training_cells.find(model.space, None, model).tolist()
  )
  # The scores are calibrated to mean and spread of just these labels.
  scores = model.predict(task.genotypes[0])
  assert scores.mean() == pytest.approx(task.labels[0].mean(), abs=1e-3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
  folder = tmp_path_factory.mktemp("run")
  cells = SPACE.enumerate()[::600]
  table = folder / "mine.csv"
  lines = [
    f"{name},{sum(cell)}"
    for name, cell in zip(SPACE.format(cells), cells.tolist(), strict=True)
  ]
  table.write_text("\n".join(["arch,value", *lines]))
  config = tiny.config(
    table=str(table),
    num_train=12,
    epochs=1,
    num_members=1,
    **tiny.LIGHT,
  )
  experiment.run(config, folder / "workdir")
  return folder / "workdir"


@pytest.mark.slow
def test_a_workdir_names_those_of_its_first_seed(run):
  model = checkpoints.open_predictor("nb201", str(run))
  keys = training_cells.find(SPACE, str(run), model)
  arrays = files.load_npz(run / "predictions.npz")
  rows = arrays["train_rows"][0]
  assert len(rows) == 12
  assert keys.tolist() == SPACE.lookup_keys(arrays["genotypes"][rows]).tolist()


def test_after_a_refit_all_labelled_cells_are_known(run):
  model = checkpoints.open_predictor("nb201", str(run))
  cells = files.load_npz(run / "predictions.npz")["genotypes"]
  model.card = {**model.card, "num_train": len(cells)}
  keys = training_cells.find(SPACE, str(run), model)
  assert keys.tolist() == SPACE.lookup_keys(cells).tolist()
  model.card["num_train"] = 13  # of which nothing is known
  assert training_cells.find(SPACE, str(run), model) is None


def test_a_predictor_saved_by_hand_knows_none(run, tmp_path):
  model = checkpoints.open_predictor("nb201", str(run))
  model.save(tmp_path / "saved")
  found = training_cells.find(SPACE, str(tmp_path / "saved"), model)
  assert found is None


def test_they_are_kept_beside_a_pretrained_predictor(
  run, tmp_path, monkeypatch
):
  summary = json.loads((run / "summary.json").read_text())
  (run / "summary.json").write_text(json.dumps({**summary, "seeds": [0]}))
  monkeypatch.setattr(predictor, "PRETRAINED", tmp_path / "pretrained")
  folder = pretrained.add(run, "mine")
  keys = files.load_npz(folder / training_cells.FILE)["keys"]
  model = nasjax.Predictor.pretrained("mine")
  assert training_cells.find(SPACE, "mine", model).tolist() == keys.tolist()
  assert len(keys) == 12
  files.save_npz(folder / training_cells.FILE, keys=keys.astype(float))
  with pytest.raises(errors.UserError, match="an array keys"):
    training_cells.find(SPACE, "mine", model)
