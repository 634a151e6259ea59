"""Studies of Optuna whose trials are architectures."""

import pickle
import subprocess
import sys
import time

import numpy as np
import own_space
import pytest
import toy

import nasjax
from nasjax import errors
from nasjax.integrations import decisions

optuna = pytest.importorskip("optuna", reason="the extra optuna")
integration = nasjax.integrations.optuna

State = optuna.trial.TrialState
SPACE = own_space.Chain()
NB201 = nasjax.get_space("nb201")
OPTIONS = {"num_first": 4, "num_candidates": 200}


@pytest.fixture(autouse=True)
def _quiet():
  optuna.logging.set_verbosity(optuna.logging.WARNING)


def _sampler(space=SPACE, seed=0, **options):
  return integration.NasSampler(space, seed, **{**OPTIONS, **options})


def _study(sampler, direction="maximize", **options):
  return optuna.create_study(sampler=sampler, direction=direction, **options)


def _value(space, arch):
  (cell,) = space.parse([arch])
  return float(cell @ np.arange(1, len(cell) + 1))


def _run(study, num, space=SPACE):
  sampler = study.sampler
  study.optimize(lambda trial: _value(space, sampler.suggest(trial)), num)


def _archs(study):
  found = [trial.user_attrs.get("arch") for trial in study.trials]
  return [arch for arch in found if arch is not None]


def _distinct(space, archs):
  return len(np.unique(space.function_keys(space.parse(archs))))


def test_it_is_found_by_name():
  assert integration.NasSampler is nasjax.integrations.optuna.NasSampler
  assert "integrations" in dir(nasjax)
  assert dir(nasjax.integrations) == ["optuna", "sklearn"]
  with pytest.raises(AttributeError, match="no attribute 'keras'"):
    _ = nasjax.integrations.keras


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts", "chain", "toy"])
def test_decisions_of_a_space_are_its_genotypes(name, rng):
  spaces = {"chain": SPACE, "toy": toy.Toy()}
  space = spaces[name] if name in spaces else nasjax.get_space(name)
  names = [each.name for each in decisions.of(space)]
  assert len(set(names)) == space.genotype_length
  for cell in space.sample(50, rng):
    params = decisions.to_params(space, cell)
    assert list(params) == names
    found = decisions.to_genotype(space, params)
    np.testing.assert_array_equal(found, cell)


def test_decisions_by_hand():
  (cell,) = NB201.parse(
    ["|none~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"]
  )
  assert decisions.to_params(NB201, cell) == {
    "1<-0": "none",
    "2<-0": "skip_connect",
    "2<-1": "none",
    "3<-0": "none",
    "3<-1": "none",
    "3<-2": "nor_conv_3x3",
  }
  nb101 = [each.name for each in decisions.of(nasjax.get_space("nb101"))]
  assert nb101[:3] == ["edge 0->1", "edge 0->2", "edge 1->2"]
  assert nb101[-1] == "operation 5"
  darts = decisions.of(nasjax.get_space("darts"))
  assert darts[0].name == "normal 2 input 0"
  assert darts[0].options == (0, 1)
  assert darts[-1].name == "reduce 5 operation 1"


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_study_finds_what_is_best_in_its_direction(direction):
  study = _study(_sampler(), direction)
  _run(study, 14)
  archs = _archs(study)
  assert _distinct(SPACE, archs) == 14
  values = np.array([trial.value for trial in study.trials])
  late, first = values[6:], values[:4]
  better = np.greater if direction == "maximize" else np.less
  assert better(late.mean(), first.mean())
  for trial in study.trials:
    (cell,) = SPACE.parse([trial.user_attrs["arch"]])
    assert trial.params == decisions.to_params(SPACE, cell)


@pytest.mark.parametrize(
  "name",
  [
    "toy",
    pytest.param("nb101", marks=pytest.mark.slow),
    pytest.param("darts", marks=pytest.mark.slow),
  ],
)
def test_spaces_whose_decisions_depend_on_each_other(name):
  space = toy.Toy() if name == "toy" else nasjax.get_space(name)
  if name == "nb101":
    space = nasjax.search.Subset(
      space, space.sample(30, np.random.default_rng(0))
    )
  study = _study(_sampler(space))
  _run(study, 7, space)
  assert _distinct(space, _archs(study)) == 7


def test_an_objective_may_ask_for_the_decisions_one_by_one():
  sampler = _sampler(NB201)
  study = _study(sampler)
  trial = study.ask()
  params = {
    f"{target}<-{source}": trial.suggest_categorical(
      f"{target}<-{source}", NB201.op_names
    )
    for source, target in ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
  }
  arch = sampler.suggest(trial)
  assert NB201.parse([arch])[0].tolist() == [
    NB201.op_names.index(option) for option in params.values()
  ]
  assert sampler.suggest(optuna.trial.FixedTrial(params)) == arch


