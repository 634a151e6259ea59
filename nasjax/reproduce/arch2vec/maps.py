"""The report `arch2vec_maps`: what embeddings keep of structure and accuracy.

Maps of cells in two dimensions (t-SNE, principal components), the distance of
two embeddings by the edit distance of their cells, and the cells on straight
lines between two good ones (Yan et al. 2020, figures 2 to 5).

Dimensions: `n` cells, `m` pairs, `E` numbers of an embedding.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import progress
from nasjax.benchmarks import registry
from nasjax.experiments import provenance
from nasjax.reproduce import extras, markdown, reports, results
from nasjax.reproduce.arch2vec import structure
from nasjax.reproduce.figures import style
from nasjax.systems.arch2vec import embedder

METHODS = {
  "tsne": "t-SNE",
  "pca": "principal components",
  "distance": "distance of embeddings by edit distance of cells",
  "walk": "straight lines between good cells",
}
SPEC = reports.Spec(
  what="maps of representations, distances, and walks",
  spaces=("nb101", "nb201"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
)
_CELLS = 3000
_MAPS = ("tsne", "pca")


def run(options: reports.Options) -> None:
  """Draws the maps, measures distances and walks; writes pictures and rows.

  Raises:
    UserError: data or an extra are missing.
  """
  for study in options.studies:
    if study.benchmark not in ("nb101", "nb201"):
      continue
    benchmark = registry.get_benchmark(study.benchmark, options.setup.data_dir)
    labels = benchmark.values(f"{study.dataset}/{study.test_label}")
    model = embedder.Embedder.load(study.space)
    for method in options.methods:
      with progress.phase(f"{study.benchmark}: {method}"):
        rows = _measure(options, study, method, model, benchmark, labels)
      reports.save(options, rows)
  data = results.read(options.path)
  pictures = sorted(
    path.name for path in options.results.glob(f"{options.name}*.png")
  )
  text = render(data, pictures)
  reports.write_page(options, text)


def _measure(options, study, method, model, benchmark, labels) -> list:
  began, rng = time.monotonic(), np.random.default_rng(options.setup.seed)
  if method in _MAPS:
    found = _map(options, study, method, model, benchmark, labels, rng)
  elif method == "distance":
    found = _distances(options, study, model, rng)
  else:
    walked = structure.walk(model, benchmark, labels, rng)
    found = [(0, name, value) for name, value in walked.items()]
  facts = {
    "note": METHODS[method],
    "commit": provenance.commit(),
    "seconds": round(time.monotonic() - began, 1),
    "published": None,
  }
  return [
    results.make_row(study, method, size, metric, [value], **facts)
    for size, metric, value in found
  ]


def _map(options, study, method, model, benchmark, labels, rng) -> list:
  rows = rng.choice(np.flatnonzero(np.isfinite(labels)), _CELLS, replace=False)
  values = model.embed(benchmark.genotypes[rows])
  flat = flatten(method, values, options.setup.seed)
  figure = draw_map(flat, labels[rows], f"{study.space}, {METHODS[method]}")
  name = f"{options.name}_{method}_{study.benchmark}"
  style.save(figure, options.results, name)
  return [
    (_CELLS, "neighbour_r", structure.neighbour_r(flat, labels[rows])),
    (_CELLS, "neighbour_r_all", structure.neighbour_r(values, labels[rows])),
  ]


def flatten(method: str, values: np.ndarray, seed: int) -> np.ndarray:
  """Maps embeddings `[n, E]` to two dimensions, `[n, 2]`."""
  if method == "pca":
    module: Any = extras.load("sklearn.decomposition", "baselines")
    return module.PCA(2).fit_transform(values)
  module = extras.load("sklearn.manifold", "baselines")
  model = module.TSNE(2, init="pca", random_state=seed)
  return model.fit_transform(values.astype(np.float64))


def draw_map(flat: np.ndarray, labels: np.ndarray, title: str) -> Any:
  """Draws cells `[n, 2]`, coloured by the rank of their accuracy."""
  figure, axes = style.new(size=(5, 4.2))
  ranks = np.argsort(np.argsort(labels)) / max(len(labels) - 1, 1)
  dots = axes[0][0].scatter(*flat.T, c=ranks, s=5, cmap="cividis", linewidths=0)
  figure.colorbar(dots, label="rank of the test accuracy (1 = best)")
  axes[0][0].set(title=title, xticks=[], yticks=[])
  return figure


def _distances(options, study, model, rng) -> list:
  edits, lengths = structure.distances(model, rng)
  steps, mean, std = structure.by_step(edits, lengths)
  figure, axes = style.new(size=(4.6, 3.4))
  style.lines(
    axes[0][0], {study.space: (steps.tolist(), mean.tolist(), std.tolist())}
  )
  axes[0][0].set(
    xlabel="edit distance of two cells",
    ylabel="L2 distance of their embeddings",
    title=f"{study.space}, {len(edits):,} pairs",
  )
  style.save(
    figure, options.results, f"{options.name}_distance_{study.benchmark}"
  )
  rho = float(np.corrcoef(edits, lengths)[0, 1])
  found = [(0, "pearson", rho)]
  for step, middle, spread in zip(steps, mean, std, strict=True):
    found.append((int(step), "l2_mean", float(middle)))
    found.append((int(step), "l2_std", float(spread)))
  return found


_TEXT = (
  f"Maps show {_CELLS:,} cells drawn at random. `neighbour r` is Pearson's "
  "correlation of a cell's test accuracy with that of its nearest neighbour, "
  "in the map and in the whole embedding. Edit distance: operations of nodes "
  "and edges that differ in the graphs as numbered by the space. Embeddings "
  "saw no label."
)


def render(data: results.Data, pictures: Sequence[str] = ()) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  parts = markdown.head(data, SPEC.what, _TEXT)
  for key in results.studies(rows):
    own = results.select(rows, benchmark=key[1], dataset=key[2])
    parts += [f"## {key[0]}", _summary(own), _steps(own)]
    parts += [f"![{n}]({n})" for n in pictures if n.endswith(f"_{key[1]}.png")]
  return "\n\n".join(part for part in parts if part) + "\n"


def _summary(own: Sequence[results.Row]) -> str:
  names = {
    "neighbour_r": "neighbour r in the map",
    "neighbour_r_all": "neighbour r in the embedding",
    "pearson": "Pearson r of edit distance and L2 distance",
    **structure.WALK,
  }
  lines = [
    [METHODS[row["method"]], names[row["metric"]], markdown.number(row["mean"])]
    for row in own
    if row["metric"] in names
  ]
  return markdown.table(["", "measure", "value"], lines)


def _steps(own: Sequence[results.Row]) -> str:
  found = results.select(own, metric="l2_mean")
  lines = [
    [
      str(row["size"]),
      markdown.number(row["mean"]),
      markdown.number(
        (markdown.find(own, metric="l2_std", size=row["size"]) or row)["mean"]
      ),
    ]
    for row in found
  ]
  header = ["edit distance", "mean L2 distance", "standard deviation"]
  return markdown.table(header, lines) if lines else ""
