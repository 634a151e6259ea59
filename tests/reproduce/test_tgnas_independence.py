"""The report `tgnas_independence`: correlations, rows, page and figures."""

import json

import numpy as np
import pytest
import reproduce_tiny
from scipy import stats

from nasjax.reproduce import correlations, independence_page, tgnas_training
from nasjax.reproduce.figures import heat_map
from nasjax.training import metrics

NAME = "tgnas_independence"


def test_seeds_are_paired_and_missing_scores_left_out(rng):
  first, second = rng.normal(size=(2, 3, 30))
  first[:, 4] = np.nan
  found = correlations.of_seeds(first, second, metrics.kendall_tau)
  expected = [
    stats.kendalltau(a, b, nan_policy="omit").statistic
    for a, b in zip(first, second, strict=True)
  ]
  np.testing.assert_allclose(found, expected)
  once = correlations.of_seeds(first, second[:1], metrics.spearman_rho)
  assert len(once) == 3
  kept = np.delete(np.arange(30), 4)
  expected = stats.spearmanr(first[2, kept], second[0, kept]).statistic
  np.testing.assert_allclose(once[2], expected)


def test_a_method_with_itself(rng):
  scores = rng.normal(size=(3, 20))
  found = correlations.between_seeds(scores, metrics.kendall_tau)
  pairs = ((0, 1), (0, 2), (1, 2))
  expected = [stats.kendalltau(scores[a], scores[b])[0] for a, b in pairs]
  np.testing.assert_allclose(found, expected)
  assert correlations.between_seeds(scores[:1], metrics.kendall_tau) == [1.0]


def test_partial_correlation_is_that_of_the_residuals(rng):
  other, noise, label = rng.normal(size=(3, 500))
  score, label = other + noise, other + 0.5 * noise + label
  corr = np.corrcoef([score, label, other])
  found = correlations.beyond(corr[0, 1], corr[0, 2], corr[1, 2])
  left = [
    each - np.polyval(np.polyfit(other, each, 1), other)
    for each in (score, label)
  ]
  np.testing.assert_allclose(found, np.corrcoef(left)[0, 1], atol=1e-9)
  assert np.isnan(correlations.beyond(0.5, 1.0, 0.5))


def test_related_rows_are_neighbours():
  values = np.full((4, 4), 0.1)
  values[0, 2] = values[2, 0] = 0.9
  values[1, 3] = values[3, 1] = -0.9
  place = np.argsort(heat_map.order(values))
  assert abs(place[0] - place[2]) == 1
  assert abs(place[1] - place[3]) == 1


@pytest.fixture
def folder(tmp_path):
  reproduce_tiny.write_table(tmp_path)
  return tmp_path


def run(folder, *words):
  place = f"--data_dir={folder}", f"--workdir={folder}/work"
  return reproduce_tiny.run(NAME, *place, "--sizes=40", *words)


@pytest.mark.slow
def test_rows_page_and_figures(folder, monkeypatch, capsys):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  trained = np.random.default_rng(0).normal(size=(3, 60))

  def measure(*_):
    return {"nb201": trained}, {"seconds": 1.0}

  monkeypatch.setattr(tgnas_training, "measure", measure)
  words = "params,flops,az_complexity,whole_params,tgnas_code,transfer"
  assert run(folder, f"--methods={words}") == 0
  results = folder / "work" / "results"
  data = json.loads((results / f"{NAME}.json").read_text())
  rows = {
    (row["method"], row["dataset"], row["metric"]): row for row in data["rows"]
  }
  assert len(rows) == 6 * 2 * 4
  own = rows["tgnas_code", independence_page.NO_LABEL, "tau"]
  assert len(own["seeds"]) == 3
  assert own["size"] == 40
  others = rows["params", independence_page.NO_LABEL, "tau"]["others"]
  assert others["az_complexity"] == others["flops"] > 0.9
  assert others["tgnas_code"] == own["others"]["params"]
  params = rows["params", "cifar10", "tau"]["mean"]
  assert params == rows["params", "cifar100", "tau"]["mean"]
  page = (results / f"{NAME}.md").read_text()
  assert page in capsys.readouterr().out
  assert f"| params | .{round(1000 * params):03d} |" in page
  for metric in ("tau", "spearman"):
    for suffix in ("", "_published"):
      assert (results / f"{NAME}{suffix}_{metric}.svg").exists()


@pytest.mark.slow
def test_an_untrained_network_is_measured_once(folder, monkeypatch, capsys):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  monkeypatch.setenv("NASJAX_CACHE", str(folder / "cache"))
  words = "--methods=l2_norm,params", "--num_seeds=2", "--dataset=cifar10"
  assert run(folder, *words) == 0
  assert len(list((folder / "cache/independence").glob("nb201-l2_norm*"))) == 1
  text = (folder / "work/results" / f"{NAME}.json").read_text()
  row = next(r for r in json.loads(text)["rows"] if r["method"] == "l2_norm")
  assert "no images" in row["note"]

  def fail(*_, **__):
    raise AssertionError("measured again")

  monkeypatch.setattr("nasjax.proxies.measure", fail)
  assert run(folder, *words) == 0
  capsys.readouterr()


def test_mistakes_are_one_line(folder, capsys):
  assert run(folder, "--methods=nvot") == 2
  assert "unknown method 'nvot'" in capsys.readouterr().err
  assert run(folder, "--space=nb101") == 2
  printed = capsys.readouterr().err
  assert "expected the benchmark nb201, got nb101" in printed
  assert printed.count("\n") == 1
