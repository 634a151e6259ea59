"""The report `arch2vec_table1`: reconstruction, validity, uniqueness.

Table 1 of Yan et al. 2020. All shares are percent.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import config as configs
from nasjax import progress
from nasjax.config import representation as fields
from nasjax.experiments import provenance, representation
from nasjax.reproduce import markdown, reports, results
from nasjax.reproduce.arch2vec import draws
from nasjax.spaces import base as spaces_base
from nasjax.systems.arch2vec import embedder, reconstruction

METHODS = {
  "gae": "GAE",
  "vgae": "VGAE",
  "arch2vec_no_kl": "arch2vec without KL",
  "arch2vec": "arch2vec",
  "arch2vec_long": "arch2vec, more epochs",
}
_CHANGES: dict[str, dict[str, Any]] = {
  "gae": {
    "model.encoder": "gcn",
    "model.decoder": "product",
    "variational": False,
  },
  "vgae": {"model.encoder": "gcn", "model.decoder": "product"},
  "arch2vec_no_kl": {"kl_weight": 0.0},
  "arch2vec": {},
  "arch2vec_long": {"epochs": 5},
}
_LONG = ("nb101",)
"""Spaces where more epochs than those of the shipped embedder are shown."""
_SHORTER: dict[str, dict[str, Any]] = {
  "nb101": {"epochs": 1},
  "nb201": {"epochs": 5},
}
"""How much less the compared methods are trained."""
METRICS = {
  "reconstruction": "reconstruction, per entry",
  "reconstruction_graph": "reconstruction, per graph",
  "validity": "validity",
  "uniqueness": "uniqueness",
  "validity_strict": "validity, strict",
  "uniqueness_strict": "uniqueness, strict",
}
PUBLISHED = {
  "nb101": {
    "gae": (98.75, 29.88, 99.25),
    "vgae": (97.45, 41.18, 99.34),
    "arch2vec_no_kl": (100, 30.31, 99.20),
    "arch2vec": (100, 44.97, 99.69),
  },
  "nb201": {
    "gae": (99.52, 79.28, 78.42),
    "vgae": (98.32, 79.30, 88.42),
    "arch2vec_no_kl": (100, 77.09, 96.57),
    "arch2vec": (100, 79.41, 98.72),
  },
  "darts": {
    "gae": (97.80, 15.25, 99.65),
    "vgae": (96.80, 25.25, 99.27),
    "arch2vec_no_kl": (99.46, 16.01, 99.51),
    "arch2vec": (99.79, 33.36, 100),
  },
}
"""Table 1: reconstruction (per entry), validity, uniqueness."""
_SHOWN = ("reconstruction", "validity", "uniqueness")
_TESTED, _TEST_SEED = 20_000, 1000
SPEC = reports.Spec(
  what="representations without labels: reconstruction and validity",
  spaces=("nb101", "nb201", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
)


def make_config(space: str, method: str, seed: int) -> configs.Config:
  """The config of a method: that of `configs/arch2vec`, and what it changes."""
  ours = method in ("arch2vec", "arch2vec_long")
  shorter = {} if ours else _SHORTER.get(space, {})
  return fields.override(
    fields.space_defaults(space),
    {**_CHANGES[method], **shorter, "seed": seed},
  )


def run(options: reports.Options) -> None:
  """Trains each method in each space, measures it; writes the tables."""
  studies = {each.space: each for each in reversed(options.studies)}
  for study in options.studies:
    if studies[study.space] is not study:
      continue
    for method in options.methods:
      if method == "arch2vec_long" and study.space not in _LONG:
        continue
      model = _trained(options, study.space, method)
      with progress.phase(f"{study.space}, {method}: decoding cells"):
        values = measure(model)
      reports.save(options, _rows(study, method, model.card, values))
  data = results.read(options.path)
  text = render(data)
  reports.write_page(options, text)


def _trained(
  options: reports.Options, space: str, method: str
) -> embedder.Embedder:
  """Trains a method, or takes the embedder that comes with nasjax."""
  setup = options.setup
  shipped = method == "arch2vec" and space in embedder.Embedder.names()
  if shipped and not setup.seed and not setup.max_steps:
    return embedder.Embedder.load(space)
  config = make_config(space, method, setup.seed)
  if setup.max_steps:
    config.num_cells, config.epochs = setup.max_steps * config.batch_size, 1
  folder = setup.workdir / f"arch2vec-{method}-{space}-{config.seed}"
  representation.run(config, folder)
  return embedder.Embedder.load(folder)


def tested_cells(space: spaces_base.Space) -> spaces_base.Genotypes:
  """Cells that are reconstructed: all, or a sample that no training drew."""
  if space.size is None:
    return space.sample(_TESTED, np.random.default_rng(_TEST_SEED))
  return np.asarray(space.enumerate())


def measure(model: embedder.Embedder) -> dict[str, float]:
  """Returns the metrics of an embedder, percent."""
  cells = representation.draw(model.space, tested_cells(model.space))
  right = reconstruction.measure(model.model, model.variables, cells)
  shares = {
    "reconstruction": right.entries,
    "reconstruction_graph": right.graphs,
    **draws.measure(model)._asdict(),
  }
  return {name: 100 * float(value) for name, value in shares.items()}


def _rows(study, method, card, values) -> list[results.Row]:
  given = PUBLISHED[study.space][method.removesuffix("_long")]
  known = dict(zip(_SHOWN, given, strict=True))
  return [
    results.make_row(
      study,
      method,
      0,
      metric,
      [value],
      published=known.get(metric),
      note=f"{card['num_cells']:,} architectures, {card['epochs']} epochs, "
      f"{card['decoder']} decoder",
      first_seed=card["seed"],
      commit=provenance.commit(),
      seconds=card["train_seconds"],
    )
    for metric, value in values.items()
  ]


_TEXT = (
  "Percent. Published: Yan et al. 2020, table 1. Per entry: nodes and pairs of "
  "nodes that are right; per graph: cells without any error. Of DARTS, the "
  "cells of 20,000 architectures that no training drew, else all cells. "
  "Validity and uniqueness: of 10,000 cells that are decoded from the prior, a "
  "normal distribution with the mean and the spread of each node's numbers. "
  "The published definition of NAS-Bench-201 looks at the classes of nodes "
  "alone, and counts graphs with another wiring than that of the space as "
  "different: 10,000 uniform draws of its 15,625 cells would hold 73.9 % "
  "different ones. Strict: the decoded graph is a cell of the space, and "
  "isomorphic cells are one. arch2vec is the embedder that comes with nasjax. "
  "The last column says how long each was trained."
)


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  parts = markdown.head(data, SPEC.what, _TEXT)
  for key in results.studies(rows):
    own = results.select(rows, space=key[0], benchmark=key[1])
    parts += [f"## {key[0]}", _table(own)]
  return "\n\n".join(parts) + "\n"


def _table(own: Sequence[results.Row]) -> str:
  header = ["method"]
  for metric, title in METRICS.items():
    header += [f"{title}, published", title] if metric in _SHOWN else [title]
  lines = []
  for method in METHODS:
    found = results.select(own, method=method)
    if not found:
      continue
    line = [METHODS[method]]
    for metric in METRICS:
      row = markdown.find(found, metric=metric)
      if metric in _SHOWN:
        line.append(_percent(row["published"] if row else None))
      line.append(_percent(row["mean"] if row else None))
    lines.append([*line, found[0]["note"]])
  return markdown.table([*header, "trained on"], lines)


def _percent(value: float | None) -> str:
  return "-" if value is None else f"{value:.2f}"
