"""Workdirs: which training one holds, and the one that a training gets."""

import json

import pytest

from nasjax import config as configs
from nasjax import errors
from nasjax.experiments import workdirs


def _config(**fields):
  return configs.override(configs.default(), fields)


def test_a_workdir_that_holds_nothing(tmp_path):
  assert workdirs.difference(tmp_path / "new", _config()) == ""
  workdirs.check(tmp_path / "new", _config())
  assert not (tmp_path / "new").exists()


def test_each_field_that_differs_is_named(tmp_path):
  workdirs.write(tmp_path, _config())
  workdirs.check(tmp_path, _config())
  other = _config(epochs=3, **{"model.width": 8})
  expected = "epochs: 200 -> 3, model.width: 64 -> 8"
  assert workdirs.difference(tmp_path, other) == expected
  with pytest.raises(errors.UserError, match="epochs: 200 -> 3, model"):
    workdirs.check(tmp_path, other)


def test_fields_that_only_one_of_them_has():
  before = {"a": 1, "old": {"b": 2}}
  after = {"a": 1, "new": True}
  assert configs.differences(before, after) == (
    "new: (no such field) -> True, old.b: 2 -> (no such field)"
  )


def test_other_labels_in_the_same_file(tmp_path):
  table = tmp_path / "own.csv"
  table.write_text("arch,value\n")
  config = _config(table=str(table))
  workdirs.write(tmp_path / "run", config)
  workdirs.check(tmp_path / "run", config)
  table.write_text("arch,value\nx,1\n")
  with pytest.raises(errors.UserError, match=r"labels of .*own\.csv"):
    workdirs.check(tmp_path / "run", config)


def test_default_workdirs(tmp_path):
  runs = tmp_path / "runs"
  first, second = _config(), _config(epochs=3)
  assert workdirs.default("nb201", first, runs) == runs / "nb201"
  assert workdirs.default("nb201", second, runs) == runs / "nb201"
  workdirs.write(runs / "nb201", first)
  assert workdirs.default("nb201", first, runs) == runs / "nb201"
  other = workdirs.default("nb201", second, runs)
  assert other.name.startswith("nb201-")
  assert len(other.name) == len("nb201-") + 8
  workdirs.write(other, second)
  assert workdirs.default("nb201", second, runs) == other
  third = workdirs.default("nb201", _config(epochs=4), runs)
  assert third not in (other, runs / "nb201")


def test_another_table_gets_another_workdir(tmp_path):
  table, runs = tmp_path / "own.csv", tmp_path / "runs"
  table.write_text("a")
  config = _config(table=str(table))
  workdirs.write(workdirs.default("custom", config, runs), config)
  table.write_text("b")
  assert workdirs.default("custom", config, runs).name.startswith("custom-")
  table.write_text("a")
  assert workdirs.default("custom", config, runs) == runs / "custom"


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff"])
def test_a_damaged_note_is_no_note(text, tmp_path):
  (tmp_path / workdirs.CONFIG).write_bytes(text.encode("latin-1"))
  assert workdirs.difference(tmp_path, _config()) == ""


def test_a_missing_table_is_named(tmp_path):
  with pytest.raises(errors.UserError, match=r"no such file: .*none\.csv"):
    workdirs.default("custom", _config(table=str(tmp_path / "none.csv")))


@pytest.mark.parametrize("text", ['{"my": "thesis"}', "{}", '{"model": "x"}'])
def test_the_config_of_another_program(text, tmp_path):
  (tmp_path / workdirs.CONFIG).write_text(text)
  with pytest.raises(errors.UserError) as raised:
    workdirs.check(tmp_path, _config())
  assert "holds the config.json of another program" in str(raised.value)
  assert len(str(raised.value)) < 300 + len(str(tmp_path))


def test_only_the_first_fields_that_differ_are_listed():
  before = {f"field{number}": number for number in range(60)}
  after = {name: 10**300 for name in before}
  text = configs.differences(before, after)
  assert text.startswith("field0: 0 -> 1000")
  assert "field7: " in text
  assert "field8: " not in text
  assert text.endswith(" ... and 52 more")
  assert len(text) < 1000


def test_a_table_that_is_not_there_is_named_with_its_flag(tmp_path):
  with pytest.raises(errors.UserError) as raised:
    workdirs.check(tmp_path, _config(table="FILE.csv"))
  assert str(raised.value) == (
    "config.table: no such file: 'FILE.csv'; give --config.table=FILE.csv with "
    "one's own file"
  )


def test_operators_that_a_fit_filled_in_are_no_difference(tmp_path):
  workdirs.write(tmp_path, _config(**{"model.operators": "conv_7x7"}))
  assert workdirs.difference(tmp_path, _config()) == ""
  other = _config(**{"model.operators": "conv_9x9"})
  expected = "model.operators: 'conv_7x7' -> 'conv_9x9'"
  assert workdirs.difference(tmp_path, other) == expected


def older(folder, *missing):
  """Takes fields out of the note of a workdir, as if they were newer."""
  path = folder / workdirs.CONFIG
  saved = json.loads(path.read_text())
  for name in missing:
    part, _, field = name.rpartition(".")
    del (saved[part] if part else saved)[field]
  path.write_text(json.dumps(saved))


def test_a_field_that_is_newer_than_a_workdir_has_its_default(tmp_path):
  workdirs.write(tmp_path, _config(epochs=3))
  newer = ("model.extra_kinds", "model.operators", "kernel.linear", "target")
  older(tmp_path, *newer, "pretrain.mask_rate", "init")
  assert workdirs.difference(tmp_path, _config(epochs=3)) == ""
  workdirs.check(tmp_path, _config(epochs=3))
  found = workdirs.difference(tmp_path, _config(epochs=4, target="cost"))
  assert "epochs: 3 -> 4" in found
  assert "target: 'accuracy' -> 'cost'" in found
  assert "no such field" not in found
  other = _config(epochs=3, **{"model.extra_kinds": "edges"})
  expected = "model.extra_kinds: '' -> 'edges'"
  assert workdirs.difference(tmp_path, other) == expected


def test_a_model_is_as_it_was_before_a_field(tmp_path):
  """The field of new trainings may be another one than its model's own."""
  workdirs.write(tmp_path, _config())
  older(tmp_path, "model.features", "kernel.power")
  found = workdirs.difference(tmp_path, _config())
  assert found == "kernel.power: 1.0 -> 1.5, model.features: 'none' -> 'head'"


def test_a_workdir_of_another_model(tmp_path):
  compared = _config(**{"model.name": "mlp", "model.width": 8})
  workdirs.write(tmp_path, compared)
  older(tmp_path, "model.num_layers", "kernel.power")
  assert workdirs.difference(tmp_path, compared) == ""
  found = workdirs.difference(tmp_path, _config())
  assert "model.name: 'mlp' -> 'architecture'" in found


def test_a_field_of_a_later_version_is_a_difference(tmp_path):
  workdirs.write(tmp_path, _config())
  path = tmp_path / workdirs.CONFIG
  saved = {**json.loads(path.read_text()), "later": 1}
  path.write_text(json.dumps(saved))
  found = workdirs.difference(tmp_path, _config())
  assert found == "later: 1 -> (no such field)"
