"""Many trainings in one process: programs and memory do not add up."""

import gc

import faults_commands as commands
import jax
import numpy as np
import pytest
import tiny

import nasjax


def memory() -> int:
  """Resident memory of this process, MiB."""
  with open("/proc/self/status") as file:
    line = next(line for line in file if line.startswith("VmRSS"))
  return int(line.split()[1]) >> 10


@pytest.mark.slow
def test_programs_and_memory_do_not_add_up(long):
  cells = commands.SPACE.sample(16, np.random.default_rng(1))
  labels = (cells == 3).sum(1) - (cells == 0).sum(1)
  config = tiny.config(epochs=1, num_members=1, batch_size=8, **tiny.LIGHT)
  client = jax.local_devices()[0].client
  programs, sizes = [], []
  for _ in range(200 if long else 4):
    model = nasjax.Predictor("nb201", config=config).fit(cells, labels)
    model.predict(cells)
    gc.collect()
    programs.append(len(client.live_executables()))
    sizes.append(memory())
  assert programs[-1] <= programs[1]
  assert sizes[-1] < sizes[1] + 64
