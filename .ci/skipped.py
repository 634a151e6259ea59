"""Prints the tests that a run skipped and that another environment may run.

  python .ci/skipped.py tests.xml

The file is a JUnit report of pytest. A test that needs complete tables
(NASJAX_DATA) is left out: packages do not help it.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

_TABLES = "NASJAX_DATA"


def node(case: ElementTree.Element) -> str:
  """The words by which pytest runs a test, or a whole file."""
  module, name = case.get("classname", ""), case.get("name", "")
  if not module:  # the file itself was skipped when it was collected
    return name.replace(".", "/") + ".py"
  return f"{module.replace('.', '/')}.py::{name}"


def skipped(report: pathlib.Path) -> list[str]:
  """Tests that were skipped for another reason than missing tables."""
  return [
    node(case)
    for case in ElementTree.parse(report).iter("testcase")
    for reason in case.iter("skipped")
    if _TABLES not in reason.get("message", "")
  ]


if __name__ == "__main__":
  print(*skipped(pathlib.Path(sys.argv[1])), sep="\n", end="")
