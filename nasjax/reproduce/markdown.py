"""Result rows as Markdown: published and measured side by side."""

from collections.abc import Iterable, Sequence

from nasjax.reproduce import catalog, paired, published, results

Row = results.Row

METRICS = {
  "tau_rest": "Kendall tau-b, test cells that were not trained on (`rest`)",
  "tau_all": "Kendall tau-b, all test cells (`all`)",
  "spearman_rest": "Spearman rho, `rest`",
  "spearman_all": "Spearman rho, all test cells (`all`)",
  "num_params": "Parameters of one model",
  "cosine": "Cosine of adjacency and node similarity",
  "rv": "RV coefficient of adjacency and node states",
  "found_top1": "Test accuracy of the highest score, percent",
  "found_top10": "Test accuracy of the cell of best validation accuracy among "
  "the ten highest scores, percent",
  "found_test": "Test accuracy of the best of the ten highest scores, percent",
  "spread_spearman": "Spearman rho of standard deviation and |error|, `rest`",
  "spread_kendall": ("Kendall tau-b of standard deviation and |error|, `rest`"),
  "coverage_50": "Share of labels within the 50 % interval, `rest`",
  "coverage_80": "Share of labels within the 80 % interval, `rest`",
  "coverage_95": "Share of labels within the 95 % interval, `rest`",
  "nll": "Negative log likelihood, nats per cell, `rest`",
  "nll_constant": (
    "Negative log likelihood with one standard deviation for all cells, the "
    "best one, `rest`"
  ),
}


def number(value: float | None, digits: int = 3) -> str:
  """Prints a number as `.623`, `-.050` or `1.000`; `-` where unknown."""
  if value is None:
    return "-"
  text = f"{value:.{digits}f}"
  return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def measured(row: Row | None) -> str:
  """Prints `mean +- std (n)`, n seeds, `-` where there is no row.

  A star behind it: trained for less than the recipe says.
  """
  if row is None or row["mean"] is None:
    return "-"
  if row["metric"] == "num_params":
    return f"{row['mean']:,.0f}"
  spread = f"{number(row['std'])} ({len(row['seeds'])})"
  return f"{number(row['mean'])} +- {spread}{star(row)}"


def star(row: Row) -> str:
  """`*` where a training was shortened, else nothing."""
  return "*" if row.get("max_steps") else ""


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
  """Prints a Markdown table; numbers to the right."""
  rule = ["---", *["---:"] * (len(header) - 1)]
  return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def find(rows: Sequence[Row], **wanted) -> Row | None:
  """Returns the one row with these fields, or None."""
  found = results.select(rows, **wanted)
  return found[0] if found else None


def made_by(data: results.Data) -> str:
  """Prints the commands behind the rows."""
  found = results.commands(data) or [data.get("command", "")]
  return ", ".join(f"`{command}`" for command in found)


def head(data: results.Data, what: str, text: str) -> list[str]:
  """The title of a page, and by what it was made, with a text behind it."""
  commits = sorted({row["commit"] for row in data["rows"]})
  return [
    f"# {data['name']}: {what}",
    f"Made by {made_by(data)}; commit {', '.join(commits)}. {text}",
  ]


def render(data: results.Data, what: str, pictures: Sequence[str] = ()) -> str:
  """Prints a whole result file.

  Args:
    data: content of the result file.
    what: what the table or figure is.
    pictures: file names of its figures.

  Returns:
    Markdown: for each study a table per metric, reference lines, paired tests.
  """
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows if row.get("commit")})
  parts = [
    f"# {data['name']}: {what}",
    f"Made by {made_by(data)}; commit {', '.join(commits)}; "
    f"{data.get('seconds', 0):,.0f} s of training and scoring in all. "
    "Measured cells are mean +- standard deviation (number of seeds, a "
    "training sample each); published numbers are single values of the named "
    "papers, each under its own protocol.",
  ]
  parts += [f"![{name}]({name})" for name in pictures]
  for key in results.studies(rows):
    parts += _study(data["name"], rows, key)
  return "\n\n".join(parts) + "\n"


