"""Work that dies between two changes of its files, and is done again.

With `--long` at every change, else at a few of them.
"""

import sys

import faults_commands as commands
import pytest

FEW = {"training": 4, "evaluation": 4, "model": 6}


@pytest.mark.parametrize(
  "name",
  ["file", "cache", "stream", "shards", "training", "evaluation", "model"],
)
def test_nothing_is_lost_between_two_changes(name, long):
  few = [] if long or name not in FEW else ["--few", str(FEW[name])]
  script = commands.TESTS / "faults" / "boundaries.py"
  done = commands.run([sys.executable, str(script), name, *few])
  assert done.returncode == 0, done.stderr[-2000:]
  assert "all results equal" in done.stdout
