"""The report `gennape`: its families, its gain, a whole run on drawn cells."""

import json
import re
import types
from typing import Any

import numpy as np
import pytest
import reproduce_tiny

import nasjax
import nasjax.zero_label
from nasjax.commands import publish_ranker
from nasjax.computation import families
from nasjax.reproduce import catalog
from nasjax.reproduce.gennape import (
  data,
  learning,
  methods,
  report,
  untrained,
)
from nasjax.systems.gennape import whole_network
from nasjax.training import metrics


def sample(name, codes, values):
  family = families.get_family(name)
  label = family.labels[0]
  return data.Sample(name, families.Labelled(family, label, codes, values))


@pytest.fixture
def samples(monkeypatch, tmp_path):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  rng = np.random.default_rng(0)
  cells = nasjax.get_space("nb101").sample(60, rng)
  choices = rng.integers(0, 3, (60, 8))
  channels = 8 * rng.integers(1, 9, (60, 5))
  return {
    "nb101": sample("nb101", cells, (cells[:, 21:] == 0).sum(axis=1) * 1.0),
    "size": sample("size", channels, channels.sum(axis=1) * 1.0),
    "macro": sample("macro", choices, choices.sum(axis=1) * 1.0),
  }


def test_gain_by_hand():
  truth = np.array([1.0, 3.0, 2.0])
  weights = 1 / np.log2([2, 3, 4])
  best = weights @ [1, 0.5, 0]
  assert report.ndcg(truth, truth) == pytest.approx(1)
  assert report.ndcg(-truth, truth) == pytest.approx(
    weights @ [0, 0.5, 1] / best
  )


def test_related_families_are_left_out_together():
  names = families.family_names()
  assert set(names) - set(data.without("nb301", names)) == {
    *("darts545", "nb301"),
  }
  assert set(names) - set(data.without("ofa", names)) == {"ofa"}


def test_parts_keep_their_measures(samples):
  whole = samples["macro"]
  part = whole.part(np.array([4, 2]))
  np.testing.assert_array_equal(part.measures, whole.measures[[4, 2]])
  assert part.networks.values.tolist() == whole.networks.values[[4, 2]].tolist()


def test_every_family_is_a_study():
  for name in families.family_names():
    study = report.study_of(name)
    assert study.benchmark == name
    assert study.dataset
  of_darts = {study.benchmark for study in catalog.STUDIES}
  assert {"darts545", "nb301", "nb101", "nb201"} <= of_darts


@pytest.mark.parametrize(
  ("space", "names"), [("size", ["size"]), ("darts", ["darts545", "nb301"])]
)
def test_the_families_of_a_space(space, names):
  studies = catalog.get_studies([space], ["cifar10"])
  options: Any = types.SimpleNamespace(studies=studies)
  assert report.chosen(options) == names


def test_a_run(samples, monkeypatch, tmp_path):
  monkeypatch.setattr(data, "load", lambda folder: samples)
  monkeypatch.setattr(methods, "TESTED", 40)
  monkeypatch.setattr(methods, "LABELS", 10)
  words = ["gennape", "--methods=params,ours_nb101", "--num_seeds=2"]
  folders = [f"--workdir={tmp_path / 'runs'}", f"--results={tmp_path / 'out'}"]
  assert reproduce_tiny.run(*words, "--space=nb101", *folders) == 0
  rows = json.loads((tmp_path / "out" / "gennape.json").read_text())["rows"]
  assert {(row["benchmark"], row["method"], row["size"]) for row in rows} == {
    ("nb101", "params", 0),
    ("nb101", "ours_nb101", 0),
  }
  monkeypatch.setattr(report.families, "family_names", lambda: tuple(samples))
  assert reproduce_tiny.run(*words, *folders) == 0
  rows = json.loads((tmp_path / "out" / "gennape.json").read_text())["rows"]
  found = {
    (row["benchmark"], row["method"], row["size"]): row
    for row in rows
    if row["metric"] == "spearman_rest"
  }
  assert len(found) == 3 + 3 + 2
  assert found["size", "ours_nb101", 10]["mean"] > 0.8
  assert len(found["size", "ours_nb101", 10]["seeds"]) == 2
  text = (tmp_path / "out" / "gennape.md").read_text()
  assert "| NATS size space |" in text
  assert "kernel regression on measures, from NAS-Bench-101, 10 labels" in text


def test_networks_that_are_cells_have_untrained_scores(samples, monkeypatch):
  asked = []

  def measure(space, codes, names, *, skeleton, seeds):
    asked.append((space, skeleton, seeds))
    found = np.arange(len(codes)) * 1.0
    found[1] = np.nan
    return {name: found + place for place, name in enumerate(names)}

  monkeypatch.setattr(untrained.proxies, "measure", measure)
  setting = methods.Setting(samples, 4)
  score = methods.METHODS["jacov"][1]
  found = score(setting, "nb101", 0)
  assert (found.argmin(), found[1], found[0]) == (1, 0.0, 1.0)
  methods.METHODS["nwot"][1](setting, "nb101", 0)
  assert asked == [("nb101", "mini", (4,))]  # once for all proxies
  assert methods.has("jacov", "nb301", 0)
  assert not methods.has("zero", "macro", 0)
  assert methods.sizes("zero") == (0,)


def test_zero_label_scores_are_those_of_the_space(samples):
  found = untrained.zero(samples["nb101"])
  codes = samples["nb101"].networks.codes
  np.testing.assert_array_equal(
    found, nasjax.zero_label.rank("nb101", codes).scores
  )


def test_what_is_learnt_from_families(samples, monkeypatch):
  pytest.importorskip("sklearn")
  monkeypatch.setattr(learning, "DRAWS", (30, 40))
  monkeypatch.setattr(learning, "TREES", 3)
  found = learning.learn_all(samples, seed=0)
  assert set(found.members) == set(samples)
  member = found.members["nb101"]
  again = learning.learn(samples, ["size", "macro"], 0)
  values = member.predict(samples["nb101"].measures)
  np.testing.assert_array_equal(
    values, again.predict(samples["nb101"].measures)
  )
  size = samples["size"]
  line = member.line(size.measures)
  assert np.corrcoef(line, size.networks.values)[0, 1] > 0.7
  card = publish_ranker.card(samples, found, 1.0)
  beaten = re.findall(r"^\| ([\d.]+) \| [\d.]+ \| \d of 3 \|$", card, re.M)
  assert [float(weight) for weight in beaten] == [0.3, 0.6, 1, 1.5, 2, 3]
  (row,) = [line for line in card.splitlines() if "| NATS size space |" in line]
  truth = size.networks.values
  ours = found.members["size"].predict(size.measures)
  assert f"| 60 | {metrics.spearman_rho(ours, truth):.3f} |" in row
  dead = np.zeros((1, size.measures.shape[1]))
  assert member.predict(dead).tolist() == [whole_network.DEAD]
