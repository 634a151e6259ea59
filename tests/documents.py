"""The documents of the project, and the code blocks in them."""

import pathlib
import re
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


class Step(NamedTuple):
  """A block that is run, and the output that the page shows behind it."""

  language: str
  code: str
  output: str | None


def blocks(document: str, language: str) -> list[str]:
  """The code of all blocks in one language."""
  found = _FENCE.findall((ROOT / document).read_text())
  return [code for name, code in found if name == language]


def steps(document: str) -> list[Step]:
  """Shell and Python blocks in order, each with the `text` block behind it."""
  found = []
  for language, code in _FENCE.findall((ROOT / document).read_text()):
    if language in ("sh", "python"):
      found.append(Step(language, code, None))
    elif language == "text" and found and found[-1].output is None:
      found[-1] = found[-1]._replace(output=code)
  return found


def form(output: str) -> list[str]:
  """Lines without what differs from machine to machine: numbers and cells."""
  text = re.sub(r"\|\S+\|", "CELL", output)
  text = re.sub(r"commit \S+", "commit #", text)
  text = re.sub(r"\d[\d.,]*", "#", text)
  return [" ".join(line.split()) for line in text.splitlines()]
