"""Prior scores: ranks in a space, the mean of a process, the first cells."""

import numpy as np
import own_space
import pytest
from scipy import special

import nasjax
from nasjax import errors, search
from nasjax.commands import suggest
from nasjax.regression import gaussian
from nasjax.search import model_based, priors, state
from nasjax.zero_label import normal, ranking

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.enumerate()
SCORES = (CELLS == 3).sum(axis=1) + (CELLS @ 7.0 ** -np.arange(1, 7))


@pytest.fixture
def zero(monkeypatch):
  """The zero-label score, as numbers that cost nothing."""
  found = (lambda cells: SCORES[SPACE.rows(cells)]), None
  monkeypatch.setattr(ranking, "scorer", lambda space, proxies: found)
  normal._of_space.cache_clear()
  yield
  normal._of_space.cache_clear()


def test_scores_are_normal_scores_of_ranks_in_the_space():
  prior = priors.Prior(SCORES)
  found = priors.normal_scores(prior, SPACE, CELLS)
  best, worst = np.argmax(SCORES), np.argmin(SCORES)
  assert found[best] == pytest.approx(special.ndtri(1 - 0.5 / len(CELLS)))
  assert found[worst] == pytest.approx(-found[best])
  assert (np.diff(found[np.argsort(SCORES)]) >= 0).all()
  middle = np.sort(found)[len(found) // 2]
  assert middle == pytest.approx(0, abs=1e-3)


def test_equal_scores_are_equal_and_in_the_middle():
  prior = priors.Prior(np.zeros(len(CELLS)))
  np.testing.assert_allclose(
    priors.normal_scores(prior, SPACE, CELLS[:5]), 0, atol=1e-9
  )


def test_a_function_is_as_good_as_its_numbers():
  prior = priors.Prior(lambda cells: SCORES[SPACE.rows(cells)])
  np.testing.assert_array_equal(
    priors.normal_scores(prior, SPACE, CELLS[::100]),
    priors.normal_scores(priors.Prior(SCORES), SPACE, CELLS[::100]),
  )


def test_a_space_that_cannot_be_enumerated_has_ranks_too(rng):
  space = nasjax.get_space("darts")
  prior = priors.Prior(lambda cells: cells.sum(axis=1))
  found = priors.normal_scores(prior, space, space.sample(500, rng))
  assert np.isfinite(found).all()
  assert abs(found.mean()) < 0.2
  assert 0.8 < found.std() < 1.2


@pytest.mark.parametrize(
  ("prior", "message"),
  [
    ("zro", "unknown prior 'zro'"),
    (np.zeros((2, 2)), "expected one of none, zero"),
    (np.full(15625, np.nan), "without NaN"),
    (["a"], "expected one of none, zero"),
    (np.zeros(3), r"one number for each architecture .* \(15625\), got 3"),
    (lambda cells: np.zeros(2), r"got shape \[2\]"),
    (lambda cells: "mine", "got 'mine'"),
    (lambda cells: [[1], [1, 2]], r"got \[\[1\], \[1, 2\]\]"),
    (lambda cells: np.full(len(cells), np.nan), "got NaN"),
  ],
)
def test_what_is_no_prior_is_one_line(prior, message):
  with pytest.raises(errors.UserError, match=message) as caught:
    nasjax.suggest("nb201", [], [], 1, prior=prior)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
  "other", [{"target": "cost"}, {"surrogate": "default"}]
)
def test_a_prior_that_nothing_reads_is_refused(other):
  with pytest.raises(errors.UserError, match="prior: expected"):
    search.get_strategy("model", prior="zero", **other)


