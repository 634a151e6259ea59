"""Labels that nothing can be learnt from, and what is said of them."""

import csv

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors
from nasjax.experiments import tasks

SPACE = nasjax.get_space("nb201")


def table(path, values):
  with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["arch", "value"])
    names = SPACE.format(SPACE.enumerate()[600 : 600 + len(values)])
    writer.writerows(zip(names, values, strict=True))
  return str(path)


@pytest.mark.parametrize("count", [1, 60])
def test_a_table_of_one_value_is_named(count, tmp_path):
  path = table(tmp_path / "own.csv", [93.5] * count)
  with pytest.raises(errors.UserError) as caught:
    tasks.make_task(tiny.config(table=path, num_train=0))
  assert str(caught.value) == (
    f"'{path}': expected at least two different values, got 93.5 for all its "
    f"architectures ({count}); nothing can be ranked"
  )


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ([1.0, *[2.0] * 59], "expected at least two different values"),
    (1e-300 * np.arange(60), "use another unit"),
    (1e16 + 2 * np.arange(60), "subtract a constant first"),
  ],
)
def test_training_labels_say_where_they_are_from(values, message, tmp_path):
  path = table(tmp_path / "own.csv", values)
  for seed in (0, 2):
    fields = {"table": path, "num_train": 10, "num_seeds": 2, "seed": seed}
    with pytest.raises(errors.UserError, match=message) as caught:
      tasks.make_task(tiny.config(**fields))
    start = "table own.csv: 'custom/value' of 10 training cells among the 60 "
    assert str(caught.value).startswith(start)
