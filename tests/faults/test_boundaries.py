"""Work that dies between two changes of its files, and is done again.

With `--long` at every change, else at a few of them; trainings only with it,
since each change costs a whole run.
"""

import sys

import faults_commands as commands
import pytest

FEW = {"model": 2}
LONG = {"training", "evaluation"}


@pytest.mark.slow
@pytest.mark.parametrize(
  "name",
  [
    *("file", "cache", "stream", "shards", "training", "evaluation"),
    pytest.param("model", marks=pytest.mark.slow),
  ],
)
def test_nothing_is_lost_between_two_changes(name, long):
  if name in LONG and not long:
    pytest.skip("only with --long: it trains once for each change of a file")
  few = [] if long or name not in FEW else ["--few", str(FEW[name])]
  script = commands.TESTS / "faults" / "boundaries.py"
  done = commands.run([sys.executable, str(script), name, *few])
  assert done.returncode == 0, done.stderr[-2000:]
  assert "all results equal" in done.stdout
