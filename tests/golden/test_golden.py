"""Every predictor that comes with nasjax scores as it did when it was stored.

So do small ones that an earlier version saved: with and without a transformer,
a compared model, and one that sees images.
"""

import json

import make_golden
import numpy as np
import pytest

STORED = json.loads(make_golden.SCORES.read_text())


def test_every_predictor_has_golden_scores():
  assert set(make_golden.names()) == set(STORED)


@pytest.mark.parametrize("name", sorted(STORED))
def test_scores_are_as_stored(name):
  stored = np.array(STORED[name]["scores"])
  scores = make_golden.open_any(name).predict(STORED[name]["archs"])
  # Labels in percent: float32 rounds them by up to 4e-6.
  tolerance = 1e-6 * np.abs(stored).max()
  assert np.ptp(stored) > 1e4 * tolerance
  np.testing.assert_allclose(scores, stored, rtol=0, atol=tolerance)
