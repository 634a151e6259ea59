"""Commands and code of the documents: they parse, and the code runs."""

import ast
import functools
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import tiny
from documents import ROOT, blocks

from nasjax import config as configs
from nasjax.benchmarks import registry as benchmarks
from nasjax.commands import arguments, command, main, train_run
from nasjax.commands import reproduce_run as reproduce_command
from nasjax.experiments import kinds
from nasjax.spaces import registry as spaces

DOCUMENTS = sorted(
  path.relative_to(ROOT).as_posix()
  for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
  "optional-dependencies"
]


def words_of(line: str) -> list[str]:
  """Splits a command; drops variables in front and comments."""
  words = shlex.split(line, comments=True)
  while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
    words = words[1:]
  return words


def commands(document: str) -> list[str]:
  """Single commands of the shell blocks."""
  return [
    part.strip()
    for block in blocks(document, "sh")
    for line in block.splitlines()
    for part in line.split("&&")
    if words_of(part)
  ]


def check_own(name: str, given: list[str]) -> None:
  """A command of nasjax: its options parse, and name what exists."""
  chosen: command.Command | command.Group = main.NASJAX
  words = [*name.split(), *given]
  while isinstance(chosen, command.Group) and words[0] != "--help":
    word = words.pop(0)
    (chosen,) = (each for each in chosen.commands if each.name == word)
  if isinstance(chosen, command.Command) and words != ["--help"]:
    options = arguments.parse(chosen.options, words)
    CHECKED.get(chosen.name, lambda _: None)(options)


def check_train(options) -> None:
  config = train_run.choose(options).config
  own = kinds.of(config)
  assert own or config.space in spaces.space_names()
  if own or config.table:
    return
  name = config.benchmark or benchmarks.default_benchmark(config.space)
  assert benchmarks.get_entry(name).space == config.space


def check_reproduce(options) -> None:
  if not options.list and options.name != reproduce_command.README:
    assert reproduce_command.get_report(options.name).SPEC.methods


CHECKED = {
  "train": check_train,
  "get": lambda options: benchmarks.get_entry(options.name),
  "reproduce": check_reproduce,
}


def check_install(arguments: list[str]) -> None:
  assert arguments[0] == "-e"
  match = re.fullmatch(r"\.(?:\[([\w,]+)\])?", arguments[1])
  assert match
  assert set((match[1] or "test").split(",")) <= set(EXTRAS)


def check_tool(words: list[str]) -> None:
  """A tool of the extra `dev`, or a script of the project."""
  pins = [
    re.split(r"[\[<>=]", pin)[0] for name in EXTRAS for pin in EXTRAS[name]
  ]
  assert words[0] in pins or (ROOT / words[0]).is_file()


def check_timing(arguments: list[str]) -> None:
  """A script of benchmark/: it exists, and has every option that is given."""
  folder = ROOT / "benchmark"
  assert arguments[0] in {path.name for path in folder.glob("*.py")}
  known = "".join(
    (folder / name).read_text() for name in (arguments[0], "machine.py")
  )
  options = [word.split("=")[0] for word in arguments if word[:2] == "--"]
  assert all(f'"{option}"' in known for option in options)


OWN = {
  ("nasjax",): "",
  ("python", "train.py"): "train",
  ("python", "search.py"): "search",
  ("python", "-m", "nasjax.scoring"): "score",
  ("python", "-m", "nasjax.benchmarks"): "data",
  ("python", "-m", "nasjax.reproduce"): "reproduce",
}
CHECKS = {
  **{start: functools.partial(check_own, name) for start, name in OWN.items()},
  ("pip", "install"): check_install,
}


def check_command(line: str) -> None:
  words = words_of(line)
  if words[0] == "python" and words[1].startswith("benchmark/"):
    check_timing([words[1].removeprefix("benchmark/"), *words[2:]])
    return
  for start, check in CHECKS.items():
    if tuple(words[: len(start)]) == start:
      check(words[len(start) :])
      return
  assert words[0] not in ("python", "pip"), f"nothing checks {line!r}"
  check_tool(words)


