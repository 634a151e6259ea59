"""What figures are drawn from, and that each is saved as PNG and SVG."""

import types
import xml.etree.ElementTree as xml

import numpy as np
import pytest

from nasjax import files
from nasjax.reproduce import catalog, results
from nasjax.reproduce.figures import (
  calibration,
  cells,
  encodings,
  heads,
  parameters,
  sizes,
  style,
)

NB201 = next(study for study in catalog.STUDIES if study.space == "nb201")


def row(method, size, values, metric="tau_rest"):
  return results.make_row(NB201, method, size, metric, values, note="")


def figures():
  """One small figure of every kind, by name."""
  taus = [row(name, 156, [0.6, 0.7]) for name in ("default", "paper")]
  counts = [
    row(name, 156, [count], "num_params")
    for name, count in (("default", 1e5), ("paper", 4e5))
  ]
  onehot = [row("paper_onehot", 156, [0.5, 0.6])]
  widths = [row(f"paper width={w}", 78, [0.5]) for w in sizes.WIDTHS]
  batches = [row(f"paper batch_size={b}", 78, [0.5]) for b in sizes.BATCH_SIZES]
  line = np.arange(20.0) + 70
  found = [cells.Found(0, np.array([3, 3, 1, 1, 3, 2]), 94.0)]
  uncertain = [calibration.Uncertainty(line - 69, line - 68)]
  return {
    "figure6": parameters.draw(taus + counts),
    "figure7": heads.draw({"paper": (line, line)}, "t"),
    "figure8": encodings.draw(taus + onehot),
    "figure9": sizes.draw(widths + batches, "paper"),
    "figure10": cells.draw(found, "t"),
    "calibration": calibration.draw({"default": uncertain}, "t"),
  }


def test_every_figure_is_saved_twice(tmp_path):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  for name, figure in figures().items():
    for axis in figure.axes:
      assert name == "figure10" or axis.get_xlabel()
    style.save(figure, tmp_path, name)
    png = (tmp_path / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    root = xml.parse(tmp_path / f"{name}.svg").getroot()
    assert root.tag.endswith("svg")


def test_equal_figures_give_equal_files(tmp_path):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  for name in "ab":
    figure = heads.draw({"paper": (np.ones(2), np.ones(2))}, "t")
    style.save(figure, tmp_path, name)
  assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_names_of_pictures():
  home = ("nb201", 156)
  assert style.file_name("figure7", NB201, 156, home) == "figure7"
  name = style.file_name("figure7", NB201, 78, home)
  assert name == "figure7_nb201_cifar10_78"


def test_bins_by_hand():
  one = calibration.Uncertainty(
    spread=np.array([4.0, 1.0, 3.0, 1.0]), error=np.array([5.0, 0.0, 1.0, 2.0])
  )
  found = calibration.bins(one, 2)
  assert found == pytest.approx(
    np.array([[1.0, np.sqrt(2)], [np.sqrt(12.5), np.sqrt(13)]])
  )
  assert calibration.bins(one, 10).shape == (4, 2)


@pytest.fixture
def outcome(tmp_path):
  """Saved predictions of two seeds on twelve cells, two without a label."""
  labels = np.array([60.0, 70, 80, 90, 91, 92, 93, 94, 95, 96, np.nan, np.nan])
  genotypes = np.arange(12)[:, None] * np.ones((1, 6), np.int8)
  files.save_npz(
    tmp_path / "predictions.npz",
    genotypes=genotypes,
    scores=np.stack([-np.arange(12.0), np.arange(12.0)]),
    train_rows=np.array([[0, 1], [2, 3]]),
    test_labels=labels,
  )
  return types.SimpleNamespace(folder=tmp_path, first_seed=4)


def test_found_cell_is_the_best_known_of_the_top(outcome, monkeypatch):
  monkeypatch.setattr(cells, "TOP_K", 3)
  first, second = cells.find(outcome)
  assert (first.seed, first.accuracy) == (4, 80.0)
  assert first.genotype.tolist() == [2.0] * 6
  assert (second.seed, second.accuracy) == (5, 96.0)


def test_predictions_leave_out_training_and_unknown_cells(outcome):
  predicted, true = heads.predictions(outcome)
  assert true.tolist() == [80, 90, 91, 92, 93, 94, 95, 96]
  assert predicted.tolist() == [-2, -3, -4, -5, -6, -7, -8, -9]