def test_trials_depend_on_the_storage_and_the_seed_alone(tmp_path):
  whole = _study(_sampler())
  _run(whole, 10)
  storage = f"sqlite:///{tmp_path / 's.db'}"
  name = _study(_sampler(), storage=storage).study_name
  for _ in range(5):  # a new process each time
    study = optuna.load_study(
      study_name=name, storage=storage, sampler=_sampler()
    )
    _run(study, 2)
  assert _archs(study) == _archs(whole)
  other = _study(_sampler(seed=1))
  _run(other, 10)
  assert _archs(other) != _archs(whole)


def test_running_trials_are_pending():
  sampler = _sampler()
  study = _study(sampler)
  _run(study, 6)
  running = [study.ask() for _ in range(4)]
  archs = [sampler.suggest(trial) for trial in running]
  assert _distinct(SPACE, [*_archs(study)[:6], *archs]) == 10


def test_a_claim_counts_before_any_parameter_is_stored():
  """Another worker must see a cell as soon as it is chosen."""
  sampler = _sampler()
  study = _study(sampler)
  _run(study, 5)
  first, second = study.ask(), study.ask()
  chosen = [first.relative_params, second.relative_params]
  assert study.trials[-1].params == {}
  assert chosen[0] != chosen[1]


def test_workers_that_choose_at_once_choose_again(monkeypatch):
  """Both read the storage before either has claimed its cell."""
  sampler, rival = _sampler(), _sampler()
  study = _study(sampler)
  _run(study, 6)
  first, second = study.ask(), study.ask()
  original, met = integration.NasSampler._claim, []

  def claim_late(self, study, trial, genotype):
    if not met:
      met.append(genotype)
      rival_trial = study.get_trials(deepcopy=False)[second.number]
      original(rival, study, rival_trial, genotype)
    original(self, study, trial, genotype)

  monkeypatch.setattr(integration.NasSampler, "_claim", claim_late)
  own = decisions.to_genotype(SPACE, first.relative_params)
  assert met
  assert not np.array_equal(own, met[0])
  assert study.trials[first.number].system_attrs["nasjax:genotype"] == [
    SPACE.name,
    own.tolist(),
  ]


def test_threads_never_share_a_cell():
  sampler = _sampler(NB201)
  study = _study(sampler)

  def objective(trial):
    arch = sampler.suggest(trial)
    time.sleep(0.01)
    return _value(NB201, arch)

  study.optimize(objective, n_trials=16, n_jobs=4)
  assert _distinct(NB201, _archs(study)) == 16


_WORKER = """
import sys
import optuna
import nasjax
optuna.logging.set_verbosity(optuna.logging.WARNING)
sampler = nasjax.integrations.optuna.NasSampler("nb201", 0, num_first=4)
study = optuna.load_study(study_name="s", storage=sys.argv[1], sampler=sampler)
space = nasjax.get_space("nb201")
def objective(trial):
  cells = space.parse([sampler.suggest(trial)])
  print(trial.number, flush=True)
  return float(cells.sum())
study.optimize(objective, n_trials=int(sys.argv[2]))
"""


@pytest.mark.slow
def test_processes_share_a_storage_and_one_is_killed(tmp_path):
  storage = f"sqlite:///{tmp_path / 's.db'}"
  study = _study(None, storage=storage, study_name="s")
  words = [sys.executable, "-c", _WORKER, storage]
  with subprocess.Popen(
    [*words, "1000"], stdout=subprocess.PIPE, text=True
  ) as doomed:
    other = subprocess.Popen([*words, "12"], stdout=subprocess.DEVNULL)
    assert doomed.stdout is not None
    for _ in range(5):
      assert doomed.stdout.readline()
    doomed.kill()
    assert other.wait(timeout=300) == 0
  subprocess.run([*words, "6"], check=True, stdout=subprocess.DEVNULL)
  trials = [each for each in study.trials if "arch" in each.user_attrs]
  assert len(trials) >= 22
  archs = [each.user_attrs["arch"] for each in trials]
  assert _distinct(NB201, archs) == len(archs)
  assert sum(each.state == State.COMPLETE for each in trials) >= 22


def test_failed_pruned_and_infinite_trials():
  sampler = _sampler()
  study = _study(sampler)
  outcomes = []
  for number in range(7):
    trial = study.ask()
    sampler.suggest(trial)
    trial.report(10.0 + number, step=3)
    if number == 0:
      study.tell(trial, state=State.FAIL)
    elif number == 1:
      study.tell(trial, state=State.PRUNED)
    elif number == 2:
      study.tell(trial, float("inf"))
    elif number == 6:  # beyond what predictions in its unit could hold
      study.tell(trial, -1e300)
    else:
      study.tell(trial, float(number))
    outcomes.append(integration._value(study.trials[number]))
  expected = [np.nan, 11.0, np.nan, 3.0, 4.0, 5.0, np.nan]
  np.testing.assert_array_equal(outcomes, expected)
  trial = study.ask()
  sampler.suggest(trial)
  study.tell(trial, state=State.PRUNED)  # without any intermediate value
  assert np.isnan(integration._value(study.trials[6]))
  following = study.ask()
  archs = [*_archs(study)[:7], sampler.suggest(following)]
  assert _distinct(SPACE, archs) == 8


