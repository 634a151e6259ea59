"""Makes what zero-label ranking comes with, and replaces what is there.

  python -m nasjax.pretrained.zero_label            transfer predictors
  python -m nasjax.pretrained.zero_label proxies    proxies of whole spaces

The transfer predictors are learnt from the tables of NASJAX_DATA; the proxies
need no data, and take minutes.
"""

import argparse
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nasjax import files, progress, proxies
from nasjax.benchmarks import base as benchmarks
from nasjax.benchmarks import registry
from nasjax.commands import arguments, command
from nasjax.experiments import provenance
from nasjax.regression import solver
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.training import metrics
from nasjax.zero_label import kernels, shipped, transfer

LABEL = "cifar10/test"
_TESTS = {
  "nb101": (("nb201", (LABEL, "cifar100/test", "imagenet16/test")),),
  "nb201_transnas": (("nb101", (LABEL,)),),
}
"""Source -> benchmarks of other spaces, and labels, that its card reports."""
_DARTS = (("darts545", "cifar10/val50"), ("nb301", "cifar10/val"))
_TASKS = ("class_scene", "class_object")
_MOST = 20_000


class Labelled(NamedTuple):
  """What is learnt from.

  Attributes:
    space: of the cells.
    genotypes: `[n, G]`.
    labels: higher = better, `[n]`.
    what: source and label, a line of a card.
  """

  space: spaces_base.Space
  genotypes: np.ndarray
  labels: np.ndarray
  what: str


def of_benchmark(name: str) -> Labelled:
  """The labelled cells of a benchmark."""
  found = registry.get_benchmark(name)
  labels = found.values(LABEL)
  known = np.isfinite(labels)
  what = f"{found.source}: {found.describe(LABEL)}"
  return Labelled(found.space, found.genotypes[known], labels[known], what)


def of_transnas() -> Labelled:
  """The cells of TransNAS-Bench-101, drawn as those of NAS-Bench-201.

  They have the same nodes and edges, and no pooling. The label is the mean of
  the normal scores of two classifications.

  Raises:
    UserError: the table is not in the data folder.
  """
  found = registry.get_benchmark("transnas")
  columns = [found.values(f"{task}/val") for task in _TASKS]
  labels = np.mean([solver.normal_scores(each) for each in columns], axis=0)
  what = f"TransNAS-Bench-101 micro (table): validation, {', '.join(_TASKS)}"
  return Labelled(found.space, found.genotypes, labels, what)


_LEARNT = {
  "nb101": (lambda: of_benchmark("nb101"),),
  "nb201_transnas": (lambda: of_benchmark("nb201"), of_transnas),
}


def learn(known: Labelled) -> list[kernels.Source]:
  """Learns from some samples of labelled cells, seeds 0, 1, ..."""
  return [
    transfer.fit(known.space, known.genotypes, known.labels, seed)
    for seed in range(transfer.SAMPLES)
  ]


def tau(
  model: transfer.Transfer,
  benchmark: benchmarks.Benchmark,
  label: str,
  models: Sequence[str] = kernels.MODELS,
) -> tuple[float, int]:
  """Kendall's tau-b on cells of a benchmark, and their number."""
  known = np.flatnonzero(np.isfinite(benchmark.values(label)))
  if len(known) > _MOST:
    known = np.random.default_rng(0).choice(known, _MOST, replace=False)
  cells = benchmark.genotypes[known]
  scores = model.predict(benchmark.space, cells, models)
  truth = benchmark.values(label)[known]
  return metrics.kendall_tau(scores, truth), len(known)


def scores_of(model: transfer.Transfer) -> list[tuple[str, str, float, int]]:
  """Rows of a card: label, models, tau and number of cells."""
  rows = []
  for name, labels in _TESTS[model.source]:
    benchmark = registry.get_benchmark(name)
    for label in labels:
      rows.append((f"{name} {label}", "all", *tau(model, benchmark, label)))
  if model.source == "nb101":
    for name, label in _DARTS:
      benchmark = registry.get_benchmark(name)
      found = tau(model, benchmark, label, kernels.ALL_ONLY)
      rows.append((f"{name} {label}", "two on all features", *found))
  return rows


