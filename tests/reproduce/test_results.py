"""Result files: merged, ordered, complete, and never half written."""

import json
import math

import pytest

from nasjax import errors
from nasjax.reproduce import catalog, markdown, results

NB201, NB101 = (
  next(study for study in catalog.STUDIES if study.space == space)
  for space in ("nb201", "nb101")
)


def row(method="default", size=156, values=(0.5, 0.7), **facts):
  facts = {"note": "n", "commit": "a", "seconds": 2.0, **facts}
  study = facts.pop("study", NB201)
  metric = facts.pop("metric", "tau_rest")
  return results.make_row(study, method, size, metric, values, **facts)


def test_row_by_hand():
  assert row("paper") == {
    "space": "nb201",
    "benchmark": "nb201",
    "dataset": "cifar10",
    "method": "paper",
    "size": 156,
    "metric": "tau_rest",
    "published": 0.647,
    "mean": 0.6,
    "std": 0.1,
    "seeds": [0.5, 0.7],
    "note": "n",
    "commit": "a",
    "seconds": 2.0,
  }


def test_undefined_values_are_null():
  undefined = row(values=(0.5, math.nan))
  assert undefined["mean"] is None
  assert undefined["std"] is None
  assert undefined["seeds"] == [0.5, None]
  assert row(metric="spearman_rest", method="paper")["published"] is None
  assert row("paper", 781)["published"] is None


def test_merge_keeps_replaces_and_orders():
  old = [row("flops"), row("default", 78), row(study=NB101, size=100)]
  new = [row("flops", values=(0.1,), commit="b"), row("unheard of")]
  merged = results.merge(old, new)
  found = [(r["space"], r["method"], r["size"], r["commit"]) for r in merged]
  assert found == [
    ("nb101", "default", 100, "a"),
    ("nb201", "default", 78, "a"),
    ("nb201", "flops", 156, "b"),
    ("nb201", "unheard of", 156, "a"),
  ]
  assert results.merge(new, old)[2]["commit"] == "a"


def test_variants_stand_behind_their_method_in_natural_order():
  names = (
    "paper",
    "paper batch_size=10",
    "paper, trained on cifar10",
    "paper width=16",
    "paper width=128",
    "tnasp",
  )
  merged = results.merge([row(name) for name in reversed(names)], [])
  assert tuple(each["method"] for each in merged) == names
  assert catalog.title("tnasp width=16") == "TNASP, width=16"
  assert catalog.title("mlp, trained on X") == "MLP, trained on X"
  assert catalog.title("of nobody") == "of nobody"


def test_seconds_of_a_training_count_once():
  rows = [row(), row(metric="tau_all"), row("paper", seconds=3.5)]
  assert results.total_seconds(rows) == 5.5


def test_update_writes_the_promised_fields(tmp_path):
  path = tmp_path / "docs" / "table3.json"
  results.update(path, "table3", "command 1", "a", [row()])
  results.update(path, "table3", "command 2", "b", [row("paper")])
  data = json.loads(path.read_text())
  assert list(data) == [
    "name",
    "command",
    "commit",
    "seconds",
    "versions",
    "rows",
  ]
  assert data["command"] == "command 2"
  assert [each["command"] for each in data["rows"]] == [
    *("command 1", "command 2")
  ]
  assert results.commands(data) == ["command 1", "command 2"]
  assert data["seconds"] == 4.0
  assert {"jax", "numpy"} <= set(data["versions"])
  assert [each["method"] for each in data["rows"]] == ["default", "paper"]
  assert {each.name for each in path.parent.iterdir()} == {".lock", path.name}


@pytest.mark.parametrize("text", ["{", "[]", '{"rows": [{"space": "nb201"}]}'])
def test_a_damaged_file_is_named_and_kept(tmp_path, text):
  path = tmp_path / "table3.json"
  path.write_text(text)
  with pytest.raises(errors.UserError, match="restore or delete it"):
    results.update(path, "table3", "", "", [row()])
  assert path.read_text() == text


def test_rows_without_a_command_keep_that_of_their_file(tmp_path):
  path = tmp_path / "table3.json"
  old = {"name": "table3", "command": "all of it", "rows": [row(), row("mlp")]}
  path.write_text(json.dumps(old))
  data = results.update(path, "table3", "a part", "b", [row("mlp", seconds=1)])
  assert {each["method"]: each["command"] for each in data["rows"]} == {
    "default": "all of it",
    "mlp": "a part",
  }
  assert markdown.made_by(data) == "`all of it`, `a part`"
