"""Costs as labels: cells as they are, lower = better, no accuracies beside."""

import contextlib
import io

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors
from nasjax.benchmarks import base, custom
from nasjax.benchmarks.splits import Split
from nasjax.experiments import summaries, tasks

SPACE = nasjax.get_space("nb201")
# Three of six operations reach no output, or are no operation at all.
DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
BARE = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"


@pytest.fixture(scope="module")
def fitted():
  """A predictor of each target, and what its training said."""
  cells = np.unique(SPACE.sample(20, np.random.default_rng(0)), axis=0)
  labels = np.asarray(SPACE.num_params(cells), float)
  found = {}
  for target in ("accuracy", "cost"):
    fields = {"target": target, "kernel.weight": 0.0, **tiny.LIGHT}
    small = tiny.config(epochs=2, **fields)
    model = nasjax.Predictor("nb201", config=small, verbose=target == "cost")
    with contextlib.redirect_stderr(io.StringIO()) as said:
      found[target] = model.fit(cells, labels), said.getvalue()
  return found


def test_dead_operations_have_a_cost_and_no_accuracy(fitted):
  for target, (model, _) in fitted.items():
    assert model.target == target
  accuracies = fitted["accuracy"][0].predict([DEAD, BARE])
  costs = fitted["cost"][0].predict([DEAD, BARE])
  assert accuracies[0] == accuracies[1]
  assert costs[0] != costs[1]


def test_fit_is_silent_unless_it_is_asked_to_speak(fitted):
  assert fitted["accuracy"][1] == ""
  assert "training: 100 % of 2 epochs" in fitted["cost"][1]


def test_a_saved_predictor_knows_its_target(fitted, tmp_path):
  model, _ = fitted["cost"]
  model.save(tmp_path / "model")
  loaded = nasjax.Predictor.load(tmp_path / "model")
  assert loaded.target == "cost"
  cells = [DEAD, BARE]
  np.testing.assert_array_equal(loaded.predict(cells), model.predict(cells))


def test_target_is_a_field_of_python_too():
  model = nasjax.Predictor("nb201", target="cost")
  assert model.target == "cost"
  assert (model.config.prune, model.config.model.functions) == (False, False)
  kept = nasjax.Predictor("nb201", target="cost", prune=True)
  assert (kept.config.prune, kept.config.model.functions) == (True, False)
  with pytest.raises(errors.UserError, match="expected one of 'accuracy'"):
    nasjax.Predictor("nb201", target="latency")


# The same NAS-Bench-101 cell twice, its inner vertices in another order.
_EDGES = "[[0,1,1,0],[0,0,0,1],[0,0,0,1],[0,0,0,0]]"
NB101 = [
  f'{{"module_adjacency": {_EDGES}, '
  f'"module_operations": ["input", "{a}-bn-relu", "{b}-bn-relu", "output"]}}'
  for a, b in (("conv1x1", "conv3x3"), ("conv3x3", "conv1x1"))
]


def test_isomorphic_cells_may_have_two_costs(tmp_path):
  space, path = nasjax.get_space("nb101"), tmp_path / "own.csv"
  rows = [f'"{arch.replace(chr(34), 2 * chr(34))}"' for arch in NB101]
  path.write_text(f"arch,value\n{rows[0]},1\n{rows[1]},2\n")
  with pytest.raises(errors.UserError, match="line 3: expected one value"):
    custom.read_table(path, space)
  found = custom.read_table(path, space, target="cost")
  assert found.values(custom.LABEL).tolist() == [1, 2]
  assert found.describe(custom.LABEL) == "custom value, cost, as given"
  path.write_text(f"arch,value\n{rows[0]},1\n{rows[0]},2\n")
  with pytest.raises(errors.UserError, match="line 3: expected one value"):
    custom.read_table(path, space, target="cost")


def test_labels_of_a_benchmark_are_no_costs():
  config = tiny.config(
    benchmark="nb201_analog", train_label="test", target="cost"
  )
  with pytest.raises(errors.UserError, match="costs are labels of one's own"):
    tasks.make_task(config)


@pytest.mark.parametrize(
  ("target", "regret"), [("accuracy", 10.0), ("cost", 20.0)]
)
def test_the_regret_of_a_cost_is_that_of_the_lowest_scores(target, regret):
  labels, rows = np.arange(30.0), np.arange(30)
  # The ten highest scores are those of the labels 10 to 19, where 29 is the
  # best accuracy; the ten lowest those of 20 to 29, where 0 is the best cost.
  scores = np.where(labels < 20, labels, -labels)
  task = tasks.Task(
    base.Benchmark(
      "own",
      SPACE,
      SPACE.enumerate()[:30],
      {"custom/value": base.Label("custom", "value", 0, "as given")},
      {"custom/value": labels},
      "",
    ),
    "custom/value",
    "custom/value",
    (Split(rows[:2], rows, rows),),
    SPACE.enumerate()[None, :2],
    labels[None, :2],
    labels[None, :2],
    target=target,
  )
  found = summaries.correlations(task, scores[None])
  assert found["top10_regret_all"] == [regret]
