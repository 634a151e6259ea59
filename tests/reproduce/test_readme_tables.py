"""The tables of the documents are what the result files say."""

import pathlib

import pytest

from nasjax import errors
from nasjax.commands import reproduce
from nasjax.reproduce import catalog, readme, results

ROOT = pathlib.Path(__file__).parent.parent.parent
NB201 = next(study for study in catalog.STUDIES if study.space == "nb201")


RESULTS = ROOT / "docs" / "results"


@pytest.mark.parametrize(
  ("document", "generate"),
  [
    (ROOT / "README.md", readme.headline),
    (RESULTS / readme.PAGE, readme.tables),
  ],
)
def test_document_is_what_it_generates(document, generate):
  text = document.read_text()
  assert readme.replace(text, generate(RESULTS)) == text


def test_tables_by_hand(tmp_path):
  rows = [
    results.make_row(
      NB201, method, size, metric, values, note="", commit="abc", seconds=2.0
    )
    for method, metric, size, values in (
      ("default", "tau_rest", 78, [0.8, 0.82]),
      ("default", "tau_rest", 156, [0.83, 0.85]),
      ("default", "tau_all", 156, [0.1, 0.1]),
      ("tnasp", "tau_rest", 156, [0.6, 0.6]),
      ("gmae", "tau_rest", 156, [0.82, 0.86]),
      ("ceiling", "tau_all", 78, [0.88]),
      ("ceiling", "tau_all", 156, [0.88]),
    )
  ]
  rows[3]["max_steps"] = 1000
  results.update(tmp_path / "table3.json", "table3", "C", "abc", rows)
  results.update(tmp_path / "figure6.json", "figure6", "C", "abc", rows)
  text = readme.tables(tmp_path)
  assert text.splitlines()[:10] == [
    "**NAS-Bench-201, cifar10**",
    "",
    "| method | 78 | 156 |",
    "| --- | ---: | ---: |",
    "| default predictor | .810 +- .010 (2) | .840 +- .010 (2) |",
    "| TNASP | - | .600 +- .000 (2)* |",
    "| GMAE-NAS | - | .840 +- .020 (2) |",
    "| ceiling | .880 | .880 |",
    "| best published | .677 | .804 |",
    "",
  ]
  assert "Commit abc; 12 s." in text
  flat = " ".join(text.split())
  assert "A star: trained for less than the recipe says. Of 1 comp" in flat
  assert "another method at one size, stars left out, the default" in flat
  assert "better on every seed in 0." in flat
  assert text.endswith("[figure6](figure6.md).")


def test_headline_by_hand(tmp_path):
  rows = [
    results.make_row(
      NB201, method, size, metric, values, note="", commit="abc", seconds=2.0
    )
    for method, metric, size, values in (
      ("default", "tau_rest", 156, [0.83, 0.85]),
      ("default", "tau_all", 78, [0.1, 0.1]),
      ("default", "tau_rest", 99, [0.2, 0.2]),
      ("tnasp", "tau_rest", 78, [0.6, 0.6]),
    )
  ]
  results.update(tmp_path / "table3.json", "table3", "C", "abc", rows)
  assert readme.headline(tmp_path).splitlines() == [
    "| Kendall tau-b | best published | nasjax |",
    "| --- | ---: | ---: |",
    "| NAS-Bench-201, 156 labels | .804 (NN-Former) | .840 +- .010 (2) |",
  ]


def test_stars_are_explained_only_where_there_are_some(tmp_path):
  rows = [
    results.make_row(
      NB201, method, 78, "tau_rest", values, note="", commit="a", seconds=1.0
    )
    for method, values in (("default", [0.8, 0.9]), ("tnasp", [0.5, 0.7]))
  ]
  results.update(tmp_path / "table3.json", "table3", "C", "a", rows)
  flat = " ".join(readme.tables(tmp_path).split())
  assert "star" not in flat
  assert "Of 1 comparisons with another method at one size, the def" in flat
  assert "better on every seed in 1." in flat


def test_replace_and_the_command(tmp_path, capsys):
  documents = tmp_path / "README.md", tmp_path / readme.PAGE
  for document in documents:
    document.write_text(f"a\n{readme.BEGIN}\nold\n{readme.END}\nb\n")
  argv = f"--readme={documents[0]} --results={tmp_path}".split()
  assert reproduce.main(["reproduce", "readme", *argv]) == 0
  for document in documents:
    text = document.read_text()
    assert "old" not in text
    assert text.startswith(f"a\n{readme.BEGIN}\nTables of all methods")
    assert text.endswith(f"\n{readme.END}\nb\n")
  documents[0].write_text(text.replace("Tables", "Old tables"))
  documents[1].write_text("no markers")
  assert reproduce.main(["reproduce", "readme", *argv]) == 2
  assert "put them back" in capsys.readouterr().err
  assert "Old tables" in documents[0].read_text()
  assert documents[1].read_text() == "no markers"


def test_missing_readme(tmp_path):
  with pytest.raises(errors.UserError, match="root of the checkout"):
    readme.update(tmp_path / "README.md", tmp_path)
