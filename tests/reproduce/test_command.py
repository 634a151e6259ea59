"""The command: names, mistakes, a whole run, and a second one that reads."""

import json
import pathlib

import pytest
import reproduce_tiny

from nasjax.commands import reproduce as command
from nasjax.commands import reproduce_run as reproduce
from nasjax.experiments import experiment, tasks
from nasjax.reproduce import catalog, outcomes, recipes, runner
from nasjax.training import metrics


@pytest.fixture(scope="module")
def table(tmp_path_factory):
  folder = tmp_path_factory.mktemp("table")
  reproduce_tiny.write_table(folder)
  return folder


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
  """A finished run: its words, results and workdir."""
  root = tmp_path_factory.mktemp("run")
  words = [
    "table3",
    "--space=nb201",
    "--sizes=20",
    "--num_seeds=2",
    "--methods=default,flops,params",
    f"--data_dir={table}",
    f"--workdir={root / 'runs'}",
    f"--results={root / 'results'}",
  ]
  assert reproduce_tiny.run(*words) == 0
  return words, root / "results", root / "runs"


def test_list_prints_every_name(capsys):
  assert command.main(["reproduce", "--list"]) == 0
  lines = capsys.readouterr().out.splitlines()
  assert [line.split()[0] for line in lines] == list(reproduce.NAMES)
  for name in reproduce.NAMES:
    report = reproduce.get_report(name)
    assert callable(report.run)
    known = report.SPEC.known or tuple(catalog.METHODS)
    named = {**catalog.METHODS, **getattr(report, "METHODS", {})}
    assert set(report.SPEC.methods) <= set(known) <= set(named)


def test_one_benchmark_of_a_space():
  (study,) = catalog.get_studies(("darts",), ("cifar10",), ("darts545",))
  assert study.benchmark == "darts545"
  both = catalog.get_studies(("darts",), ("cifar10",))
  assert [each.benchmark for each in both] == ["nb301", "darts545"]


