"""Rankings: sums of log ranks, what is kept, what is said where parts lack."""

import numpy as np
import own_space
import pytest

import nasjax
from nasjax import errors, search, zero_label
from nasjax.zero_label import log_ranks, parts, recipes, transfer

SPACE = nasjax.get_space("nb201")


@pytest.fixture
def measured(monkeypatch):
  """Proxies that count convolutions, and how often they were measured."""
  calls = []

  def measure(space, genotypes, names, *, seeds, progress):
    calls.append(len(genotypes))
    convs = (genotypes >= 2).sum(axis=1) * 1.0
    return {name: convs + number for number, name in enumerate(names)}

  monkeypatch.setattr(parts.proxies, "measure", measure)
  monkeypatch.setattr(parts.shipped, "look_up", lambda *_: None)
  return calls


@pytest.fixture
def counted(monkeypatch):
  """A transfer predictor that counts convolutions, which is fast."""

  def predict(self, space, genotypes, models=None):
    return (genotypes == 3).sum(axis=1) + 0.01 * genotypes[:, 0]

  monkeypatch.setattr(transfer.Transfer, "predict", predict)


@pytest.fixture
def cache(monkeypatch, tmp_path):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))


def test_log_ranks_worked_by_hand():
  found = log_ranks.log_ranks(np.array([3.0, np.nan, 1.0, 3.0]))
  np.testing.assert_allclose(found, np.log([3.5 / 4, 1 / 4, 2 / 4, 3.5 / 4]))
  assert log_ranks.log_ranks(np.zeros(0)).shape == (0,)


def test_a_bad_rank_counts_for_more_than_a_good_one():
  first, second = np.array([1.0, 2, 3]), np.array([3.0, 2, 1])
  joined = log_ranks.join({"a": first, "b": second}, {"a": 1, "b": 1})
  assert joined[1] > joined[0] == joined[2]
  only = log_ranks.join({"a": first, "b": second}, {"a": 1, "b": 0})
  np.testing.assert_allclose(only, np.log([1 / 3, 2 / 3, 1]))


def test_the_transfer_weighs_as_much_as_all_proxies(measured, cache, rng):
  cells = SPACE.sample(30, rng)
  found = zero_label.rank(SPACE, cells, progress=False)
  names = recipes.PROXIES
  assert list(found.parts) == [recipes.TRANSFER, *names]
  assert found.weights[recipes.TRANSFER] == len(names)
  expected = len(names) * log_ranks.log_ranks(found.parts[recipes.TRANSFER])
  for name in names:
    expected = expected + log_ranks.log_ranks(found.parts[name])
  np.testing.assert_allclose(found.scores, expected / (2 * len(names)))
  assert "transfer from nb101" in found.describe()
  best = found.scores[found.order]
  assert (np.diff(best) <= 0).all()


def test_what_computes_nothing_is_last(measured, cache, rng):
  cells = np.concatenate([np.zeros((1, 6), np.int8), SPACE.sample(20, rng)])
  found = zero_label.rank(SPACE, cells, progress=False)
  is_dead = found.parts[recipes.TRANSFER] == transfer.DEAD
  assert is_dead[0]
  assert is_dead[found.order[-is_dead.sum() :]].all()
  assert found.notes == ()


def test_many_cells_are_measured_once(measured, counted, cache):
  cells = SPACE.enumerate()[::15]
  assert len(cells) > 1000
  first = zero_label.rank(SPACE, cells, progress=False)
  again = zero_label.rank(SPACE, cells, progress=False)
  np.testing.assert_array_equal(first.scores, again.scores)
  assert measured == [len(cells)]
  zero_label.rank(SPACE, cells, proxies=["nwot"], progress=False)
  assert measured == [len(cells)] * 2


def test_no_proxies_leave_the_transfer_as_it_is(measured, rng):
  cells = SPACE.sample(5, rng)
  found = zero_label.rank(SPACE, cells, proxies=(), progress=False)
  expected = transfer.load("nb101").predict(SPACE, cells)
  np.testing.assert_array_equal(found.scores, expected)
  assert found.describe() == "transfer from nb101"
  assert measured == []


def test_a_proxy_without_a_score_is_said(monkeypatch, cache, rng):
  cells = SPACE.sample(20, rng)

  def measure(space, genotypes, names, *, seeds, progress):
    scores = np.arange(float(len(genotypes)))
    scores[3] = np.nan
    return dict.fromkeys(names, scores)

  monkeypatch.setattr(parts.proxies, "measure", measure)
  monkeypatch.setattr(parts.shipped, "look_up", lambda *_: None)
  cells[3] = [3] * 6
  found = zero_label.rank(SPACE, cells, proxies=("nwot",), progress=False)
  assert found.notes == ("1 architectures have no nwot and rank last in it",)


def test_nb101_is_ranked_by_another_space():
  assert recipes.of(nasjax.get_space("nb101")).source == "nb201_transnas"
  darts = recipes.of(nasjax.get_space("darts"))
  assert (darts.source, darts.proxies) == ("nb101", ())


def test_a_space_of_ones_own_is_ranked_by_the_transfer(measured, rng):
  space = own_space.Chain()
  cells = space.sample(6, rng)
  found = zero_label.rank(space, cells, progress=False)
  assert list(found.parts) == [recipes.TRANSFER]
  (note,) = found.notes
  assert "the transfer predictor alone" in note
  assert len(np.unique(found.scores)) > 1
  joined = zero_label.rank(space, cells, proxies=("nwot",), progress=False)
  assert list(joined.parts) == [recipes.TRANSFER, "nwot"]
  assert measured == [6]


@pytest.mark.parametrize(
  ("names", "message"),
  [
    (["nwott"], "nwott"),
    ([["nwot"]], "unknown proxy"),
    (None, "expected names, got None; ()"),
    (5, "expected names, got 5"),
  ],
)
def test_an_unknown_proxy_is_one_line(names, message, rng, monkeypatch):
  monkeypatch.setattr(parts, "of_base", None)  # names are checked before
  with pytest.raises(errors.UserError, match=message) as caught:
    zero_label.rank(SPACE, SPACE.sample(3, rng), proxies=names)
  assert "\n" not in str(caught.value)


def test_a_score_of_a_search_depends_on_its_cell_alone(
  measured, counted, cache, rng
):
  few = search.Subset(SPACE, SPACE.sample(200, rng))
  score_fn, ranking = zero_label.scorer(few)
  assert ranking is not None
  assert len(ranking.scores) == 15625
  cells = SPACE.sample(50, rng)
  whole = score_fn(cells)
  np.testing.assert_array_equal(whole[10:20], score_fn(cells[10:20]))
  rows = SPACE.rows(cells)
  np.testing.assert_array_equal(whole, ranking.scores[rows])


def test_a_space_that_cannot_be_enumerated_asks_the_transfer(rng):
  space = nasjax.get_space("darts")
  score_fn, ranking = zero_label.scorer(space)
  cells = space.sample(3, rng)
  expected = transfer.load("nb101").predict(
    space, cells, recipes.of(space).models
  )
  assert ranking is None
  np.testing.assert_array_equal(score_fn(cells), expected)
