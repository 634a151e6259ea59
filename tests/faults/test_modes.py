"""Scores and trainings under settings of JAX that users switch on.

A process for each setting; all print scores of the same work, which must agree
to 1e-5 of their range, and to 1e-3 after a training.
"""

import json
import sys

import faults_commands as commands
import numpy as np
import pytest

WORK = """
import json
import jax
import numpy as np
import scoring_models
import tiny
import nasjax

space = nasjax.get_space("nb201")
cells = np.unique(space.sample(30, np.random.default_rng(1)), axis=0)[:16]
labels = (cells == 3).sum(1) - (cells == 0).sum(1)
found = {}
for name in PRETRAINED:
  model = nasjax.Predictor.pretrained(name)
  rows = getattr(model.space, "sample_valid", model.space.sample)(
    5, np.random.default_rng(0)
  )
  found[name] = model.predict(rows).tolist()
config = tiny.config(
  epochs=1, num_members=2, batch_size=8, checkpoint_every=2,
  **{"model.head": "mlp", "model.encoder_layers": 0, "model.num_layers": 0},
)
fitted = nasjax.Predictor("nb201", config=config).fit(cells, labels)
found["fit"] = fitted.predict(cells[:5]).tolist()
print(json.dumps([jax.local_device_count(), found]))
"""
SETTINGS = {
  "8 devices": {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"},
  "no jit": {"JAX_DISABLE_JIT": "1"},
  "debug nans": {"JAX_DEBUG_NANS": "1"},
}


def work(names, **settings):
  script = WORK.replace("PRETRAINED", repr(names))
  done = commands.run([sys.executable, "-c", script], **settings)
  assert done.returncode == 0, done.stderr[-3000:]
  devices, found = json.loads(done.stdout)
  return devices, found


@pytest.fixture(scope="module")
def names(request):
  if request.config.getoption("--long"):
    return ["nb201_student", "nb201", "nb101", "darts"]
  return ["nb201_student"]


@pytest.fixture(scope="module")
def expected(names):
  return work(names)[1]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_numbers_stay(setting, names, expected, long):
  if setting == "no jit" and not long:
    pytest.skip("only with --long: without compiled programs it takes minutes")
  devices, found = work(names, **SETTINGS[setting])
  assert devices == (8 if setting == "8 devices" else 1)
  assert set(found) == set(expected)
  for name, scores in found.items():
    spread = np.ptp(expected[name])
    error = np.abs(np.subtract(scores, expected[name])).max() / spread
    # A training carries rounding on, which differs without fused programs.
    assert error < (1e-3 if name == "fit" else 1e-5), (name, error)
