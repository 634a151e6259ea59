"""Two processes in one place, and a clock that is set back."""

import itertools
import subprocess
import sys
import time

import faults_commands as commands
import numpy as np
import pytest

from nasjax import errors, files
from nasjax.training import checkpoint

CACHE = """
import numpy as np
from nasjax.io import cache
for number in range(40):
  made = cache.cached("t", f"{number:064d}", lambda: {"x": np.arange(5000)})
  np.testing.assert_array_equal(made["x"], np.arange(5000))
print("right")
"""


def test_two_processes_in_one_cache(tmp_path):
  processes = [
    subprocess.Popen(
      [sys.executable, "-W", "error", "-c", CACHE],
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      env=commands.environment(NASJAX_CACHE=str(tmp_path)),
    )
    for _ in range(2)
  ]
  outputs = [process.communicate(timeout=300) for process in processes]
  assert [out for out, _ in outputs] == ["right\n", "right\n"], outputs
  assert commands.leftovers(tmp_path) == []


def test_a_second_run_in_a_workdir_is_refused(tmp_path):
  case = commands.train(tmp_path)
  with files.hold(tmp_path / "run" / "checkpoint"):
    done = commands.run(case.command(tmp_path))
  assert done.returncode == 2
  assert "is in use" in done.stderr.splitlines()[-1]
  assert "Traceback" not in done.stderr


def test_a_resume_goes_by_the_epoch_and_not_by_the_clock(tmp_path, monkeypatch):
  earlier = itertools.count(2_000_000_000, -100_000)
  monkeypatch.setattr(time, "time", lambda: float(next(earlier)))
  monkeypatch.setattr(time, "time_ns", lambda: next(earlier) * 1_000_000_000)
  store = checkpoint.Checkpoints(tmp_path / "c")
  for epoch in (1, 2, 3):
    store.save(epoch, {"weight": np.full(3, float(epoch))}, {"a": 1})
  store.close()
  again = checkpoint.Checkpoints(tmp_path / "c")
  epoch, state = again.restore({"weight": np.zeros(3)}, {"a": 1})
  again.close()
  assert epoch == 3
  np.testing.assert_array_equal(state["weight"], np.full(3, 3.0))


def test_a_folder_is_free_again_after_a_refusal(tmp_path):
  with (
    files.hold(tmp_path),
    pytest.raises(errors.UserError, match="is in use"),
    files.hold(tmp_path),
  ):
    pass
  with files.hold(tmp_path):
    pass
