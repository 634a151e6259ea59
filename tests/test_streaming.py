"""Streams of samples: the best K, constant memory, stop and resume."""

import json

import numpy as np
import pytest
import scoring_models
import tiny

from nasjax import errors
from nasjax.commands import score as command
from nasjax.scoring import streaming
from nasjax.spaces import registry as spaces


def value(genotypes):
  """Any deterministic score: isomorphic cells of NB201 may differ."""
  return (genotypes * [0.3, 1.7, 0.11, 0.9, 2.3, 0.77]).sum(axis=1)


def stream(num_samples, state=None, score_fn=value, **options):
  return streaming.stream_top_k(
    score_fn,
    spaces.get_space("nb201"),
    num_samples,
    20,
    seed=3,
    batch_size=64,
    state=state,
    **options,
  )


def test_the_best_of_everything_that_was_sampled():
  space = spaces.get_space("nb201")
  best = stream(200)
  samples = np.concatenate(
    [space.sample(64, np.random.default_rng([3, i])) for i in range(4)]
  )[:200]
  scores = value(samples)
  order = np.argsort(-scores, kind="stable")
  _, first = np.unique(space.fingerprint(samples[order]), return_index=True)
  expected = order[np.sort(first)[:20]]
  np.testing.assert_array_equal(best.genotypes, samples[expected])
  np.testing.assert_array_equal(best.scores, scores[expected])
  assert best.num_scored == 200
  assert best.mean == pytest.approx(scores.mean())
  assert best.std == pytest.approx(scores.std())


def test_a_resumed_stream_equals_an_uninterrupted_one(tmp_path):
  state = tmp_path / "state.npz"
  calls = []

  def dies(genotypes):
    calls.append(len(genotypes))
    if len(calls) == 8:
      raise KeyboardInterrupt
    return value(genotypes)

  with pytest.raises(KeyboardInterrupt):
    stream(1000, state, dies, save_every=3)
  assert streaming.load(state, " nb201 3 20 64").num_scored == 6 * 64
  resumed = stream(1000, state, save_every=3)
  straight = stream(1000)
  np.testing.assert_array_equal(resumed.genotypes, straight.genotypes)
  np.testing.assert_array_equal(resumed.scores, straight.scores)
  assert (resumed.mean, resumed.std) == (straight.mean, straight.std)


def test_memory_does_not_grow(tmp_path):
  best = stream(640, tmp_path / "state.npz")
  assert best.genotypes.shape == (20, 6)
  small = (tmp_path / "state.npz").stat().st_size
  stream(6400, tmp_path / "state.npz")
  assert (tmp_path / "state.npz").stat().st_size < small + 100


def test_a_state_of_another_stream_is_refused(tmp_path):
  state = tmp_path / "state.npz"
  stream(128, state)
  with pytest.raises(errors.UserError, match="state of another stream"):
    stream(128, state, identity="another predictor")
  with pytest.raises(errors.UserError, match="at least the 128"):
    stream(64, state)
  with pytest.raises(errors.UserError, match="num_samples: expected at least"):
    stream(0)


@pytest.mark.slow
def test_the_command_streams_darts_and_resumes(tmp_path, capsys):
  checkpoint = scoring_models.save_predictor(
    tmp_path / "model", "darts", **tiny.LIGHT
  )
  arguments = [
    *("scoring", "--space", "darts", "--checkpoint", str(checkpoint)),
    *("--top_k", "5", "--num_samples"),
  ]
  out = tmp_path / "best.json"
  assert command.main([*arguments, "300", "--out", str(out)]) == 0
  report = json.loads(out.read_text())
  assert report["num_scored"] == 300
  assert len(report["top"]) == 5
  scores = [row["score"] for row in report["top"]]
  assert scores == sorted(scores, reverse=True)
  assert report["top"][0]["arch"].startswith("Genotype(normal=")
  assert "300 architectures: mean score" in capsys.readouterr().out
