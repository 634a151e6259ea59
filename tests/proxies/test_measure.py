"""`proxies.measure`: cells, seeds, failures and mistakes."""

import numpy as np
import own_space
import pytest
from scipy import stats

import nasjax
from nasjax import compiler, errors, proxies
from nasjax.proxies import (
  activations,
  batches,
  cells,
  jacobians,
  program,
  scores,
  skeletons,
)
from nasjax.spaces import registry

SPACE = registry.get_space("nb201")
# One function under two names (skip before or behind the pooling), a chain of
# convolutions, a cell whose operations are dead, one without any path.
CELLS = np.array(
  [
    [1, 0, 4, 0, 0, 3],
    [4, 0, 1, 0, 0, 3],
    [3, 0, 3, 0, 0, 3],
    [3, 0, 3, 2, 0, 0],
    [3, 3, 3, 0, 0, 0],
  ],
  np.int8,
)
SMALL = skeletons.Skeleton(4, 1, 4, 6)


@pytest.fixture(scope="module")
def small():
  """The mini skeleton, smaller, in programs that compile faster."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setitem(skeletons.SKELETONS, "mini", SMALL)
    patch.setattr(compiler, "_LIGHT", {})
    patch.setattr(program, "CHUNK", 3)
    yield


@pytest.fixture(scope="module")
def measured(small):
  names = ("params", "flops", "nwot")
  return proxies.measure("nb201", CELLS, names, seeds=(0, 1), progress=False)


def test_scores_and_how_they_were_made(measured):
  assert list(measured) == ["params", "flops", "nwot"]
  assert measured["nwot"].dtype == np.float64
  assert measured["nwot"].shape == (5,)
  assert measured.num_networks == 4
  assert measured.failed == {"params": 0, "flops": 0, "nwot": 1}
  assert "Gaussian noise" in str(measured)
  assert "nwot 1" in str(measured)


def test_functions_are_measured_once_and_dead_parts_never(measured):
  nwot = measured["nwot"]
  assert nwot[0] == nwot[1]
  assert len(set(nwot[1:4])) == 3
  assert np.isnan(nwot[4])
  params = measured["params"]
  assert params[3] == SPACE.num_params(np.array([[0, 0, 0, 2, 0, 0]]))[0]
  assert params[4] == SPACE.num_params(np.zeros((1, 6), np.int8))[0]


def test_a_score_is_the_mean_over_seeds(measured):
  of_seeds = measured.of_seeds["nwot"]
  assert of_seeds.shape == (2, 5)
  assert (of_seeds[0, :4] != of_seeds[1, :4]).all()
  np.testing.assert_array_equal(of_seeds.mean(0), measured["nwot"])
  assert measured.of_seeds["params"].shape == (1, 5)


def test_a_score_depends_on_the_cell_alone(measured, small, capsys):
  alone = proxies.measure("nb201", CELLS[2:3], ["nwot"], seeds=(0, 1))
  np.testing.assert_allclose(alone["nwot"], measured["nwot"][2], rtol=1e-6)
  assert "100 %" in capsys.readouterr().err


def test_images_of_a_user(measured, small):
  rng = np.random.default_rng(0)
  images = rng.integers(256, size=(9, 8, 8, 3), dtype=np.uint8)
  found = proxies.measure(
    "nb201", CELLS[:3], ["nwot"], seeds=(0, 1), images=images, progress=False
  )
  assert found.images == "real images, random labels"
  assert (found["nwot"] != measured["nwot"][:3]).all()


def test_no_cells():
  found = proxies.measure("nb201", CELLS[:0], ["params", "nwot"])
  assert found["params"].shape == found["nwot"].shape == (0,)


def test_batches_of_images():
  rng = np.random.default_rng(0)
  images = rng.integers(256, size=(6, 8, 8, 3), dtype=np.uint8)
  labels = np.arange(6)
  found = batches.real(SMALL, (0, 1), (images, labels))
  assert found.images.shape == (2, 3, 4, 4, 6)
  assert sorted(found.labels[0]) == sorted(found.labels[1]) == list(range(6))
  scale = images.astype(np.float64)
  scale = (scale - scale.mean((0, 1, 2))) / scale.std((0, 1, 2))
  first = scale[found.labels[0][0], :2, :2].mean((0, 1))
  np.testing.assert_allclose(found.images[0, :, 0, 0, 0], first, rtol=1e-4)


def test_noise_has_variance_one():
  for smooth in (True, False):
    own = skeletons.Skeleton(4, 1, 16, 64, is_smooth=smooth)
    images = batches.noise(own, (3,)).images
    assert abs(images.var() - 1) < 0.05
    near = (images[:, :, 1:] * images[:, :, :-1]).mean()
    assert abs(near - (2 / 3 if smooth else 0)) < 0.05


def test_log_determinant_by_hand():
  kernels = np.array([[[2.0, 1.0], [1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]])
  found = activations.log_determinant(kernels)
  np.testing.assert_allclose(found[0], np.log(3))
  assert found[1] == -np.inf


def test_spread_of_gradients_by_hand():
  # Uncorrelated gradients: four eigenvalues of one. Equal ones: 4, 0, 0, 0.
  small = 1e-5
  best = jacobians.spread(np.eye(4))
  np.testing.assert_allclose(best, -4 * (np.log1p(small) + 1 / (1 + small)))
  worst = -(np.log(4 + small) + 1 / (4 + small))
  worst -= 3 * (np.log(small) + 1 / small)
  np.testing.assert_allclose(jacobians.spread(np.ones((4, 4))), worst)
  assert np.isnan(jacobians.spread(np.full((2, 2), np.nan)))


def test_correlations_are_those_of_numpy():
  rows = np.random.default_rng(0).normal(size=(4, 9)).astype(np.float32)
  found = jacobians.correlations(rows)
  np.testing.assert_allclose(found, np.corrcoef(rows), atol=1e-5)


def test_seeds_are_averaged_as_logarithms_of_ranks():
  of_seeds = np.array([[1.0, 5.0, np.nan, 2.0], [7.0, 1.0, 3.0, 7.0]])
  found = scores._mean(of_seeds, True)
  ranks = stats.rankdata([7.0, 1.0, 3.0, 7.0])
  expected = np.log([1 / 3, 1, np.nan, 2 / 3]) + np.log(ranks / 4)
  np.testing.assert_allclose(found, expected / 2)


@pytest.mark.parametrize("name", ["nb101", "darts"])
def test_isomorphic_cells_are_one(name):
  space = registry.get_space(name)
  genotypes = space.sample(5, np.random.default_rng(0))
  found = cells.distinct(space, np.concatenate([genotypes, genotypes]))
  assert len(found.genotypes) == len(set(space.fingerprint(genotypes).tolist()))
  np.testing.assert_array_equal(found.rows[:5], found.rows[5:])


def test_mistakes_are_one_line(small):
  images = np.zeros((2, 8, 8, 3))
  nothing = np.full((6, 8, 8, 3), np.nan)
  wrong = [
    (("nb201", CELLS, ["nvot"]), {}, "unknown proxy 'nvot'"),
    (("nb202", CELLS, ["nwot"]), {}, "nb202"),
    (("nb201", CELLS + 9, ["nwot"]), {}, "not a cell"),
    (("nb201", CELLS, ["nwot"]), {"skeleton": "big"}, "unknown skeleton"),
    (("nb201", CELLS, ["nwot"]), {"seeds": ()}, "at least one"),
    (("nb201", CELLS, ["nwot"]), {"seeds": (-1,)}, "whole numbers"),
    (("nb201", CELLS, ["nwot"]), {"seeds": 3}, "whole numbers"),
    (("nb201", CELLS, None), {}, "expected names, got None"),
    (("nb201", CELLS, ["nwot"]), {"images": images}, "at least 6 images"),
    (("nb201", CELLS, ["nwot"]), {"images": [[1], [1, 2]]}, "at least 6"),
    (("nb201", CELLS, ["nwot"]), {"images": nothing}, "finite numbers"),
  ]
  for arguments, options, message in wrong:
    with pytest.raises(errors.UserError, match=message) as caught:
      proxies.measure(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_a_space_that_does_not_count_says_so(monkeypatch):
  space = own_space.Chain()
  genotypes = space.sample(2, np.random.default_rng(0))
  with pytest.raises(errors.UserError, match="does not count parameters"):
    proxies.measure(space, genotypes, ["params"])
  monkeypatch.setattr(program, "run", None)  # nothing is measured before
  with pytest.raises(errors.UserError, match="does not count parameters"):
    proxies.measure(space, genotypes, ["nwot", "params"])


def test_the_registry_says_what_each_proxy_is():
  assert nasjax.proxies is proxies
  for name, proxy in proxies.PROXIES.items():
    assert proxy.name == name
    assert proxy.source
    assert (proxy.compute is None) != (proxy.count is None)
    assert proxy.sign in (-1, 1)
    assert proxy.is_deterministic == (proxy.count is not None)
