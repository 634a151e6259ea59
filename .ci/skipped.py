"""Prints the tests that a run skipped and that another environment may run.

  python .ci/skipped.py tests.xml

The file is a JUnit report of pytest. A test that needs complete tables
(NASJAX_DATA), or the flag --long, is left out: packages do not help it.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

_NO_PACKAGES = ("NASJAX_DATA", "--long")


def node(case: ElementTree.Element) -> str:
  """The words by which pytest runs a test, or a whole file."""
  module, name = case.get("classname", ""), case.get("name", "")
  if not module:  # the file itself was skipped when it was collected
    return name.replace(".", "/") + ".py"
  return f"{module.replace('.', '/')}.py::{name}"


def skipped(report: pathlib.Path) -> list[str]:
  """Tests that were skipped and that a package may help."""
  return [
    node(case)
    for case in ElementTree.parse(report).iter("testcase")
    for reason in case.iter("skipped")
    if not any(word in reason.get("message", "") for word in _NO_PACKAGES)
  ]


if __name__ == "__main__":
  print(*skipped(pathlib.Path(sys.argv[1])), sep="\n", end="")