@pytest.mark.parametrize(
  ("document", "line"),
  [(document, line) for document in DOCUMENTS for line in commands(document)],
)
def test_command_exists_and_parses(document, line, monkeypatch, tmp_path):
  monkeypatch.chdir(ROOT)
  own = tmp_path / "my_space.py"
  own.write_text(blocks("docs/spaces.md", "python")[0])
  monkeypatch.syspath_prepend(tmp_path)
  monkeypatch.delitem(sys.modules, own.stem, raising=False)
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  check_command(line)


@pytest.mark.parametrize(
  "line",
  [
    "python train.py --config=configs/nb202.py",
    "python train.py --config=configs/nb201.py --config.num_trian=3",
    "python train.py --config=configs/nb201.py --config.num_train=many",
    "python train.py --config=configs/nb201.py --config.benchmark=nb101",
    "python search.py --space nb202",
    "python search.py --stratgy random",
    "python -m nasjax.benchmarks get nb102",
    "python -m nasjax.reproduce table44",
    "python benchmark/store.py",
    "python benchmark/score.py --spaec nb201",
    "python -m nasjax.reproduce table3 --spce nb201",
    "python evaluate.py",
    "pip install -e '.[tset]'",
    "flake8 .",
  ],
)
def test_wrong_commands_are_found(line, monkeypatch):
  monkeypatch.chdir(ROOT)
  with pytest.raises((AssertionError, ValueError)):
    check_command(line)


def test_the_main_commands_are_in_the_readme():
  lines = (ROOT / "README.md").read_text().splitlines()
  assert "pip install -e . && python search.py --space nb201" in lines
  assert "pip install -e '.[test]' && pytest" in lines
  assert len(lines) <= 150


@pytest.mark.parametrize(
  ("document", "code"),
  [(name, code) for name in DOCUMENTS for code in blocks(name, "python")],
)
def test_python_block_is_valid(document, code):
  assert ast.parse(code).body


@pytest.fixture
def run_short(tmp_path, monkeypatch):
  """Runs code of a document in an empty folder, with a tiny default config."""
  monkeypatch.chdir(tmp_path)
  small = tiny.config(batch_size=156, **tiny.LIGHT)
  monkeypatch.setattr(configs, "default", small.copy_and_resolve_references)

  def run(code: str) -> dict:
    names: dict = {}
    exec(compile(re.sub(r"epochs=\d+", "epochs=2", code), "", "exec"), names)
    return names

  return run


def test_readme_quickstart_runs(run_short, capsys):
  code, _ = blocks("README.md", "python")
  shown, _ = blocks("README.md", "text")
  assert len(code.splitlines()) == 12
  names = run_short(code)
  printed = capsys.readouterr().out.splitlines()
  assert len(printed) == len(shown.splitlines()) == 3
  cells = [line.split()[0] for line in printed]
  space = names["predictor"].space
  assert space.parse(cells).tolist() == names["best"].tolist()


def test_readme_operator_of_ones_own_has_a_score(tmp_path):
  _, code = blocks("README.md", "python")
  _, shown = blocks("README.md", "text")
  (tmp_path / "my_space.py").write_text(blocks("docs/spaces.md", "python")[0])
  done = subprocess.run(  # a process of its own: the operator is registered
    [sys.executable, "-c", code],
    cwd=tmp_path,
    capture_output=True,
    text=True,
    timeout=300,
    check=False,
  )
  assert (done.stdout, done.returncode) == (shown, 0), done.stderr


@pytest.mark.slow
def test_quick_start_runs(run_short, capsys):
  fit, pretrained = blocks("docs/quickstart.md", "python")
  names = run_short(fit)
  assert names["scores"].shape == names["spread"].shape == (3,)
  assert (names["spread"] > 0).all()
  assert names["best"].shape == (10, 6)
  printed = capsys.readouterr().out.splitlines()
  assert names["space"].parse(printed).tolist() == names["best"].tolist()
  fitted = names["predictor"].predict(names["archs"][:3])
  assert fitted == pytest.approx(names["scores"])
  assert run_short(pretrained)["predictor"].card["num_train"] == 1563


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document):
  text = (ROOT / document).read_text()
  links = re.findall(r"\]\(([^)#]+)", text)
  missing = [
    link
    for link in links
    if "://" not in link
    and not (ROOT / document).parent.joinpath(link).is_file()
  ]
  assert missing == []