@pytest.mark.parametrize(
  ("words", "message"),
  [
    ([], "no name: expected one of table3,"),
    (["table44"], "unknown name 'table44': expected one of 'table3'"),
    (["table3", "--space=nb301"], "unknown --space 'nb301'"),
    (["table3", "--space=nb101", "--dataset=cifar100"], "'cifar100'"),
    (
      ["table3", "--space=darts", "--benchmark=nb201"],
      "unknown --benchmark of darts 'nb201': expected one of 'nb301'",
    ),
    (["table3", "--methods=bonas"], "unknown method 'bonas'"),
    (["figure6", "--methods=flops"], "unknown method 'flops'"),
    (["table3", "--sizes=many"], "--sizes: expected numbers"),
    (["table3", "--sizes=1"], "at least 2"),
    (["table3", "--sizes=999999"], "expected 2 to 20000 training labels"),
    (["table3", "--num_seeds=0"], "num_seeds"),
    (["table3", "--max_steps=-1"], "max_steps"),
    (["table3", "--nope"], "nope"),
    (["table3", "figure6"], "unexpected argument 'figure6'"),
    (["table3", "--update", "--results=x"], "expected it without --results"),
    (["table3", "--update"], "expected the folder 'docs/results', got none"),
    (["table3", "--results=/dev/null/x"], "cannot write"),
    (["readme", "--readme=/no/such/file"], "cannot read '/no/such/file'"),
    (["table3", "--data_dir=/does/not/exist"], "expected an existing folder"),
  ],
)
def test_mistakes(words, message, capsys, tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  monkeypatch.chdir(tmp_path)
  assert reproduce_tiny.run(*words) == 2
  printed = capsys.readouterr()
  assert printed.err.startswith("error: ")
  assert printed.err.count("\n") == 1
  assert message in printed.err
  assert list(tmp_path.iterdir()) == []


def test_recorded_command_names_no_folder():
  argv = (
    "table3 --workdir=/a/b --data_dir /c --space nb201 --results=/d --seed 1 "
    "--readme /e/README.md"
  )
  assert reproduce.recorded(argv.split()) == (
    "python -m nasjax.reproduce table3 --space nb201 --seed 1"
  )


def test_rows_of_a_run(finished):
  _, folder, runs = finished
  data = json.loads((folder / "table3.json").read_text())
  assert data["name"] == "table3"
  assert str(runs) not in json.dumps(data)
  rows = {(row["method"], row["metric"]): row for row in data["rows"]}
  assert len(rows) == len(data["rows"]) == 3 * 3 + 1
  ceiling = rows["ceiling", "tau_all"]
  assert ceiling["seeds"] == [1.0]  # the test label is the training label + 1
  assert "60 cells" in ceiling["note"]
  default = rows["default", "tau_rest"]
  assert len(default["seeds"]) == 2
  assert default["size"] == 20
  assert "200 epochs" in default["note"]
  for summary in runs.rglob("summary.json"):
    told = json.loads(summary.read_text())
    method = summary.parent.name.split("-")[0]
    for metric in ("tau_rest", "tau_all", "spearman_rest"):
      assert rows[method, metric]["seeds"] == told[metric]
  text = (folder / "table3.md").read_text()
  assert "| FLOPs | 20 |" in text


def test_floors_without_training_score_by_their_count(finished, table):
  _, folder, _ = finished
  rows = json.loads((folder / "table3.json").read_text())["rows"]
  with_flops = [
    row
    for row in rows
    if (row["method"], row["metric"]) == ("flops", "tau_all")
  ]
  (row,) = with_flops
  config = reproduce_tiny.recipe("default", "nb201", 20)
  config.benchmark, config.num_seeds = "nb201", 2
  task = tasks.make_task(config, table)
  flops = task.benchmark.space.flops(task.benchmark.genotypes)
  value = metrics.kendall_tau(flops, task.benchmark.values("cifar10/test"))
  assert row["seeds"] == pytest.approx([value, value], abs=1e-6)


def test_a_second_run_trains_nothing_and_merges(finished, monkeypatch, capsys):
  words, folder, _ = finished
  before = json.loads((folder / "table3.json").read_text())
  trained = []

  def run(config, workdir, data_dir=None):
    del data_dir
    trained.append(pathlib.Path(workdir).name)
    values = {name: [0.25] * config.num_seeds for name in outcomes.METRICS}
    return {
      **values,
      "num_params": 7,
      "total_seconds": 1.0,
      "commit": "abc",
    }

  monkeypatch.setattr(experiment, "run", run)
  assert reproduce_tiny.run(*words) == 0
  assert trained == []
  after = json.loads((folder / "table3.json").read_text())
  assert after["rows"] == before["rows"]
  fewer = [word for word in words if "--methods" not in word]
  assert reproduce_tiny.run(*fewer, "--methods=paper_mlp") == 0
  assert [name.split("-")[0] for name in trained] == ["paper_mlp"]
  merged = json.loads((folder / "table3.json").read_text())["rows"]
  assert [row for row in merged if row["method"] != "paper_mlp"] == (
    before["rows"]
  )
  added = [row for row in merged if row["method"] == "paper_mlp"]
  assert [row["mean"] for row in added] == [0.25] * 3
  assert reproduce_tiny.run(*fewer, "--methods=paper_mlp") == 0
  assert len(trained) == 1
  assert reproduce_tiny.run(*fewer, "--methods=paper_mlp", "--seed=5") == 0
  assert len(trained) == 2
  bounded = ("--methods=paper_mlp", "--max_steps=2")
  assert reproduce_tiny.run(*fewer, *bounded) == 0
  assert len(trained) == 3
  rows = json.loads((folder / "table3.json").read_text())["rows"]
  found = {row["method"]: row.get("max_steps") for row in rows}
  assert found["paper_mlp"] == 2
  assert found["default"] == found["flops"] == 0
  capsys.readouterr()


def test_the_bound_holds_for_variants_too(tmp_path):
  setup = runner.Setup(
    recipe=recipes.recipe,
    features=reproduce_tiny.features,
    workdir=tmp_path,
    max_steps=500,
  )
  study = next(study for study in catalog.STUDIES if study.space == "nb201")
  for fields, epochs in (({}, 62), ({"batch_size": 1}, 6)):
    config = runner.make_config(setup, study, "paper", 78, fields)
    assert config.epochs == epochs  # of 8 and of 78 batches


def test_other_labels_are_trained_again(finished, tmp_path, monkeypatch):
  words, _, runs = finished
  reproduce_tiny.write_table(tmp_path, num=50)
  record = next(runs.rglob("flops-*/outcome.json"))
  before = json.loads(record.read_text())
  own = [word for word in words if "data_dir" not in word]
  own = [word.replace("default,flops,params", "flops") for word in own]
  own = [word.replace("/results", "/other") for word in own]
  assert reproduce_tiny.run(*own, f"--data_dir={tmp_path}") == 0
  after = json.loads(record.read_text())
  assert after["data"] != before["data"]
  assert after["config"] == before["config"]


@pytest.mark.parametrize(
  ("name", "pictures", "num_rows"),
  [
    ("figure6", ["figure6_nb201_cifar10_20"], 8 * 4),
    ("figure8", ["figure8"], 2 * 3),
    ("figure9", ["figure9"], 10 * 3),
    ("training_graph", [], 2 * 4),
  ],
)
def test_reports_without_training(
  name, pictures, num_rows, table, tmp_path, monkeypatch
):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")

  def run(config, workdir, data_dir=None):
    del workdir, data_dir
    values = {each: [0.5] * config.num_seeds for each in outcomes.METRICS}
    return {**values, "num_params": 7, "total_seconds": 1.0, "commit": "abc"}

  monkeypatch.setattr(experiment, "run", run)
  monkeypatch.chdir(tmp_path)
  words = [name, "--space=nb201", "--sizes=20", f"--data_dir={table}"]
  assert reproduce_tiny.run(*words) == 0
  folder = tmp_path / "reproduce_runs" / "results"
  rows = json.loads((folder / f"{name}.json").read_text())["rows"]
  assert len(rows) == num_rows
  assert {row["size"] for row in rows} == {20}
  assert {len(row["seeds"]) for row in rows} <= {1, 5}
  found = {path.name for path in folder.iterdir()} - {".lock"}
  kinds = [f"{each}.{kind}" for each in pictures for kind in ("png", "svg")]
  assert found == {f"{name}.json", f"{name}.md", *kinds}


def test_a_run_leaves_the_tracked_results_alone(
  finished, tmp_path, monkeypatch, capsys
):
  words, _, runs = finished
  (tmp_path / "docs" / "results").mkdir(parents=True)
  tracked = tmp_path / "docs" / "results" / "table3.json"
  tracked.write_text('{"name": "table3", "command": "all", "rows": []}')
  monkeypatch.chdir(tmp_path)
  words = [word for word in words if not word.startswith("--results")]
  before = tracked.read_text()
  assert reproduce_tiny.run(*words) == 0
  assert tracked.read_text() == before
  rows = json.loads((runs / "results" / "table3.json").read_text())["rows"]
  assert len(rows) == 10
  assert reproduce_tiny.run(*words, "--update") == 0
  assert json.loads(tracked.read_text())["rows"] == [
    {**row, "command": row["command"] + " --update"} for row in rows
  ]
  assert (tmp_path / "docs" / "results" / "table3.md").exists()
