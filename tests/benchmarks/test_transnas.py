"""TransNAS-Bench-101 micro: the table, what it gives, damaged ones."""

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import registry, transnas

ARCH = np.array([[0, 1, 2, 3, 0, 1], [3, 3, 3, 3, 3, 3]], np.int8)
VAL = np.array([[50.0, -1.0, 30.0], [55.0, -0.5, 90.0]], np.float32)
TASKS = np.array(["class_scene", "room_layout", "jigsaw"])


def save(folder, **changed):
  arrays = {"arch": ARCH, "val": VAL, "tasks": TASKS, **changed}
  np.savez(folder / transnas.TABLES[0], **arrays)


def test_a_table(tmp_path):
  save(tmp_path)
  found = registry.get_benchmark("transnas", tmp_path)
  assert found.space.name == "nb201"
  assert found.genotypes.tolist() == ARCH.tolist()
  assert set(found.columns) == {"class_scene/val", "jigsaw/val"}
  assert found.lookup(ARCH[[1]], "jigsaw/val").tolist() == [90]
  assert found.describe("class_scene/val").startswith("class_scene val accur")


@pytest.mark.parametrize(
  ("changed", "expected"),
  [
    ({"arch": ARCH + 2}, "0 .. 3"),
    ({"arch": ARCH[:, :5]}, "arch"),
    ({"val": 10 * VAL}, "accuracies 0 .. 100"),
    ({"val": VAL[:1]}, "columns of one length"),
    ({"val": VAL[:, 0]}, "one column for each of 'tasks'"),
    ({"tasks": TASKS[:2]}, "one column for each of 'tasks'"),
  ],
)
def test_damaged_tables(tmp_path, changed, expected):
  save(tmp_path, **changed)
  with pytest.raises(errors.UserError, match=expected):
    registry.get_benchmark("transnas", tmp_path)


def test_all_cells(data_dir):
  found = registry.get_benchmark("transnas", data_dir)
  assert len(found) == 4096
  assert tuple(found.columns) == tuple(f"{task}/val" for task in transnas.TASKS)
  assert found.values("class_scene/val").max() == pytest.approx(54.936306)
