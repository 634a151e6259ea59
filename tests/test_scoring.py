"""Scoring: one compilation, the same scores however the work is cut."""

import flax.linen as nn
import jax
import numpy as np
import pytest
from scoring_models import TINY, cells_of, close, make, one_by_one

from nasjax import errors, scoring
from nasjax.scoring import chunks, sharing
from nasjax.spaces import registry as spaces
from nasjax.systems import registry


@pytest.fixture
def compilations():
  """Names of the programs that are compiled while a test runs."""
  names = []

  def count(event, duration, **fields):
    if "backend_compile" in event:
      names.append(fields.get("fun_name"))

  jax.monitoring.register_event_duration_secs_listener(count)
  yield names
  jax.monitoring.unregister_event_duration_listener(count)


@pytest.mark.slow
@pytest.mark.parametrize("members", [1, 2])
def test_scores_are_those_of_the_model_on_one_cell_at_a_time(members, rng):
  space, model, params = make(members=members)
  genotypes = space.sample(9, rng)
  expected = one_by_one(space, model, params, genotypes)
  for chunk in (1, 8):
    close(scoring.score(model, params, space, genotypes, chunk=chunk), expected)


@pytest.mark.slow
def test_equal_scores_dense_jraph_chunked_and_shared(rng):
  space, model, params = make(adjacency="norm", bidirectional=True)
  jraph_model = registry.create_model(
    {
      **TINY,
      "adjacency": "norm",
      "bidirectional": True,
      "implementation": "jraph",
    }
  )
  genotypes = np.concatenate([space.sample(90, rng), space.enumerate()[:7]])
  expected = scoring.score(
    model, params, space, genotypes, chunk=128, share=False
  )
  for other in (model, jraph_model):
    for options in ({}, {"chunk": 16}):
      scores = scoring.score(other, params, space, genotypes, **options)
      close(scores, expected)


def test_calls_of_one_shape_compile_once(compilations, rng):
  space, model, params = make(gcn_width=24)
  for seed in range(4):
    genotypes = space.sample(100 + seed, np.random.default_rng(seed))
    scoring.score(model, params, space, genotypes, chunk=16)
  assert compilations.count("jit(score_all)") == 1


def test_a_whole_space_is_one_call_without_a_loop_on_the_host(compilations):
  space, model, params = make(gcn_width=20)
  scores = scoring.score(model, params, space, space.enumerate())
  assert scores.shape == (1, 15625)
  assert compilations.count("jit(score_all)") == 1
  assert len(np.unique(scores)) > 5000


@pytest.mark.parametrize("position", [False, True])
def test_canonical_cells_have_equal_scores(position):
  space, model, params = make(position=position, attention="structural")
  genotypes = space.enumerate()[::29]
  shared = sharing.canonical(model, space, genotypes, prune=True)
  options = {"share": False, "chunk": 256}
  first = scoring.score(model, params, space, genotypes, **options)
  second = scoring.score(model, params, space, shared, **options)
  close(first, second)


def test_how_many_cells_of_nb201_are_scored():
  space = spaces.get_space("nb201")
  cells = space.enumerate()
  for ordered, distinct in ((True, 9445), (False, 8765)):
    canonical = space.canonical(cells, ordered=ordered)
    assert len(sharing.distinct_rows(canonical)[0]) == distinct
    again = space.canonical(canonical, ordered=ordered)
    np.testing.assert_array_equal(again, canonical)


def test_canonical_cells_have_equal_graphs(rng):
  for name in ("nb201", "darts"):
    space = spaces.get_space(name)
    cells = space.sample(300, rng)
    first = cells_of(space, cells)
    second = cells_of(space, space.canonical(cells))
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_cells_are_not_shared_without_pruning(rng):
  space, model, _ = make()
  cells = space.sample(50, rng)
  kept = sharing.canonical(model, space, cells, prune=False)
  np.testing.assert_array_equal(kept, cells)


def test_cells_are_not_shared_where_edges_are_read():
  space, model, _ = make()
  cells = space.enumerate()[::29]
  edges = model.clone(features="head", edges=True)
  kept = sharing.canonical(edges, space, cells, prune=True)
  np.testing.assert_array_equal(kept, cells)
  shared = sharing.canonical(model, space, cells, prune=True)
  assert (shared != cells).any()


