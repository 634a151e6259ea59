"""Child processes and threads of a program that imported nasjax."""

import concurrent.futures
import sys

import faults_commands as commands
import numpy as np
import pytest
import scoring_models
import tiny

CHILDREN = """
import multiprocessing
import sys
import numpy as np
import nasjax
import scoring_models

def scores(seed):
  model = nasjax.Predictor.load(sys.argv[2])
  return model.predict(model.space.sample(5, np.random.default_rng(seed)))

if __name__ == "__main__":
  context = multiprocessing.get_context(sys.argv[1])
  with context.Pool(2) as pool:
    found = pool.map(scores, [0, 1])
  np.testing.assert_array_equal(found, [scores(0), scores(1)])
  print("equal")
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
  return scoring_models.make_predictor(members=2, **tiny.LIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_after_the_import(method, model, tmp_path):
  """A fork is safe until JAX has run something in the parent."""
  model[0].save(tmp_path / "model")
  script = tmp_path / "children.py"
  script.write_text(CHILDREN)
  done = commands.run(
    [sys.executable, str(script), method, str(tmp_path / "model")]
  )
  assert done.stdout == "equal\n", done.stderr[-2000:]


def test_threads_score_at_the_same_time(model):
  predictor, space = model
  batches = [
    space.sample(1 + 13 * seed, np.random.default_rng(seed))
    for seed in range(8)
  ]
  expected = [predictor.predict(batch) for batch in batches]
  with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for _ in range(3):
      for found, scores in zip(
        pool.map(predictor.predict, batches), expected, strict=True
      ):
        np.testing.assert_array_equal(found, scores)
