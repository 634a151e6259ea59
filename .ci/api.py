"""A hook of `mkdocs build`: pages of the API, made from the docstrings.

Each package of nasjax gets a page below `api/`: first the names that the
package exports, then what else its modules offer. mkdocstrings fills them in. A
name is shown once, on the first page that has it.
"""

import ast
import pathlib
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nasjax"
_HIDDEN = ("commands", "configs", "pretrained")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
  """Lists the pages in the menu."""
  assert config.nav is not None
  config.nav.append({"API": [name for name, _ in _pages()]})
  return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
  """Adds the pages."""
  for name, text in _pages():
    files.append(File.generated(config, name, content=text))
  return files


def _pages() -> Iterator[tuple[str, str]]:
  """Yields the path of each page and its Markdown."""
  shown: set[str] = set()
  modules = [path for path in PACKAGE.glob("*.py") if path.stem[0] != "_"]
  exported = _exported(PACKAGE)
  intro = "The names that `import nasjax` offers."
  yield "api/index.md", _page("nasjax", intro, exported, [], shown)
  for init in sorted(PACKAGE.glob("*/__init__.py")):
    folder = init.parent
    if folder.name not in _HIDDEN:
      name = f"nasjax.{folder.name}"
      intro = ast.get_docstring(ast.parse(init.read_text())) or ""
      inside = sorted(folder.rglob("*.py"))
      text = _page(name, intro, _exported(folder), inside, shown)
      yield f"api/{folder.name}.md", text
  intro = "Modules that belong to no package."
  yield "api/modules.md", _page("Modules", intro, {}, sorted(modules), shown)


def _page(
  title: str,
  intro: str,
  exported: dict[str, str],
  modules: list[pathlib.Path],
  shown: set[str],
) -> str:
  """The Markdown of a page; what it shows is added to `shown`."""
  parts = [f"# {title}", intro]
  for name, module in exported.items():
    target = f"{module}.{name}"
    if target not in shown:
      parts.append(_block(target, heading=f"{title}.{name}", toc_label=name))
      shown.add(target)
  for path in modules:
    module = _module(path)
    names = [name for name in _public(path) if f"{module}.{name}" not in shown]
    if names and not path.stem.startswith("__main"):
      parts.append(_block(module, members=names))
      shown |= {f"{module}.{name}" for name in names}
  return "\n\n".join(parts) + "\n"


def _block(target: str, **options: object) -> str:
  """A directive of mkdocstrings."""
  lines = [f"::: {target}", "    options:"]
  return "\n".join([*lines, *(f"      {k}: {v!r}" for k, v in options.items())])


def _module(path: pathlib.Path) -> str:
  """Dotted name of a file."""
  parts = path.relative_to(ROOT).with_suffix("").parts
  return ".".join(part for part in parts if part != "__init__")


def _exported(folder: pathlib.Path) -> dict[str, str]:
  """Name to defining module, for what a package exports and documents."""
  found = {}
  for node in ast.parse((folder / "__init__.py").read_text()).body:
    if isinstance(node, ast.ImportFrom) and node.module:
      found |= {alias.name: node.module for alias in node.names}
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
      lazy = _names(node) == ["_PUBLIC"]
      found |= ast.literal_eval(node.value) if lazy else {}
  homes = {name: _home(module, name) for name, module in found.items()}
  return {name: home for name, home in homes.items() if home}


def _home(module: str, name: str) -> str:
  """The module of nasjax that defines and describes a name; empty if none."""
  path = ROOT.joinpath(*module.split("."))
  is_module = (path / f"{name}.py").is_file() or (path / name).is_dir()
  if not module.startswith("nasjax") or is_module:
    return ""
  if path.is_dir():
    return _exported(path).get(name, "")
  return module if name in _public(path.with_suffix(".py")) else ""


def _public(path: pathlib.Path) -> list[str]:
  """Functions, classes and described constants that a module defines."""
  body = ast.parse(path.read_text()).body
  found = []
  for node, after in zip(body, [*body[1:], None], strict=True):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
      found.append(node.name)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_text(after):
      found += _names(node)
  return [name for name in found if name[0] != "_"]


def _names(node: ast.Assign | ast.AnnAssign) -> list[str]:
  targets = node.targets if isinstance(node, ast.Assign) else [node.target]
  return [each.id for each in targets if isinstance(each, ast.Name)]


def _is_text(node: ast.stmt | None) -> bool:
  """Tells a docstring below a constant."""
  return (
    isinstance(node, ast.Expr)
    and isinstance(node.value, ast.Constant)
    and isinstance(node.value.value, str)
  )
