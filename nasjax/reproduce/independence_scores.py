"""Scores of drawn NAS-Bench-201 cells by every method that needs no label.

Dimensions: `n` cells, `S` seeds.
"""

import hashlib
import time
from typing import NamedTuple

import numpy as np

from nasjax import proxies
from nasjax.io import cache
from nasjax.proxies import PROXIES, identity
from nasjax.reproduce import proxies as published
from nasjax.reproduce import reports, tgnas_training
from nasjax.reproduce import zero_label_scores as zero

SKELETON = "mini"
TRAINED = 5000
"""Cells of NAS-Bench-101 that TG-NAS is trained on."""
NUM_SEEDS = 3
_FOLDER = "independence"
_TGNAS = {"tgnas_code": "TG-NAS, code", "tgnas_paper": "TG-NAS, paper"}
_WHOLE = {"whole_flops": "flops", "whole_params": "num_params"}
_JOINED = {"transfer": "transfer predictor", "zero": "zero-label"}
OWN = {
  **{name: name for name in PROXIES},
  "whole_flops": "flops, whole cell",
  "whole_params": "params, whole cell",
  **_TGNAS,
  **_JOINED,
}
"""Methods that are computed here, and their titles."""
PUBLISHED = {
  f"published_{name}": f"{name}, published" for name in published.PUBLISHED
}
"""Scores of NAS-Bench-Suite-Zero, and their titles."""


class Found(NamedTuple):
  """Scores of a method.

  Attributes:
    scores: higher = better, `[S, n]` float64; NaN where a cell has none.
    seconds: what they took, compilation and training included.
    note: what was used.
  """

  scores: np.ndarray
  seconds: float
  note: str


def score(
  options: reports.Options, problem: zero.Problem, method: str
) -> Found:
  """Scores the cells of a problem by a method.

  Args:
    options: seeds, folders.
    problem: the cells.
    method: a name in `OWN` or `PUBLISHED`.

  Raises:
    UserError: data are missing.
  """
  if method in PROXIES:
    return _proxy(options, problem, method)
  if method in _TGNAS:
    found, facts = tgnas_training.measure(options, method, "short", TRAINED)
    note = f"trained on {TRAINED:,} cells of NAS-Bench-101, short sentences"
    scores = found["nb201"][:, problem.rows]
    return Found(scores.astype(np.float64), facts["seconds"], note)
  began = time.monotonic()
  if method in PUBLISHED:
    scores = problem.published[method.removeprefix("published_")]
    note = "NAS-Bench-Suite-Zero, CIFAR-10 images and classes"
  elif method in _WHOLE:
    count = getattr(problem.benchmark.space, _WHOLE[method])
    scores = count(problem.genotypes)
    note = "dead operations included"
  else:
    scores = zero.METHODS[method][1](_whole(problem))[problem.rows]
    note = "as in docs/zero_label.md"
  seconds = round(time.monotonic() - began, 1)
  return Found(np.asarray(scores, np.float64)[None], seconds, note)


def _whole(problem: zero.Problem) -> zero.Problem:
  """All cells, since a zero-label score is a rank among them."""
  rows = np.arange(len(problem.benchmark))
  return zero.Problem(problem.benchmark, rows, problem.data_dir)


def _proxy(options: reports.Options, problem: zero.Problem, name: str) -> Found:
  """Scores of untrained networks, each seed for itself; kept on disk."""
  space, cells = problem.benchmark.space, problem.genotypes
  first = options.setup.seed
  seeds = tuple(range(first, first + (options.num_seeds or NUM_SEEDS)))

  def compute():
    began = time.monotonic()
    found = proxies.measure(
      space, cells, [name], skeleton=SKELETON, seeds=seeds
    )
    return {
      "scores": found.of_seeds[name],
      "seconds": np.array(round(time.monotonic() - began, 1)),
    }

  how = name, SKELETON, str(seeds), identity.of_code("proxies", "graphs")
  text = ";".join((identity.of_cells(space, cells), *how))
  key = hashlib.sha256(text.encode()).hexdigest()
  arrays = cache.cached(f"nb201-{name}", key, compute, folder=_FOLDER)
  return Found(arrays["scores"], float(arrays["seconds"]), _read(name))


def _read(name: str) -> str:
  """What a proxy reads of the images."""
  proxy = PROXIES[name]
  if proxy.is_deterministic:
    return "count of the live part"
  if not proxy.needs_images:
    return f"{SKELETON} skeleton, no images"
  classes = ", random classes" if proxy.needs_labels else ""
  return f"{SKELETON} skeleton, Gaussian noise{classes}"
