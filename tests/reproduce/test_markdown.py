"""Tables as Markdown, and the paired test, against hand-worked values."""

import math

import pytest

from nasjax.reproduce import catalog, markdown, paired, results

NB201 = next(study for study in catalog.STUDIES if study.space == "nb201")
FACTS = {
  "note": "train: val one run | test: test mean",
  "commit": "abc",
  "seconds": 1.0,
  "first_seed": 0,
}


def row(method, size, values, metric="tau_rest", **facts):
  facts = {**FACTS, **facts}
  return results.make_row(NB201, method, size, metric, values, **facts)


def test_paired_by_hand():
  # Differences 0.1, 0.2, 0.3: mean 0.2, sample std 0.1, t = 0.2 / (0.1/sqrt 3).
  test = paired.compare([0.6, 0.7, 0.8], [0.5, 0.5, 0.5])
  assert test.difference == pytest.approx(0.2)
  assert test.t == pytest.approx(2 * math.sqrt(3))
  # With two degrees of freedom p = 1 - t / sqrt(t^2 + 2).
  assert test.p == pytest.approx(1 - math.sqrt(12 / 14))
  assert (test.wins, test.losses, test.num) == (3, 0, 3)


def test_paired_without_a_test():
  test = paired.compare([0.5, 0.5], [0.4, 0.4])
  assert (test.t, test.p, test.wins) == (None, None, 2)
  test = paired.compare([0.5], [0.6])
  assert (test.t, test.p, test.wins, test.losses) == (None, None, 0, 1)
  assert paired.compare([0.5, 0.4], [0.5, 0.4]).wins == 0


@pytest.mark.parametrize(
  ("value", "text"),
  [
    (0.6234, ".623"),
    (-0.05, "-.050"),
    (1.0, "1.000"),
    (0.9996, "1.000"),
    (12.5, "12.500"),
    (10.0, "10.000"),
    (0.0, ".000"),
    (None, "-"),
  ],
)
def test_number(value, text):
  assert markdown.number(value) == text


def test_measured_cell():
  assert markdown.measured(row("paper", 78, [0.5, 0.7])) == ".600 +- .100 (2)"
  assert markdown.measured(None) == "-"
  assert markdown.measured(row("paper", 78, [math.nan])) == "-"
  count = row("paper", 78, [123456], metric="num_params")
  assert markdown.measured(count) == "123,456"


def test_rendered_table_by_hand():
  rows = [
    row(method, 156, values, metric=metric)
    for metric in ("tau_rest", "tau_all")
    for method, values in (
      ("default", [0.83, 0.85]),
      ("paper", [0.60, 0.64]),
      ("flops", [0.5, 0.5]),
    )
  ]
  rows.append(row("ceiling", 156, [0.88], metric="tau_all"))
  data = {"name": "table3", "command": "C", "seconds": 3.0, "rows": rows}
  text = markdown.render(data, "tau at few labels", ["table3.png"])
  lines = text.splitlines()
  assert lines[0] == "# table3: tau at few labels"
  assert "Made by `C`; commit abc; 3 s" in text
  assert "![table3.png](table3.png)" in lines
  assert "Train label: val one run. Test label: test mean." in lines
  for line in (
    "| method | 156 published | 156 |",
    "| default predictor | - | .840 +- .010 (2) |",
    "| architecture-enhanced, GCN head (paper) | .647 | .620 +- .020 (2) |",
    "| FLOPs | - | .500 +- .000 (2) |",
    "| PINAT | .642 | - |",
  ):
    assert lines.count(line) == 2, line
  for line in (
    "| ceiling: training label against test label | - | .880 +- .000 (1) |",
    "| best published | .804 NN-Former | - |",
    "| paper: measured - published | - | -.027 |",
    "| target of the default predictor | .835 | - |",
    "| default predictor - target | - | +.005 |",
    "| FLOPs | 156 | +.340 | 2 of 2 | 34.00 | 0.019 |",
  ):
    assert lines.count(line) == 1, line


def test_a_size_that_nobody_published_has_no_published_column():
  rows = [row("default", 20, [0.5]), row("default", 20, [0.5], "tau_all")]
  text = markdown.render({"name": "table3", "rows": rows}, "t")
  assert "published |" not in text
  assert "| default predictor | .500 +- .000 (1) |" in text
  assert "PINAT" not in text


def test_a_bound_on_the_steps_is_told():
  rows = [
    row("paper", 78, [0.5], max_steps=1500),
    row("paper", 156, [0.5], max_steps=1500),
    row("pinat", 469, [0.5], max_steps=9000),
    row("flops", 156, [0.5]),
  ]
  text = markdown.render({"name": "table3", "rows": rows}, "t")
  assert (
    "Stars: trained for less than the recipe, at most 1,500 steps: "
    "architecture-enhanced, GCN head (paper) at 78 and 156; at most 9,000 "
    "steps: PINAT at 469." in text
  )
  assert "| PINAT | .571 | - | .642 | - | .707 | .500 +- .000 (1)* |" in text
  text = markdown.render({"name": "table3", "rows": rows[3:]}, "t")
  assert "less than the recipe" not in text


def test_rows_of_other_seeds_are_not_paired():
  first = row("default", 156, [0.5, 0.6])
  assert paired.comparable(first, row("flops", 156, [0.4, 0.5]))
  for other in (
    row("flops", 156, [0.4, 0.5], first_seed=5),
    row("flops", 156, [0.4]),
    row("flops", 156, [0.4, math.nan]),
  ):
    assert not paired.comparable(first, other)
