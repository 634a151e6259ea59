"""`train.py`: status 2 and one line for every mistake."""

import pathlib

import pytest

from nasjax.commands import train

CONFIGS = pathlib.Path(__file__).parent.parent.parent / "configs"
NB201 = f"--config={CONFIGS / 'nb201.py'}"
METHOD = f"--config={CONFIGS / 'method.py'}"


def _run(capsys, *argv):
  status = train.main(["train.py", *argv])
  return status, capsys.readouterr()


@pytest.mark.parametrize(
  ("argv", "message"),
  [
    ([], "no config: expected --config=configs/nb201.py"),
    (["--config=nowhere.py"], "no such config file"),
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
