"""`train.py`: status 2 and one line for every mistake."""

import pathlib

import pytest

from nasjax import config as configs
from nasjax.commands import config_files, train

CONFIGS = pathlib.Path(__file__).parent.parent.parent / "configs"
NB201 = f"--config={CONFIGS / 'nb201.py'}"
ARCH2VEC = f"--config={CONFIGS / 'arch2vec' / 'nb201.py'}"
METHOD = f"--config={CONFIGS / 'method.py'}"


OWN = ("--config=custom", "--config.table=own.csv")


def _run(capsys, *argv):
  status = train.main(["train.py", *argv])
  return status, capsys.readouterr()


@pytest.mark.parametrize(
  ("argv", "message"),
  [
    ([], "no config: expected --config=configs/nb201.py"),
    (["--config=nowhere.py"], "no such config file"),
    (["--config=nb202"], "nb201, "),
    ([NB201, "--config.num_members=0"], "from 1 to 10000, got 0"),
    ([NB201, "--config.seed=-1"], "from 0 to 4294967295, got -1"),
    ([NB201, "--config.seed", "-1"], "from 0 to 4294967295, got -1"),
    ([NB201, "--config.seed=4294967295"], "seed + num_seeds - 1"),
    ([NB201, "--config.model.width=-16"], "from 1 to 16384, got -16"),
    ([NB201, "--config.kernel.weight=nan"], "expected a number"),
    (["--config=configs/nb201.py"], "nasjax has --config=nb201"),
    (["--config"], "config"),
    (["--config.epochs=3"], "--config.epochs without a config: expected"),
    ([NB201, "--config.num_trains=100"], "did you mean 'num_train'"),
    ([NB201, "--config.width=32"], "did you mean 'model.width'"),
    ([NB201, "--config.model.nam=pinat"], "did you mean 'model.name'"),
    ([NB201, "--config.model=pinat"], "unknown config field 'model'"),
    ([NB201, "--config.epochs"], "config.epochs: expected a value, as in"),
    ([NB201, "--config.epochs", "--config.seed=1"], "config.epochs: expected"),
    ([NB201, "--config.epochs=1.5"], "expected a whole number, got '1.5'"),
    ([NB201, "--config.kernel.weight=x"], "expected a number, got 'x'"),
    ([NB201, "--config.refit=maybe"], "expected true or false, got 'maybe'"),
    ([NB201, "--config.refit", "extra"], "unexpected argument 'extra'"),
    ([NB201, "--config.model.name=pinatt"], "unknown model 'pinatt'"),
    ([NB201, "--config.target=speed"], "unknown config.target 'speed'"),
    ([ARCH2VEC, "--config.train_label=val"], "arch2vec, which sees no labels"),
    ([ARCH2VEC, "--config.kernel.weight=1"], "arch2vec, which sees no labels"),
    ([ARCH2VEC, "--config.epoch=3"], "did you mean 'epochs'"),
    ([ARCH2VEC, "--config.epochs=0"], "config.epochs: expected a whole number"),
    ([ARCH2VEC, "--config.space=nb999"], "unknown space 'nb999'"),
    ([NB201 + ":fast"], "expected no text after a colon"),
    (["--config=custom:nb999"], "unknown space 'nb999'"),
    (["--config=custom"], "give --config.table=FILE.csv with one's own file"),
    (["--config="], "--config: expected a value, got none"),
    ([NB201, "--workdir="], "--workdir: expected a value, got none"),
    ([NB201, "--data_dir", ""], "--data_dir: expected a value, got none"),
    ([*OWN, "--config.train_label=x"], "config.train_label means nothing"),
    ([*OWN, "--config.test_label=x"], "config.test_label means nothing"),
    ([*OWN, "--config.dataset=x"], "config.dataset means nothing"),
    ([*OWN, "--config.benchmark=nb201"], "config.benchmark means nothing"),
    ([*OWN, "--config.teacher=nb201"], "config.teacher means nothing"),
    ([NB201, OWN[1], "--config.train_label=x"], "config.train_label means"),
    (["--config=method:pinatt,nb201,156"], "unknown method 'pinatt'"),
    ([NB201, "--config.epoch=3"], "epoch"),
    ([NB201, "--config.model.nope=3"], "nope"),
    ([NB201, "--config.epochs=many"], "epochs"),
    ([NB201, "--nope=3"], "nope"),
    ([METHOD], "expected METHOD,SPACE,NUM_TRAIN after a colon"),
    ([METHOD + ":pinat,nb201"], "configs/method.py:pinat,nb201,156, got"),
    ([METHOD + ":pinet,nb201,156"], "unknown method 'pinet'"),
    ([METHOD + ":pinat,nb999,156"], "unknown space 'nb999'"),
    ([NB201, "extra"], "unexpected argument 'extra'"),
    ([NB201, "--data_dir=/does/not/exist"], "expected an existing folder"),
    ([NB201, "--config.space=nb999"], "unknown space 'nb999'"),
    ([NB201, "--config.benchmark=nb999"], "unknown benchmark 'nb999'"),
  ],
)
def test_mistakes(argv, message, capsys, tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  monkeypatch.chdir(tmp_path)
  status, printed = _run(capsys, *argv)
  assert status == 2
  assert printed.err.startswith("error: ")
  assert printed.err.count("\n") == 1
  assert message in printed.err
  assert printed.out == ""


def test_without_data_the_three_ways_are_named(capsys, tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  monkeypatch.chdir(tmp_path)
  status, printed = _run(capsys, NB201)
  assert status == 2
  assert printed.err.count("\n") == 1
  for way in ("NASJAX_DATA", "official", "nb201_analog", "configs/custom.py"):
    assert way in printed.err


def test_help(capsys):
  status, printed = _run(capsys, "--help")
  assert status == 0
  assert "--config=configs/nb101.py" in printed.out
  assert "--workdir" in printed.out


@pytest.mark.parametrize(
  ("name", "content", "message"),
  [
    ("own.csv", "arch,value\n", "expected a Python file (.py)"),
    ("no_function.py", "x = 1\n", "expected a function get_config()"),
    ("syntax.py", "def get_config(:\n", "line 1: SyntaxError"),
    ("nul.py", "\0", "cannot be executed"),
    (
      "raises.py",
      "def get_config():\n  return 1 / 0\n",
      "line 2: ZeroDivisionError: division by zero",
    ),
    ("exits.py", "import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
    ("none.py", "def get_config():\n  pass\n", "ConfigDict, got NoneType"),
    (
      "partial.py",
      "from ml_collections import config_dict\n"
      "def get_config():\n  return config_dict.ConfigDict({'space': 'x'})\n",
      "expected the field 'batch_size', got none",
    ),
    (
      "typo.py",
      "from nasjax import config\n"
      "def get_config():\n"
      "  own = config.default()\n  own.num_trains = 3\n  return own\n",
      "unknown config field 'num_trains': did you mean 'num_train'",
    ),
    (
      "type.py",
      "from nasjax import config\n"
      "def get_config():\n"
      "  own = config.default()\n  own.epochs = 'many'\n  return own\n",
      "line 4: TypeError",
    ),
    (
      "needs_text.py",
      "def get_config(text):\n  return text\n",
      "expected a text after a colon",
    ),
  ],
)
def test_files_that_are_no_configs(name, content, message, capsys, tmp_path):
  path = tmp_path / name
  path.write_text(content)
  status, printed = _run(capsys, f"--config={path}")
  assert status == 2
  assert printed.err.startswith("error: ")
  assert printed.err.count("\n") == 1
  assert message in printed.err
  assert str(path) in printed.err


def _chosen(*argv):
  words, fields = config_files.split(argv)
  (word,) = words
  return config_files.choose(word.removeprefix("--config="), fields)


def test_a_name_and_a_file_are_the_same_config():
  by_name = _chosen("--config=nb201", "--config.epochs=3")
  by_file = _chosen(NB201, "--config.epochs", "3")
  assert by_name.name == by_file.name == "nb201"
  assert by_name.config.to_dict() == by_file.config.to_dict()
  expected = configs.override(configs.space_defaults("nb201"), {"epochs": 3})
  assert by_name.config.to_dict() == expected.to_dict()


def test_every_form_of_a_field():
  config = _chosen(
    "--config=nb201",
    "--config.refit",
    "--noconfig.prune",
    "-config.drop_last=true",
    "--config.dataset",
    "cifar100",
    "--config.kernel.weight=2",
    "--config.model.width=32",
    "--config.epochs=5",
    "--config.epochs=7",
  ).config
  assert (config.refit, config.prune, config.drop_last) == (True, False, True)
  assert (config.dataset, config.kernel.weight) == ("cifar100", 2.0)
  assert (config.model.width, config.epochs) == (32, 7)


@pytest.mark.parametrize("space", ["nb101", "nb201", "darts"])
def test_own_labels_get_the_defaults_of_their_space(space):
  changed = {"table": "x.csv", "num_train": 0, "refit": True, "benchmark": ""}
  expected = configs.override(configs.space_defaults(space), changed)
  table = "--config.table=x.csv"
  for words in (
    ("--config=custom", f"--config.space={space}", table),
    (f"--config=custom:{space}", table),
  ):
    assert _chosen(*words).config.to_dict() == expected.to_dict()


def test_fields_that_are_set_stay_in_another_space():
  config = _chosen(
    "--config=custom", "--config.space=nb101", "--config.epochs=200"
  ).config
  assert configs.space_defaults("nb101").epochs == 300
  assert config.epochs == 200
  assert config.model.encoder == "flow"


def test_another_model_on_the_command_line_has_its_own_fields():
  config = _chosen(
    "--config=nb201",
    "--config.model.set_width=8",
    "--config.model.name=pinat",
  ).config
  assert (config.model.name, config.model.set_width) == ("pinat", 8)


def test_costs_are_learnt_of_cells_as_they_are():
  config = _chosen("--config=custom", "--config.target=cost").config
  assert (config.prune, config.model.functions) == (False, False)
  kept = _chosen(
    "--config=custom", "--config.target=cost", "--config.prune=true"
  ).config
  assert (kept.prune, kept.model.functions) == (True, False)


def test_the_text_of_a_config_is_part_of_the_name_of_a_run():
  assert _chosen("--config=method:mlp,nb201,20").name == "method-mlp-nb201-20"
  assert _chosen("--config=custom").name == "custom"


def test_the_help_names_the_configs(capsys):
  _, printed = _run(capsys, "--help")
  text = printed.out
  assert all(name in text for name in ("nb101", "custom", "method"))
  assert "executed" in text


def test_a_workdir_that_is_no_folder(capsys, tmp_path):
  file = tmp_path / "file"
  file.write_text("")
  for folder in (file, file / "deeper"):
    status, printed = _run(
      capsys,
      NB201,
      "--config.benchmark=nb201_analog",
      "--config.train_label=test",
      f"--workdir={folder}",
    )
    assert status == 2
    assert "expected a folder that can be written" in printed.err
    assert printed.err.count("\n") == 1
  assert file.read_text() == ""