def card(facts: Sequence[tuple[str, Sequence[Labelled], float]]) -> str:
  """Returns the card (Markdown) of what was learnt from each source.

  Args:
    facts: source, what was learnt from, and seconds that it took.
  """
  parts = [_HEAD]
  for source, known, seconds in facts:
    model = transfer.load(source)
    lines = [
      f"| {label} | {models} | {num} | {value:.4f} |"
      for label, models, value, num in scores_of(model)
    ]
    parts.append(
      f"## {source}.npz\n\n| | |\n|---|---|\n"
      f"| learnt from | {'; and '.join(each.what for each in known)} |\n"
      f"| cells | of each {transfer.SAMPLES} samples of {transfer.CELLS} cells "
      f"that compute anything, seeds 0 to {transfer.SAMPLES - 1} |\n"
      f"| target | normal scores of the ranks of the label |\n"
      f"| models | {'; '.join(kernels.MODELS)} |\n"
      f"| time | {seconds:.0f} s |\n"
      f"| commit | {provenance.commit()} |\n\n"
      "Kendall tau-b on cells of other spaces, none of whose labels was\n"
      f"fitted ({_MOST:,} cells at most):\n\n"
      "| label | models | cells | tau |\n|---|---|---|---|\n" + "\n".join(lines)
    )
  return "\n\n".join(parts) + "\n"


_HEAD = f"""# zero_label

Kernel regressions on the physical features of cells
(`nasjax/features/cell_physical.py`), learnt in one space to rank another
(`nasjax.zero_label`). Kernels `exp(-{kernels.LAPLACE} mean |a - b|)` and
`exp(-{kernels.GAUSSIAN} mean (a - b)^2)` of features in units of their spread
in the source, ridge {kernels.RIDGE:g}; few, most and all of the features.
Predictions of all samples and models are averaged. What had been seen when this
was chosen: `docs/zero_label.md`.

Command:

    python -m nasjax.pretrained.zero_label"""


_PROXIES = """# Proxies of all cells

Scores of untrained networks (`nasjax.proxies.measure`, images of Gaussian
noise, means over seeds, of some proxies of logarithms of ranks among these
cells), float32, in the order of `Space.enumerate()`; NaN where a cell computes
nothing. No label was used.

Command:

    python -m nasjax.pretrained.zero_label proxies

| file | cells | proxies | skeleton | seeds | time | commit |
|---|---|---|---|---|---|---|
"""


def measure_proxies() -> None:
  """Measures the proxies of whole spaces, and writes them and their card."""
  text = _PROXIES
  for name in shipped.SPACES:
    space = spaces.get_space(name)
    cells = space.enumerate()
    kept: dict[str, np.ndarray] = {}
    for (skeleton, seeds), names in _by_skeleton().items():
      began = time.monotonic()
      found = proxies.measure(
        space, cells, names, skeleton=skeleton, seeds=seeds, progress=True
      )
      kept.update(found)
      row = (
        shipped.path_of(name).name,
        f"{len(cells):,}",
        ", ".join(names),
        skeleton,
        ", ".join(map(str, seeds)),
        f"{time.monotonic() - began:.0f} s",
        provenance.commit(),
      )
      text += f"| {' | '.join(row)} |\n"
    shipped.save(space, kept)
  _write("PROXIES.md", text)


def _by_skeleton() -> dict[tuple[str, tuple[int, ...]], list[str]]:
  """Skeleton and seeds to the proxies that are measured with them."""
  found: dict[tuple[str, tuple[int, ...]], list[str]] = {}
  for name, how in shipped.MEASURED.items():
    found.setdefault(how, []).append(name)
  return found


def learn_transfers() -> None:
  """Learns the transfer predictors, and writes them and their card."""
  facts = []
  for source in transfer.SOURCES:
    known = [make() for make in _LEARNT[source]]
    began = time.monotonic()
    with progress.phase(f"learning from {source}"):
      samples = [each for labelled in known for each in learn(labelled)]
    transfer.save(transfer.path_of(source), samples)
    facts.append((source, known, time.monotonic() - began))
  transfer.load.cache_clear()
  _write("README.md", card(facts))


def _write(name: str, text: str) -> None:
  path = transfer.FOLDER / name
  files.write_atomic(path, lambda file: file.write(text.encode()))
  print(f"written to {transfer.FOLDER}")


_MAKES = {"transfer": learn_transfers, "proxies": measure_proxies}


def _main(argv: Sequence[str]) -> None:
  parser = arguments.Parser(
    prog="python -m nasjax.pretrained.zero_label",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("what", nargs="?", default="transfer", choices=_MAKES)
  _MAKES[parser.parse_args(argv[1:]).what]()


main = command.guard(_main)
