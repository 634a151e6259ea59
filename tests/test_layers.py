"""Imports point down: no circle, over all imports, and few loose rooms.

An import counts wherever it stands: at the top, in a function, under
`TYPE_CHECKING`, in a `__main__.py`, or as the name of a module in a string that
is imported later. A room is a folder of `nasjax` or a module beside them.
"""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "nasjax"
LOOSE = 6
FORBIDDEN = {
  "spaces": ("models", "benchmarks", "training", "search"),
  "features": ("models", "benchmarks", "training", "search", "systems"),
  "models": ("benchmarks", "training", "search", "images", "systems"),
  "images": ("spaces", "models", "training", "search"),
  "regression": ("training", "systems", "scoring", "benchmarks"),
  "scoring": ("benchmarks", "training", "search", "systems"),
  "benchmarks": ("models", "training", "search"),
  "zero_label": ("benchmarks", "search", "training", "commands"),
  "surrogates": ("benchmarks", "search", "commands", "experiments"),
  "search": ("models", "benchmarks", "training", "systems"),
  "training": ("benchmarks", "search", "networks", "systems", "config"),
  "networks": ("benchmarks", "search", "models"),
  "computation": ("models", "training", "search", "systems", "predictors"),
  "proxies": ("benchmarks", "training", "search", "systems", "models"),
  "systems": ("config", "predictors", "benchmarks", "search"),
  "predictors": ("experiments", "benchmarks", "search", "commands"),
}
"""What a room must not import."""


def _names() -> dict[str, pathlib.Path]:
  found = {}
  for path in sorted(PACKAGE.rglob("*.py")):
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__init__":
      parts = parts[:-1]
    found[".".join(parts)] = path
  return found


MODULES = _names()


def imported(module: str, text: str) -> set[str]:
  """Modules of nasjax that the text of a module imports, or names."""
  found = set()
  for node in ast.walk(ast.parse(text)):
    if isinstance(node, ast.Import):
      found |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      for alias in node.names:
        whole = f"{node.module}.{alias.name}"
        found.add(whole if whole in MODULES else str(node.module))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
      found.add(node.value)
  return {name for name in found if name in MODULES} - {module, "nasjax"}


GRAPH = {
  name: imported(name, path.read_text())
  for name, path in MODULES.items()
  if name != "nasjax"
}


def room(module: str) -> str:
  """The room of a module; its `__main__.py` belongs to it like any other."""
  return module.split(".")[1]


def rooms() -> dict[str, set[str]]:
  """Each room and the rooms that it imports."""
  found: dict[str, set[str]] = {}
  for module, others in GRAPH.items():
    own = found.setdefault(room(module), set())
    own |= {room(other) for other in others} - {room(module)}
  return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
  """Groups of nodes that reach each other."""
  reach = {}
  for node in graph:
    seen, pending = set(), [node]
    while pending:
      for other in graph.get(pending.pop(), set()) - seen:
        seen.add(other)
        pending.append(other)
    reach[node] = seen
  groups = {
    tuple(sorted(n for n in reach[node] if node in reach.get(n, ())))
    for node in graph
    if node in reach[node]
  }
  return [list(group) for group in sorted(groups)]


def test_imports_are_seen_in_every_form():
  text = (
    "import nasjax.errors\nfrom nasjax import files\n"
    "def f():\n  from nasjax.search import run\n"
    "names = ['nasjax.progress']\n"
  )
  assert imported("nasjax.compiler", text) == {
    "nasjax.errors",
    "nasjax.files",
    "nasjax.search.run",
    "nasjax.progress",
  }


def test_a_circle_is_found():
  graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d2"}, "d2": set()}
  assert circles(graph) == [["b", "c"]]


def test_no_circle_of_modules():
  assert circles(GRAPH) == []


def test_no_circle_of_rooms():
  assert circles(rooms()) == []


@pytest.mark.parametrize(
  ("layer", "other"),
  [(layer, name) for layer, names in FORBIDDEN.items() for name in names],
)
def test_imports_point_down(layer, other):
  found = {
    (module, each)
    for module, others in GRAPH.items()
    for each in others
    if room(module) == layer and room(each) == other
  }
  assert found == set()


def test_few_rooms_are_loose():
  loose = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
  assert len(loose) <= LOOSE, sorted(loose)


def test_nothing_but_configs_and_commands_imports_the_reproduction():
  wrong = [
    (module, each)
    for module, others in GRAPH.items()
    for each in others
    if room(each) == "reproduce"
    and room(module) not in ("reproduce", "configs", "commands")
  ]
  assert wrong == []


def test_nothing_imports_a_config_file():
  wrong = [
    (module, each)
    for module, others in GRAPH.items()
    for each in others
    if each.startswith("nasjax.configs.")
  ]
  assert wrong == []