def _study(name: str, rows: Sequence[Row], key) -> list[str]:
  space, benchmark, dataset = key
  rows = results.select(rows, space=space, benchmark=benchmark, dataset=dataset)
  notes = dict.fromkeys(row["note"].split("; train: ")[-1] for row in rows)
  labels = next(iter(notes)).removeprefix("train: ")
  parts = [
    f"## {space}, {benchmark}, {dataset}",
    f"Train label: {labels.replace(' | test: ', '. Test label: ')}.",
  ]
  bounds = _bounds(rows)
  if bounds:
    parts.append(f"Stars: trained for less than the recipe, {bounds}.")
  shown = [metric for metric in METRICS if find(rows, metric=metric)]
  for metric in shown:
    parts += [f"### {METRICS[metric]}", _metric(name, rows, key, metric)]
  if "tau_rest" in shown:
    tests = _paired(rows)
    if tests:
      parts += ["### Default predictor against every baseline, paired", tests]
  return parts


def _bounds(rows: Sequence[Row]) -> str:
  """Names the methods and sizes of trainings that were shortened."""
  found: dict[int, dict[str, dict[int, None]]] = {}
  for row in rows:
    if row.get("max_steps"):
      methods = found.setdefault(row["max_steps"], {})
      methods.setdefault(row["method"], {})[row["size"]] = None
  return "; ".join(
    f"at most {steps:,} steps: "
    + ", ".join(
      f"{catalog.title(method)} at {_listed(sizes)}"
      for method, sizes in methods.items()
    )
    for steps, methods in sorted(found.items())
  )


def _listed(sizes: Iterable[int]) -> str:
  *first, last = (str(size) for size in sizes)
  return f"{', '.join(first)} and {last}" if first else last


def sizes_of(rows: Iterable[Row]) -> list[int]:
  """Returns the sizes that occur, ascending."""
  return sorted({row["size"] for row in rows})


def _metric(name: str, rows: Sequence[Row], key, metric: str) -> str:
  """Table of one metric: methods by sizes, published beside measured."""
  _, benchmark, dataset = key
  rows = results.select(rows, metric=metric)
  sizes = sizes_of(rows)
  methods = list(dict.fromkeys(row["method"] for row in rows))
  shown = published.shown(name, benchmark, dataset, metric)
  methods += [method for method in shown if method not in methods]
  methods = [
    method
    for method in methods
    if find(rows, method=method) or set(shown[method]) & set(sizes)
  ]
  best = {}
  if name == "table3" and metric == "tau_all" and dataset == "cifar10":
    best = published.BEST.get(benchmark, {})
  show = any(set(each) & set(sizes) for each in (best, *shown.values()))
  header, lines = ["method"], []
  for size in sizes:
    header += [f"{size} published", str(size)] if show else [str(size)]
  for method in methods:
    line = [catalog.title(method)]
    for size in sizes:
      if show:
        line.append(number(shown.get(method, {}).get(size)))
      line.append(measured(find(rows, method=method, size=size)))
    lines.append(line)
  if set(best) & set(sizes):
    lines += _references(rows, benchmark, sizes)
  return table(header, lines)


def _references(
  rows: Sequence[Row], benchmark: str, sizes: Sequence[int]
) -> list[list[str]]:
  """Lines below a table: best published, the paper's gap, the target."""
  best, gap, target, missed = ([] for _ in range(4))
  for size in sizes:
    value, source = published.BEST[benchmark].get(size, (None, ""))
    best += [f"{number(value)} {source}".strip(), "-"]
    paper = find(rows, method="paper", size=size)
    gap += ["-", _difference(paper, paper["published"] if paper else None)]
    aim = published.TARGETS[benchmark].get(size)
    target += [number(aim), "-"]
    default = find(rows, method="default", size=size)
    missed += ["-", _difference(default, aim)]
  return [
    ["best published", *best],
    ["paper: measured - published", *gap],
    ["target of the default predictor", *target],
    ["default predictor - target", *missed],
  ]


def _difference(row: Row | None, value: float | None) -> str:
  if row is None or row["mean"] is None or value is None:
    return "-"
  return signed(row["mean"] - value) + star(row)


def signed(difference: float) -> str:
  """Prints a difference with its sign, as `+.012`."""
  return ("+" if difference >= 0 else "") + number(difference)


def _paired(rows: Sequence[Row]) -> str:
  """Table of paired tests over the seeds; empty where nothing is comparable."""
  lines = [
    [
      catalog.title(row["method"]) + star(row),
      str(row["size"]),
      signed(test.difference),
      f"{test.wins} of {test.num}",
      "-" if test.t is None else f"{test.t:.2f}",
      "-" if test.p is None else f"{test.p:.2g}",
    ]
    for row, test in paired.of_rows(results.select(rows, metric="tau_rest"))
  ]
  header = ["baseline", "size", "default - baseline", "seeds won", "t", "p"]
  return table(header, lines) if lines else ""
