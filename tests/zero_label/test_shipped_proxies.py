"""Proxies of whole spaces that come with nasjax."""

import numpy as np
import pytest
from scipy import stats

import nasjax
from nasjax import errors, files, proxies, zero_label
from nasjax.zero_label import parts, recipes, shipped, transfer

SPACE = nasjax.get_space("nb201")


def test_every_cell_has_its_scores_by_function(rng):
  cells = SPACE.enumerate()
  found = shipped.look_up(SPACE, cells, recipes.PROXIES)
  assert tuple(found) == recipes.PROXIES
  keys = SPACE.function_keys(cells)
  _, first, place = np.unique(keys, return_index=True, return_inverse=True)
  for scores in found.values():
    np.testing.assert_array_equal(scores, scores[first][place.reshape(-1)])
  some = np.concatenate([[0], rng.choice(SPACE.size, 300)])
  scores = transfer.load("nb101").predict(SPACE, cells[some])
  is_dead = np.isnan(found["nwot"][some])
  assert is_dead[0]
  np.testing.assert_array_equal(scores == transfer.DEAD, is_dead)


def test_some_cells_have_the_scores_of_all(rng):
  rows = rng.choice(SPACE.size, 9)
  cells = SPACE.enumerate()
  whole = shipped.look_up(SPACE, cells, ("nwot",))["nwot"]
  some = shipped.look_up(SPACE, cells[rows], ("nwot",))
  assert list(some) == ["nwot"]
  np.testing.assert_array_equal(some["nwot"], whole[rows])


def test_others_do_not_come_with_nasjax():
  cells = SPACE.enumerate()[:2]
  assert shipped.look_up(SPACE, cells, ("nwot", "synflow")) is None
  nb101 = nasjax.get_space("nb101")
  assert shipped.look_up(nb101, np.zeros((0, 26), np.int8), ("nwot",)) is None


def test_a_ranking_of_the_space_measures_nothing(monkeypatch):
  def measure(*args, **kwargs):
    raise AssertionError("networks were measured")

  monkeypatch.setattr(parts.proxies, "measure", measure)
  cells = SPACE.enumerate()[-20:]
  found = zero_label.rank(SPACE, cells, progress=False)
  assert set(recipes.PROXIES) < set(found.parts)
  with pytest.raises(AssertionError, match="networks were measured"):
    zero_label.rank(SPACE, cells, proxies=["synflow"], progress=False)


def test_a_file_of_other_cells_is_one_line(tmp_path, monkeypatch):
  path = tmp_path / "nb201_proxies.npz"
  monkeypatch.setattr(shipped, "path_of", lambda name: path)
  shipped._tables.cache_clear()
  cells = SPACE.enumerate()[:2]
  for names, size in ((("nwot",), SPACE.size), (recipes.PROXIES, 100)):
    files.save_npz(path, **{name: np.zeros(size, "f") for name in names})
    with pytest.raises(errors.UserError, match="15,625 cells, got others"):
      shipped.look_up(SPACE, cells, ("nwot",))
  shipped._tables.cache_clear()


def test_they_are_those_of_the_recipe():
  assert set(shipped.MEASURED) == set(recipes.PROXIES)


@pytest.mark.slow
@pytest.mark.parametrize("how", sorted(set(shipped.MEASURED.values())), ids=str)
def test_they_are_what_is_measured(how, rng):
  cells = SPACE.sample(20, rng)
  skeleton, seeds = how
  names = [name for name in recipes.PROXIES if shipped.MEASURED[name] == how]
  measured = proxies.measure(
    SPACE, cells, names, skeleton=skeleton, seeds=seeds, progress=False
  )
  for name in names:
    again, found = measured[name], shipped.look_up(SPACE, cells, [name])[name]
    kept = np.isfinite(again)
    assert kept.sum() >= 15
    if name == "nwot":
      np.testing.assert_allclose(found[kept], again[kept], rtol=1e-4)
    order, _ = stats.spearmanr(found[kept], again[kept])
    assert order > 0.97
