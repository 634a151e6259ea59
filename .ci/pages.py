"""A hook of `mkdocs build`: pages from outside of `docs/`.

A document links to files of the repository, such as `../CHANGELOG.md`, by their
place in it. For the site each file of `_SHOWN` becomes a page below
`repository/`, and the links lead there.
"""

import pathlib
import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = pathlib.Path(__file__).resolve().parent.parent
_SHOWN = (
  "*.md",
  "LICENSE",
  "benchmark/README.md",
  "configs/*.py",
  "examples/*.py",
  "nasjax/config/fields.py",
  "nasjax/configs/*.py",
  "nasjax/pretrained/**/README.md",
)
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
  """Adds the pages."""
  for path in sorted({path for glob in _SHOWN for path in ROOT.glob(glob)}):
    name = path.relative_to(ROOT).as_posix()
    page = File.generated(
      config,
      _site_path(name),
      content=_content(path),
      inclusion=InclusionLevel.NOT_IN_NAV,
    )
    files.append(page)
  return files


def on_page_markdown(
  markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
  """Turns links to files of the repository into links to their pages."""
  del config
  source = page.file.src_uri
  folder = posixpath.dirname(_repository_path(source))

  def turned(match: re.Match[str]) -> str:
    before, target, after = match.groups()
    site = _site_path(posixpath.normpath(posixpath.join(folder, target)))
    if "://" in target or files.get_file_from_path(site) is None:
      return match[0]
    link = posixpath.relpath(site, posixpath.dirname(source) or ".")
    return f"{before}{link}{after}"

  return _LINK.sub(turned, markdown)


def _site_path(name: str) -> str:
  """Where a file of the repository is found in the site."""
  if name.startswith("docs/"):
    return name.removeprefix("docs/")
  return f"repository/{name}{'' if name.endswith('.md') else '.md'}"


def _repository_path(source: str) -> str:
  """Where the source of a page is found in the repository."""
  name = source.removeprefix("repository/")
  if name == source:
    return f"docs/{source}"
  return name if (ROOT / name).is_file() else name.removesuffix(".md")


def _content(path: pathlib.Path) -> str:
  """The Markdown of a page that shows a file."""
  text = path.read_text()
  if path.suffix == ".md":
    return text
  language = "python" if path.suffix == ".py" else "text"
  return f"# {path.name}\n\n```{language}\n{text.rstrip()}\n```\n"