def test_cells_of_one_function_are_scored_once():
  space, model, params = make(position=False, functions=True, features="head")
  cells = space.enumerate()
  shared = sharing.canonical(model, space, cells, prune=True)
  assert len(sharing.distinct_rows(shared)[0]) == 5044
  numbers = space.functions().numbers
  order = np.argsort(numbers, kind="stable")[:60]
  alone = scoring.score(model, params, space, cells[order], share=False)
  together = scoring.score(model, params, space, cells[order])
  close(alone, together)
  for number in np.unique(numbers[order]):
    assert np.ptp(together[:, numbers[order] == number]) == 0


def test_a_score_does_not_depend_on_the_other_cells(rng):
  space, model, params = make()
  genotypes = space.sample(64, rng)
  together = scoring.score(model, params, space, genotypes, chunk=16)
  alone = scoring.score(model, params, space, genotypes[40:41], chunk=16)
  close(alone[:, 0], together[:, 40])


def test_distinct_rows_keep_the_order_of_appearance():
  rows = np.array([[3, 1], [0, 2], [3, 1], [-1, 0], [0, 2]], np.int8)
  first, place = sharing.distinct_rows(rows)
  np.testing.assert_array_equal(first, [0, 1, 3])
  np.testing.assert_array_equal(place, [0, 1, 0, 2, 1])


def test_distinct_rows_survive_a_collision_of_hashes(monkeypatch):
  monkeypatch.setattr(sharing, "_FACTORS", np.zeros(9, np.uint64))
  rows = np.array([[3, 1], [0, 2], [3, 1]], np.int8)
  first, place = sharing.distinct_rows(rows)
  np.testing.assert_array_equal(first, [0, 1])
  np.testing.assert_array_equal(place, [0, 1, 0])


def test_no_architectures():
  space, model, params = make(members=2)
  scores = scoring.score(model, params, space, np.zeros((0, 6), np.int8))
  assert scores.shape == (2, 0)


def test_the_chunk_follows_the_memory_budget():
  space, model, _ = make()
  # The largest array of a product is the pairs of nodes: 64 x 16 floats.
  assert chunks.largest_intermediate(model, space, True) == 64 * 16 * 4
  assert chunks.automatic_chunk(model, space, memory_mb=6) == 256
  assert chunks.automatic_chunk(model, space, memory_mb=1e-6) == 1
  with pytest.raises(errors.UserError, match="memory_mb: expected a positive"):
    chunks.automatic_chunk(model, space, memory_mb=0)


def test_bfloat16_is_close_where_the_hardware_has_it(monkeypatch, rng):
  from nasjax.scoring import precisions

  monkeypatch.setattr(precisions, "_has_bfloat16", lambda: True)
  space, model, params = make()
  genotypes = space.sample(64, rng)
  exact = scoring.score(model, params, space, genotypes)
  rounded = scoring.score(model, params, space, genotypes, precision="bfloat16")
  assert rounded.dtype == np.float32
  assert np.abs(rounded - exact).max() > 0
  close(rounded, exact, tolerance=0.05)
  monkeypatch.setattr(precisions, "_has_bfloat16", lambda: False)
  with pytest.raises(errors.UserError, match="use 'float32'"):
    scoring.score(model, params, space, genotypes, precision="bfloat16")


def test_mistakes_in_one_line(rng):
  space, model, params = make()
  genotypes = space.sample(3, rng)
  with pytest.raises(errors.UserError, match="unknown precision 'float8'"):
    scoring.score(model, params, space, genotypes, precision="float8")
  with pytest.raises(errors.UserError, match="chunk: expected at least 1"):
    scoring.score(model, params, space, genotypes, chunk=0)


def test_a_model_that_does_not_say_what_it_reads(rng):
  space, _, params = make()
  with pytest.raises(errors.UserError) as caught:
    scoring.score(nn.Dense(1), params, space, space.sample(3, rng))
  said = str(caught.value)
  assert "expected a module with a property `reads`" in said
  assert said.endswith("got Dense")
  assert "\n" not in said