def test_what_the_strategy_is_told(monkeypatch):
  """Values by direction, failures as NaN, running trials as pending."""
  seen = []
  original = nasjax.search.get_strategy("model").__class__.propose

  def propose(self, state, num, rng):
    seen.append((self.tried(state)[1], len(state.pending), num))
    return original(self, state, num, rng)

  monkeypatch.setattr(
    nasjax.search.get_strategy("model").__class__, "propose", propose
  )
  sampler = _sampler()
  study = _study(sampler, "minimize")
  _run(study, 2)
  failed, running = study.ask(), study.ask()
  sampler.suggest(failed)
  sampler.suggest(running)
  study.tell(failed, state=State.FAIL)
  sampler.suggest(study.ask())
  values, pending, num = seen[-1]
  expected = [-trial.value for trial in study.trials[:2]]
  np.testing.assert_array_equal(values, [*expected, np.nan])
  assert (pending, num) == (1, 1)


def test_enqueued_trials_are_taken_and_claimed():
  sampler = _sampler()
  study = _study(sampler)
  cell = SPACE.sample(1, np.random.default_rng(5))[0]
  study.enqueue_trial(decisions.to_params(SPACE, cell))
  _run(study, 5)
  assert _archs(study)[0] == SPACE.format(cell[None])[0]
  assert _distinct(SPACE, _archs(study)) == 5
  study.enqueue_trial({"choice_0": 0})
  trial = study.ask()
  with pytest.raises(errors.UserError, match=r"fix every decision .* or none"):
    sampler.suggest(trial)


def test_trials_of_another_sampler_are_a_warm_start():
  study = _study(optuna.samplers.RandomSampler(seed=0))
  sampler = _sampler()
  study.optimize(lambda trial: _value(SPACE, sampler.suggest(trial)), 6)
  former = set(_archs(study))
  study.sampler = sampler
  _run(study, 5)
  assert len({*_archs(study)[6:]} - former) == 5


def test_a_space_that_was_asked_to_its_end_stops_the_study():
  cells = toy.Toy().enumerate()[:6]
  space = nasjax.search.Subset(toy.Toy(), cells)
  sampler = _sampler(space)
  study = _study(sampler)
  _run(study, 50, space)
  assert len(study.trials) == 6
  trial = study.ask()
  with pytest.raises(errors.UserError, match="every architecture of 'toy'"):
    sampler.suggest(trial)


def test_several_objectives_are_one_line():
  study = optuna.create_study(
    directions=["maximize", "minimize"], sampler=_sampler()
  )
  with pytest.raises(errors.UserError, match="one objective, got 2") as caught:
    study.ask()
  assert "\n" not in str(caught.value)


def test_parameters_of_something_else_are_one_line():
  sampler = _sampler()
  study = _study(sampler)
  trial = study.ask()
  with pytest.raises(errors.UserError, match="parameter of a study of") as e:
    trial.suggest_float("learning_rate", 0, 1)
  assert "\n" not in str(e.value)
  foreign = _study(optuna.samplers.RandomSampler(seed=0))
  foreign.optimize(lambda trial: trial.suggest_float("x", 0, 1), 1)
  foreign.sampler = sampler
  with pytest.raises(errors.UserError, match="trial 0 with the parameter 'x'"):
    sampler.suggest(foreign.ask())


def test_an_option_of_another_list_is_one_line():
  params = decisions.to_params(
    SPACE, SPACE.sample(1, np.random.default_rng(0))[0]
  )
  with pytest.raises(errors.UserError, match="choice_0 of 'chain': expected"):
    decisions.to_genotype(SPACE, {**params, "choice_0": 99})
  for options, message in (
    ({"seed": -1}, "seed: expected a whole number"),
    ({"num_first": 0}, "num_first: expected"),
    ({"speed": 1}, "option of strategy 'model'"),
    ({"space": "nb999"}, "nb999"),
  ):
    with pytest.raises(errors.UserError, match=message):
      integration.NasSampler(**{"space": SPACE, **options})


def test_a_sampler_is_copied_to_other_processes():
  sampler = pickle.loads(pickle.dumps(integration.NasSampler("nb201", 3)))
  assert sampler.space.name == "nb201"
  assert next(iter(sampler.search_space)) == "1<-0"