def test_the_mean_follows_the_prior_where_nothing_is_near(rng):
  """Cells with no neighbours: the mean is that of a weighted line."""
  num = 60
  z = rng.normal(size=num)
  targets = 0.3 + 0.5 * z + 0.1 * rng.normal(size=num)
  apart = np.full((num, num), 50.0) - 50.0 * np.eye(num)
  process = gaussian.fit(apart, targets, prior=z)
  basis = np.stack([np.ones(num), z])
  weight = 1 / (1 + process.noise)
  normal = weight * basis @ basis.T
  right = weight * basis @ targets
  normal[1, 1] += gaussian.PULL
  right[1] += gaussian.PULL * gaussian.SLOPE
  mean, slope = np.linalg.solve(normal, right)
  assert process.mean == pytest.approx(mean, abs=1e-6)
  assert process.slope == pytest.approx(slope, abs=1e-6)
  assert process.slope == pytest.approx(0.5, abs=0.03)


def test_without_a_prior_the_mean_is_a_constant(rng):
  apart = rng.random((9, 9))
  apart = apart + apart.T
  np.fill_diagonal(apart, 0)
  assert gaussian.fit(apart, rng.normal(size=9)).slope == 0


def test_few_values_leave_the_slope_where_it_was():
  process = gaussian.fit(
    np.array([[0.0, 2.0], [2.0, 0.0]]),
    np.array([-0.5, 0.5]),
    prior=np.array([2.0, 1.9]),
  )
  assert process.slope == pytest.approx(gaussian.SLOPE, abs=0.1)


def test_a_note_says_how_many_are_spread_out(zero, capsys):
  words = ["suggest", "--space", "nb201", "--prior", "zero", "--count", "8"]
  assert suggest.main(words) == 0
  printed = capsys.readouterr().err
  assert "5 instead of 8 are suggested: the first 5 trainings" in printed


def test_the_winner_is_named_with_a_prior(zero):
  suggester = nasjax.Suggester("nb201", prior="zero")
  some = CELLS[::400]
  values = (some == 3).sum(axis=1) + 0.1 * (some == 2).sum(axis=1)
  suggester.tell(some, values)
  winner = suggester.best()
  assert winner.value >= np.quantile(values, 0.8)
  assert winner.predicted is not None


def test_the_first_cells_are_among_the_best_and_far_apart(zero):
  found = nasjax.suggest("nb201", [], [], 8, prior="zero")
  assert len(found) == 5
  assert {each.reason for each in found} == {"spread"}
  ranks = (-SCORES).argsort().argsort()
  chosen = [ranks[SPACE.rows(each.genotype[None])[0]] for each in found]
  assert max(chosen) < 3000
  assert len({each.arch for each in found}) == 5


def test_the_first_cells_of_a_small_space_are_its_best():
  space = own_space.Chain()
  prior = (space.enumerate() == 1).sum(axis=1) * 1.0
  found = nasjax.suggest(space, [], [], 5, prior=prior)
  assert all(each.arch.count("1") >= 3 for each in found)


def test_it_finds_the_best_cell_sooner(zero):
  """A prior that is nearly right, one cell a step."""
  truth = SCORES + np.random.default_rng(0).normal(0, 0.3, len(SCORES))
  keys = SPACE.function_keys(CELLS)
  truth = np.bincount(keys.astype(int), truth) / np.bincount(keys.astype(int))
  values = lambda cells: truth[SPACE.function_keys(cells).astype(int)]  # noqa: E731
  best = []
  for prior in ("none", "zero"):
    strategy = search.get_strategy("model", prior=prior)
    result = search.run(strategy, SPACE, values, 7, 0, batch_size=1)
    best.append(result.scores.max())
  assert best[1] > best[0]


def test_a_saved_search_knows_its_prior(tmp_path, zero):
  path = tmp_path / "search.npz"
  strategy = model_based.ModelBased(prior=SCORES)
  begun = strategy.init(SPACE, 0, 20)
  state.save(path, strategy, begun)
  state.load(path, model_based.ModelBased(prior=SCORES.copy()), SPACE)
  for other in ("none", "zero", SCORES + 1):
    with pytest.raises(errors.UserError, match="saved search"):
      state.load(path, model_based.ModelBased(prior=other), SPACE)


def test_a_search_that_was_saved_before_there_were_priors_goes_on():
  assert "prior" not in state.options_of(model_based.ModelBased())
  assert (
    state.options_of(model_based.ModelBased(prior="zero"))["prior"] == "zero"
  )
