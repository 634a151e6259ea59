"""Networks that differ in width alone are ranked by their sizes."""

import json

import numpy as np
import pytest

import nasjax
from nasjax import errors, zero_label
from nasjax.commands import search
from nasjax.commands import zero_label as command
from nasjax.spaces import nats_size
from nasjax.zero_label import log_ranks, recipes, transfer

SPACE = nats_size.NATSSize()


@pytest.fixture(autouse=True)
def no_transfer(monkeypatch):
  monkeypatch.setattr(transfer.Transfer, "predict", None)


@pytest.fixture
def cells(rng):
  return SPACE.sample(40, rng)


def test_the_mean_of_logarithms(cells):
  found = zero_label.rank(SPACE, cells)
  assert list(found.parts) == [recipes.SIZES]
  assert found.notes == ()
  whole = np.log(SPACE.sizes(SPACE.enumerate()))
  logs = np.log(SPACE.sizes(cells))
  expected = (logs - whole.mean(axis=0)) / whole.std(axis=0)
  np.testing.assert_allclose(found.scores, expected.mean(axis=1))
  assert found.describe() == "mean log of sizes"


def test_the_widest_network_ranks_first():
  ranking = zero_label.rank(SPACE, SPACE.enumerate())
  best = ranking.genotypes[ranking.order[:1]]
  assert SPACE.format(best) == ["64:64:64:64:64"]


def test_a_score_depends_on_its_network_alone(cells):
  score_fn, ranking = zero_label.scorer(SPACE)
  assert ranking is None
  found = score_fn(cells)
  np.testing.assert_array_equal(found[:1], score_fn(cells[:1]))
  np.testing.assert_array_equal(found, zero_label.rank(SPACE, cells).scores)


def test_counts_can_be_joined(cells):
  found = zero_label.rank(SPACE, cells, proxies=("params",), progress=False)
  assert found.weights == {recipes.SIZES: 1.0, "params": 1.0}
  params = log_ranks.log_ranks(SPACE.num_params(cells))
  sizes = log_ranks.log_ranks(found.parts[recipes.SIZES])
  np.testing.assert_allclose(found.scores, (params + sizes) / 2)


def test_untrained_networks_of_one_width_are_refused(cells):
  with pytest.raises(
    errors.UserError, match="expected params or flops"
  ) as found:
    zero_label.rank(SPACE, cells, proxies=("params", "nwot"))
  assert "got 'nwot'" in str(found.value)
  assert "\n" not in str(found.value)


def test_commands_take_the_space(capsys, tmp_path, cells):
  table, out = tmp_path / "networks.csv", tmp_path / "found.json"
  table.write_text("\n".join(["arch", *SPACE.format(cells)]) + "\n")
  words = ["zero-label", "--space", "size", "--table", str(table), "--json"]
  assert command.main(words) == 0
  found = json.loads(capsys.readouterr().out)
  best = zero_label.rank(SPACE, cells).order[0]
  assert found["top"][0]["arch"] == SPACE.format(cells)[best]
  assert found["source"] == ""
  words = ["search", "--space", "size", "--checkpoint", "zero"]
  words += ["--strategy", "evolution", "--budget", "60", "--out", str(out)]
  assert search.main(words) == 0
  assert "scores  zero-label, mean log of sizes" in capsys.readouterr().out
  report = json.loads(out.read_text())
  assert report["trained_on"]["checkpoint"] == "zero"
  assert report["trained_on"]["benchmark"] is None
  assert search.main(["search", "--space", "size"]) == 2
  assert "no predictor of the space 'size' comes" in capsys.readouterr().err


def test_labels_agree_with_sizes(data_dir):
  """CIFAR-10 test accuracies of all networks; none is fitted."""
  benchmark = nasjax.get_benchmark("nats_size", data_dir)
  ranking = zero_label.rank(SPACE, benchmark.genotypes)
  truth = benchmark.values("cifar10/test")
  correlation = np.corrcoef(
    np.argsort(np.argsort(ranking.scores)), np.argsort(np.argsort(truth))
  )[0, 1]
  assert 0.94 < correlation < 0.96


def test_a_space_of_ones_own_without_sizes_says_so(cells, monkeypatch):
  monkeypatch.delattr(nats_size.NATSSize, "sizes")
  with pytest.raises(errors.UserError, match="does not count sizes"):
    zero_label.rank(nats_size.NATSSize(), cells)
