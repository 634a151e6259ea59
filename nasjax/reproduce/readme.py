"""The result tables of the documents, made from `docs/results/*.json`."""

import pathlib
import textwrap
from collections.abc import Sequence

from nasjax import errors, files
from nasjax.reproduce import catalog, markdown, paired, published, results

BEGIN = "<!-- results:begin -->"
END = "<!-- results:end -->"

PAGE = "index.md"
"""The page in the folder of the results that holds the tables."""

_MAIN = "table3.json"
_NOTHING = (
  "Tables of all methods and sample sizes: `python -m nasjax.reproduce table3` "
  "measures them; `--list` prints further names."
)
_SHOWN = (*catalog.COMPARED, "xgboost_graph", catalog.CEILING)
_NAMES = {
  "nb101": "NAS-Bench-101",
  "nb201": "NAS-Bench-201",
  "nb301": "DARTS, surrogate labels",
  "darts545": "DARTS, 545 trained cells",
}
_SHORT = {**_NAMES, "nb301": "DARTS (surrogate)"}


def tables(folder: files.PathLike) -> str:
  """Returns the result tables of every method, as Markdown.

  Args:
    folder: the result files; a missing file leaves its tables out.
  """
  folder = files.expand(folder)
  parts = []
  table3 = folder / _MAIN
  if table3.exists():
    parts += _tables(results.read(table3))
  others = sorted(path.stem for path in folder.glob("*.json") if path != table3)
  if others:
    links = ", ".join(f"[{name}]({name}.md)" for name in others)
    parts.append(_prose(f"Further tables and figures: {links}."))
  return "\n\n".join(parts or [_prose(_NOTHING)])


def headline(folder: files.PathLike) -> str:
  """Returns the README's table: default predictor and best published tau.

  Args:
    folder: the result files; without `table3.json` a sentence says so.
  """
  path = files.expand(folder) / _MAIN
  rows = results.read(path)["rows"] if path.exists() else []
  lines = []
  for benchmark, best in published.BEST.items():
    for size, (value, source) in best.items():
      row = markdown.find(
        rows,
        benchmark=benchmark,
        dataset="cifar10",
        method="default",
        metric="tau_rest",
        size=size,
      )
      if row is not None:
        what = f"{_SHORT[benchmark]}, {size:,} labels"
        known = f"{markdown.number(value)} ({source})"
        lines.append([what, known, markdown.measured(row)])
  if not lines:
    return _prose(_NOTHING)
  return markdown.table(["Kendall tau-b", "best published", "nasjax"], lines)


def replace(text: str, generated: str) -> str:
  """Returns a document with the part between the markers replaced.

  Raises:
    UserError: the document has not one pair of markers.
  """
  if text.count(BEGIN) != 1 or text.count(END) != 1:
    raise errors.UserError(
      f"README: expected one line {BEGIN!r} and one line {END!r}, got "
      f"{text.count(BEGIN)} and {text.count(END)}; put them back"
    )
  before, rest = text.split(BEGIN)
  return f"{before}{BEGIN}\n{generated}\n{END}{rest.split(END)[1]}"


def update(path: files.PathLike, folder: files.PathLike) -> None:
  """Rewrites the table of the README and those of the results page.

  Each file is replaced atomically, and neither if one of them is wrong.

  Args:
    path: the README.
    folder: the result files and the page `PAGE`.

  Raises:
    UserError: a document is missing or has no markers.
  """
  page = files.expand(folder) / PAGE
  path = files.expand(path)
  fresh = {
    path: replace(_read(path), headline(folder)),
    page: replace(_read(page), tables(folder)),
  }
  for document, text in fresh.items():
    files.write_atomic(
      document, lambda file, text=text: file.write(text.encode())
    )


def _read(path: pathlib.Path) -> str:
  try:
    return path.read_text()
  except (OSError, UnicodeDecodeError) as error:
    reason = getattr(error, "strerror", None) or "no text"
    raise errors.UserError(
      f"cannot read {str(path)!r}: {reason}; run the command in the "
      "root of the checkout"
    ) from error


def _tables(data: results.Data) -> list[str]:
  rows = results.select(data["rows"], metric="tau_rest")
  rows += results.select(data["rows"], method=catalog.CEILING)
  parts = []
  commits, seconds = set(), 0.0
  for key in results.studies(rows):
    space, benchmark, dataset = key
    own = results.select(rows, benchmark=benchmark, dataset=dataset)
    shown = [row for row in own if row["method"] in _SHOWN]
    if not shown:
      continue
    commits |= {row["commit"] for row in shown}
    seconds += results.total_seconds(shown)
    parts.append(f"**{_NAMES.get(benchmark, space)}, {dataset}**")
    parts.append(_table(shown, benchmark, dataset))
  parts.append(
    _prose(
      "Kendall tau-b on cells that were not trained on, mean +- standard "
      "deviation (number of seeds, a training sample each); columns are "
      "numbers of training labels. The ceiling is tau between the training "
      "label and the test label. Published numbers are the best of any paper, "
      f"each under its own protocol. {_comparison(data['rows'])} All methods, "
      "labels, bounds and paired tests: "
      "[table3](table3.md). Commit "
      f"{', '.join(sorted(commits))}; {seconds:,.0f} s."
    )
  )
  return parts


def _comparison(rows: Sequence[results.Row]) -> str:
  """Explains stars, and counts where the default predictor ranks better."""
  rows = results.select(rows, metric="tau_rest")
  whole = [row for row in rows if not row.get("max_steps")]
  shortened = len(whole) < len(rows)
  note = "A star: trained for less than the recipe says. " if shortened else ""
  tests = paired.of_rows(whole)
  if not tests:
    return f"{note}Nothing is compared yet."
  won = sum(test.wins == test.num for _, test in tests)
  return (
    f"{note}Of {len(tests)} comparisons with another method at one size"
    f"{', stars left out' if shortened else ''}, the default predictor ranks "
    f"better on every seed in {won}."
  )


def _prose(text: str) -> str:
  return textwrap.fill(
    text, width=80, break_long_words=False, break_on_hyphens=False
  )


def _table(rows: Sequence[results.Row], benchmark: str, dataset: str) -> str:
  sizes = markdown.sizes_of(rows)
  lines = []
  for method in _SHOWN:
    own = [markdown.find(rows, method=method, size=size) for size in sizes]
    if not any(own):
      continue
    if method == catalog.CEILING:
      cells = [markdown.number(row["mean"] if row else None) for row in own]
      lines.append(["ceiling", *cells])
    else:
      cells = [markdown.measured(row) for row in own]
      lines.append([catalog.TITLES[method], *cells])
  best = published.BEST.get(benchmark, {}) if dataset == "cifar10" else {}
  if any(size in best for size in sizes):
    values = [best.get(size, (None, ""))[0] for size in sizes]
    lines.append(["best published", *(markdown.number(v) for v in values)])
  return markdown.table(["method", *(str(size) for size in sizes)], lines)
