"""The report `zero_label`: published proxies of live cells, rows, the page."""

import numpy as np
import pytest

import nasjax
from nasjax import errors
from nasjax.benchmarks import analog
from nasjax.reproduce import catalog, proxies
from nasjax.reproduce import zero_label as report
from nasjax.reproduce import zero_label_scores as scores

SPACE = nasjax.get_space("nb201")


def test_dead_operations_are_removed():
  cells = SPACE.parse(
    [
      "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
      "|none~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|",
      "|none~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",
    ]
  )
  assert SPACE.format(scores.without_dead(cells)) == [
    "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    "|none~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
  ]


def test_the_same_cells_are_live_as_in_the_graphs(rng):
  cells = SPACE.sample(200, rng)
  live = scores.without_dead(cells)
  np.testing.assert_array_equal(SPACE.canonical(cells), SPACE.canonical(live))


@pytest.fixture
def problem():
  benchmark = analog.load()
  return scores.Problem(benchmark, np.arange(60))


def test_rows_of_a_method(problem):
  study = catalog.Study("nb201", "nb201", "cifar10", "val", "test", (1,), 1)
  rows = report._rows(study, problem, "params")
  found = {row["metric"]: row["mean"] for row in rows}
  assert set(found) == set(report._METRICS)
  truth = problem.benchmark.values("cifar10/test")[problem.rows]
  params = SPACE.num_params(problem.genotypes)
  first = truth[np.argsort(-params, kind="stable")[0]]
  assert found["found_top1"] == pytest.approx(first)
  text = report.render({"name": "zero_label", "rows": rows, "command": "run"})
  assert f"| parameters | .{round(found['tau_all'] * 1000):03d} |" in text


def test_a_missing_score_is_last(problem, monkeypatch):
  values = np.arange(60.0)
  values[7] = np.nan
  monkeypatch.setitem(scores.METHODS, "params", ("x", lambda _: values))
  found, _ = scores.score(problem, "params")
  assert np.argmin(found) == 7
  assert np.isfinite(found).all()


def test_published_proxies_need_their_table(problem, monkeypatch, tmp_path):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  with pytest.raises(errors.UserError, match=proxies.TABLE):
    scores.score(problem, "published_nwot")
  monkeypatch.setenv("NASJAX_DATA", str(tmp_path))
  with pytest.raises(errors.UserError, match=proxies.TABLE):
    scores.score(
      scores.Problem(problem.benchmark, problem.rows), "published_zen"
    )
