"""Page of the report `tgnas_search`, and cells that papers found in DARTS."""

from collections.abc import Mapping, Sequence

from nasjax.reproduce import markdown, published, results

CELLS = {
  "darts": {
    "DARTS, second order": "Genotype(normal=[('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', "
    "0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), "
    "('max_pool_3x3', 1)], reduce_concat=range(2, 6))",
    "PC-DARTS, CIFAR-10": "Genotype(normal=[('sep_conv_3x3', 1), "
    "('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), "
    "('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), "
    "('dil_conv_3x3', 1)], normal_concat=range(2, 6), reduce=[('sep_conv_5x5', "
    "1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), "
    "('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 2)], reduce_concat=range(2, 6))",
  }
}
"""Space -> name -> cell: Liu et al. 2019 and Xu et al. 2020, as their projects
print them."""
_PARTS = ("pruning", "evolution", "hybrid")
_DATASETS = {
  "cifar10": "CIFAR-10",
  "cifar100": "CIFAR-100",
  "imagenet16": "ImageNet16-120",
}
_COUNTS = {
  "flops": ("FLOPs (M)", 1),
  "params": ("parameters (M)", 3),
  "num_scored": ("cells scored", 0),
  "search_seconds": ("search (s)", 2),
  "first_seconds": ("first search (s)", 1),
  "seconds_before": ("before (s)", 1),
}


def render(data: results.Data, titles: Mapping[str, str], what: str) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  parts = [
    f"# {data['name']}: {what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}.",
    _WORDS,
  ]
  for space in dict.fromkeys(row["space"] for row in rows):
    own = results.select(rows, space=space)
    parts += [f"## {space}", _labels(own), _table(own, titles)]
    if space == "nb201":
      parts += [f"Published ({published.TGNAS}, table 4):", _published()]
    parts += ["### Cells", _cells(own, titles)]
  return "\n\n".join(parts) + "\n"


_WORDS = (
  "The cell of the highest score is found; accuracies are looked up "
  "afterwards. Mean +- standard deviation over the seeds of the search, and of "
  "the training for TG-NAS. Seconds are those of the processor, all threads "
  "together: `search` of a search when its programs are compiled, `first "
  "search` of the first hybrid search of the process, compilation or loading "
  "of kept programs included, `before` of the training or of ranking the "
  "space. Hours of published searches are those of a GPU. FLOPs are "
  "multiply-adds of the official network on CIFAR-10."
)


def _labels(rows: Sequence[results.Row]) -> str:
  """What the accuracies are, one sentence a data set."""
  found = results.select(rows, metric="found")
  whats = dict.fromkeys(row["note"].rsplit(" | ", 1)[-1] for row in found)
  return "; ".join(whats) + "."


def _methods(rows: Sequence[results.Row], titles: Mapping[str, str]):
  """Methods in the order of the page, with their titles."""
  searched = {
    f"{name} {part}": f"{title}, {part}"
    for name, title in titles.items()
    for part in _PARTS
  }
  known = dict.fromkeys(row["method"] for row in rows)
  shown = {name: searched[name] for name in searched if name in known}
  return {**shown, **{name: name for name in known if name not in shown}}


def _table(rows: Sequence[results.Row], titles: Mapping[str, str]) -> str:
  datasets = [name for name in _DATASETS if results.select(rows, dataset=name)]
  lines = []
  for method, title in _methods(rows, titles).items():
    own = results.select(rows, method=method)
    cells = [
      _spread(markdown.find(own, dataset=name, metric="found"), 2)
      for name in datasets
    ]
    cells += [
      _plain(markdown.find(own, metric=metric), digits)
      for metric, (_, digits) in _COUNTS.items()
    ]
    lines.append([title, *cells])
  header = ["search", *(_DATASETS[name] for name in datasets)]
  header += [words for words, _ in _COUNTS.values()]
  return markdown.table(header, lines)


def _spread(row: results.Row | None, digits: int) -> str:
  if row is None:
    return "-"
  spread = f"{row['std']:.{digits}f} ({len(row['seeds'])})"
  return f"{row['mean']:.{digits}f} +- {spread}"


def _plain(row: results.Row | None, digits: int) -> str:
  return "-" if row is None else f"{row['mean']:,.{digits}f}"


def _published() -> str:
  lines = [
    [
      name,
      *(f"{value:.2f}" for value in accuracies),
      f"{flops:.2f}",
      f"{params:.3f}",
      "-" if hours is None else f"{hours:g} h",
    ]
    for name, (flops, params, hours, *accuracies) in (
      published.TGNAS_TABLE4.items()
    )
  ]
  header = ["method", *_DATASETS.values(), "FLOPs (M)", "parameters (M)"]
  return markdown.table([*header, "search"], lines)


def _cells(rows: Sequence[results.Row], titles: Mapping[str, str]) -> str:
  """The distinct cells of every search, by the first data set."""
  dataset = next(
    name for name in _DATASETS if results.select(rows, dataset=name)
  )
  own = results.select(rows, metric="found", dataset=dataset)
  lines = []
  for method, title in _methods(rows, titles).items():
    row = markdown.find(own, method=method)
    if row and row["cells"]:
      cells = " ".join(f"`{cell}`" for cell in dict.fromkeys(row["cells"]))
      lines.append(f"- {title}: {cells}")
  return "\n".join(lines)
