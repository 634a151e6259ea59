"""Facts about the project: one version, sizes, pins, documents."""

import ast
import pathlib
import re
import tomllib

import pytest
from packaging import requirements, version

import nasjax
from nasjax import search
from nasjax.benchmarks import registry as benchmarks
from nasjax.images import image_set_names
from nasjax.images.encoders import registry as encoders
from nasjax.spaces import registry as spaces

ROOT = pathlib.Path(__file__).parent.parent
SOURCES = sorted((ROOT / "nasjax").rglob("*.py"))
TREES = {
  path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
  for path in SOURCES
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HOMES = {
  "jraph": {
    "nasjax/graphs/tuples.py",
    "nasjax/models/gcn.py",
    "nasjax/systems/gennape/batches.py",
    "nasjax/systems/gennape/contrastive.py",
    "nasjax/systems/gennape/encoder.py",
  },
  "orbax": {"nasjax/training/checkpoint.py"},
  "pickle": set(),
}


def imported(tree: ast.AST) -> set[str]:
  """Names of imported modules, and of what is imported from them."""
  names = set()
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      names |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      names |= {f"{node.module}.{alias.name}" for alias in node.names}
  return names


def inside(name: str, package: str) -> bool:
  return name == package or name.startswith(package + ".")


def test_imports_are_seen_in_every_form():
  text = "import a.b\nfrom nasjax import models\nfrom nasjax.search import run"
  names = imported(ast.parse(text))
  assert names == {"a.b", "nasjax.models", "nasjax.search.run"}
  assert inside("nasjax.search.run", "nasjax.search")
  assert not inside("nasjax.searching", "nasjax.search")


def test_one_version():
  assert PROJECT["version"] == nasjax.__version__
  changes = (ROOT / "CHANGELOG.md").read_text()
  assert re.findall(r"^## \[(\d.*?)\]", changes, re.M)[0] == nasjax.__version__


@pytest.mark.parametrize("name", TREES)
def test_module_has_a_docstring(name):
  docstring = ast.get_docstring(TREES[name])
  assert docstring
  assert docstring.splitlines()[0].endswith((".", ":", "`"))


@pytest.mark.parametrize("library", HOMES)
def test_library_stays_in_its_files(library):
  users = {
    name
    for name, tree in TREES.items()
    if any(inside(found, library) for found in imported(tree))
  }
  assert users == HOMES[library]


def test_nothing_is_unpickled_through_numpy():
  for path in SOURCES:
    assert "allow_pickle=True" not in path.read_text(), path


def test_files_and_functions_stay_short():
  for name, tree in TREES.items():
    assert len((ROOT / name).read_text().splitlines()) <= 400, name
    for node in ast.walk(tree):
      if isinstance(node, ast.FunctionDef):
        assert node.end_lineno is not None
        length = node.end_lineno - node.lineno + 1
        assert length <= 60, f"{name}: {node.name} has {length} lines"


def test_entry_scripts_hold_no_logic():
  for name in ("train.py", "search.py"):
    assert len((ROOT / name).read_text().splitlines()) <= 60


def test_oldest_dependencies_are_the_lower_bounds():
  lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
  oldest = dict(line.split("==") for line in lines if not line.startswith("#"))
  extras = PROJECT["optional-dependencies"]
  declared = [*PROJECT["dependencies"], *extras["test"]]
  lowest = {}
  for line in declared:
    requirement = requirements.Requirement(line)
    lowest[requirement.name] = min(
      version.Version(each.version)
      for each in requirement.specifier
      if each.operator in (">=", "==")
    )
  assert {name: version.Version(oldest[name]) for name in oldest} == lowest


def test_every_dependency_has_an_upper_bound():
  extras = PROJECT["optional-dependencies"]
  lines = [line for pins in extras.values() for line in pins]
  for line in (*PROJECT["dependencies"], *lines):
    requirement = requirements.Requirement(line)
    if requirement.name != PROJECT["name"]:
      operators = {each.operator for each in requirement.specifier}
      assert operators & {"<", "=="}, line


@pytest.mark.parametrize(
  ("document", "names"),
  [
    ("docs/data.md", benchmarks.benchmark_names()),
    ("docs/spaces.md", spaces.space_names()),
    ("docs/images.md", image_set_names()),
    ("docs/images.md", encoders.encoder_names()),
    ("README.md", spaces.space_names()),
    ("docs/design.md", search.strategy_names()),
    ("docs/search.md", search.strategy_names()),
  ],
)
def test_document_knows_every_name(document, names):
  text = (ROOT / document).read_text()
  assert [name for name in names if f"`{name}`" not in text] == []


def test_data_document_knows_every_label(data_dir):
  text = (ROOT / "docs" / "data.md").read_text()
  for name in benchmarks.benchmark_names():
    for label in benchmarks.get_benchmark(name, data_dir).columns:
      short = label.split("/")[1]
      assert f"`{label}`" in text or f"`{short}`" in text, (name, label)


@pytest.mark.parametrize("space_name", spaces.space_names())
def test_spaces_document_states_the_sizes(space_name):
  space = spaces.get_space(space_name)
  text = (ROOT / "docs" / "spaces.md").read_text()
  row = next(line for line in text.splitlines() if f"| `{space_name}`" in line)
  numbers = [int(number) for number in re.findall(r"\d+", row.replace(",", ""))]
  for number in (space.genotype_length, space.num_nodes, space.size):
    assert number is None or number in numbers
