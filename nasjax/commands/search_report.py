"""The report of a search: the content of `--out`, and the printed lines."""

import re
from typing import Any

import numpy as np

from nasjax import search
from nasjax.commands.known import Known
from nasjax.commands.scorers import ZERO, Scorer
from nasjax.commands.search_options import LATENT, Asked
from nasjax.spaces import registry as spaces
from nasjax.training import metrics

RANK_ONLY = "none: a score ranks only, higher is better"
COST = "that of the training labels: a cost, lower is better"
_PERCENT = "% accuracy"
# DARTS notations have more than 400 characters; these are as good to tell
# cells apart.
_SHORT = {
  "none": "no",
  "max_pool_3x3": "mp",
  "avg_pool_3x3": "ap",
  "skip_connect": "sk",
  "sep_conv_3x3": "s3",
  "sep_conv_5x5": "s5",
  "dil_conv_3x3": "d3",
  "dil_conv_5x5": "d5",
}


def make(
  options: Asked,
  result: search.Result,
  rows: np.ndarray,
  seconds: float,
  scorer: Scorer,
  known: Known,
) -> dict[str, Any]:
  """The content of `--out`; unknown numbers are null.

  Args:
    options: the flags.
    result: what was scored.
    rows: the best of it, best first, `[k]`.
    seconds: that the search took.
    scorer: what was asked.
    known: the known accuracies.
  """
  space, whole = result.space, spaces.get_space(options.space)
  everywhere = known.lookup(result.genotypes)
  regret = None
  if known.benchmark is not None and np.isfinite(everywhere[rows]).any():
    best = float(np.nanmax(known.benchmark.values(known.label)))
    regret = search.regret(float(np.nanmax(everywhere[rows])), best)
  return {
    "space": space.name,
    "strategy": options.strategy,
    **_embedding(options),
    "scores": "table" if scorer.trained_on is None else "predictor",
    "benchmark": known.benchmark.name if known.benchmark else None,
    "label": known.label or None,
    "seed": options.seed,
    "trained_on": scorer.trained_on,
    "known": known.report(),
    "space_size": whole.size or whole.num_genotypes,
    "num_cells": space.size or space.num_genotypes,
    "num_scored": result.num_scored,
    "seconds": round(seconds, 3),
    "archs_per_second": round(result.num_scored / max(seconds, 1e-9), 1),
    **_correlations(result, everywhere, scorer),
    "score_unit": _unit(scorer),
    "best": "lowest" if scorer.sign < 0 else "highest",
    "known_unit": _PERCENT,
    "top": _top(result, rows, everywhere, scorer),
    "regret": regret,
  }


def _embedding(options: Asked) -> dict[str, str]:
  """The vectors that a strategy saw, if it sees any."""
  sees = options.strategy in LATENT
  return {"embedding": options.embedding} if sees else {}


def _unit(scorer: Scorer) -> str:
  if scorer.trained_on is None:
    return _PERCENT
  return COST if scorer.is_cost else RANK_ONLY


def _correlations(
  result: search.Result, known: np.ndarray, scorer: Scorer
) -> dict[str, Any]:
  """Kendall's tau-b with the training cells and without them."""
  mask = np.isfinite(known)
  found = {
    "tau": _tau(scorer.sign * result.scores, known, mask),
    "num_tau": int(mask.sum()),
    "tau_rest": None,
    "num_rest": None,
  }
  if scorer.train_keys is not None and mask.any():
    keys = result.space.lookup_keys(result.genotypes)
    mask &= ~np.isin(keys, scorer.train_keys)
    found["tau_rest"] = _tau(scorer.sign * result.scores, known, mask)
    found["num_rest"] = int(mask.sum())
  return found


def _tau(
  scores: np.ndarray, known: np.ndarray, mask: np.ndarray
) -> float | None:
  if mask.sum() < 2:
    return None
  tau = metrics.kendall_tau(scores[mask], known[mask])
  return tau if np.isfinite(tau) else None


def _top(
  result: search.Result, rows: np.ndarray, known: np.ndarray, scorer: Scorer
) -> list[dict[str, Any]]:
  """The best cells; each function of NAS-Bench-201 is there once."""
  genotypes = result.genotypes[rows]
  names = result.space.format(genotypes)
  counts: list[int | None] = [None] * len(rows)
  whole = spaces.get_space(result.space.name)
  if whole.functions() is not None and not scorer.is_cost:
    key_fn = search.function_keys(whole)
    scored = key_fn(result.genotypes)
    counts = [int((scored == key).sum()) for key in key_fn(genotypes)]
  return [
    {
      "arch": name,
      "score": scorer.sign * float(result.scores[row]),
      "known": float(known[row]) if np.isfinite(known[row]) else None,
      "num_names": count,
    }
    for name, row, count in zip(names, rows, counts, strict=True)
  ]


def show(report: dict[str, Any], known: Known) -> None:
  """Prints a report."""
  trained = report["trained_on"]
  if trained is None:
    print(f"scores  table {report['benchmark']}: {report['known']['label_is']}")
    _print_labelled(report)
  else:
    _print_trained(trained, report["score_unit"], report["best"])
  if known.benchmark is None:
    print(f"known   none: {known.missing}")
  else:
    print(
      f"known   {known.benchmark.name}: "
      f"{known.benchmark.describe(known.label)}, in percent"
    )
  _print_top(report)
  _print_numbers(report)


def _print_labelled(report: dict[str, Any]) -> None:
  whole, labelled = report["space_size"], report["num_cells"]
  if labelled < whole:
    print(
      f"        {labelled} cells have this label of {_count(whole)} in the "
      "space; the search is among them"
    )


def _print_trained(trained: dict[str, Any], unit: str, best: str) -> None:
  if trained["checkpoint"] == ZERO:
    print(f"scores  zero-label, {trained['note']}: no label of the space")
  elif trained["benchmark"] is None:
    print("scores  predictor trained on unknown labels: it has no card")
  else:
    print(
      f"scores  predictor trained on {trained['num_train']} labels, "
      f"{trained['label_is']}"
    )
    print(
      f"        benchmark {trained['benchmark']}, split {trained['split']}, "
      f"seed {trained['seed']}, commit {trained['commit']}"
    )
  print(f"        unit of scores: {unit}; the {best} are listed")


def _print_top(report: dict[str, Any]) -> None:
  has_names = any(row["num_names"] for row in report["top"])
  score = "score %" if report["score_unit"] == _PERCENT else "score"
  names = f"{'names':>5}  " if has_names else ""
  is_known = any(row["known"] is not None for row in report["top"])
  head = f"{'known %':>7}  " if is_known else ""
  print(f"{'rank':>4}  {score:>8}  {head}{names}architecture")
  for rank, row in enumerate(report["top"], 1):
    names = f"{row['num_names']:>5}  " if has_names else ""
    known = f"{_number(row['known'], 3):>7}  " if is_known else ""
    print(
      f"{rank:>4}  {_score(row['score']):>8}  {known}"
      f"{names}{shorten(row['arch'])}"
    )
  if has_names:
    print("names   how many of the scored cells compute this function")
  if any(shorten(row["arch"]) != row["arch"] for row in report["top"]):
    words = ", ".join(f"{short} {name}" for name, short in _SHORT.items())
    print(f"edges   OPERATION.INPUT; {words}; --out keeps whole notations")


def shorten(arch: str) -> str:
  """A DARTS genotype on one line of a terminal; others stay as they are.

  An edge is written as the operation, a point and the node it comes from.
  """
  if not arch.startswith("Genotype("):
    return arch
  cells = []
  for cell in ("normal", "reduce"):
    edges = re.search(rf"\b{cell}=\[(.*?)\]", arch)
    assert edges is not None
    pairs = re.findall(r"\('(\w+)', (\d)\)", edges[1])
    words = [f"{_SHORT[operation]}.{node}" for operation, node in pairs]
    cells.append(f"{cell} {' '.join(words)}")
  return "  ".join(cells)


def _print_numbers(report: dict[str, Any]) -> None:
  share = ""
  if report["num_scored"] < report["num_cells"]:
    share = f" of {_count(report['num_cells'])}"
  print(
    f"{report['num_scored']} architectures{share} in "
    f"{report['seconds']:.2f} s ({report['archs_per_second']:.0f}/s, "
    "compilation included)"
  )
  if not report["num_tau"]:
    return
  tau = f"Kendall tau-b {_number(report['tau'], 4)} ({report['num_tau']} cells)"
  if report["trained_on"] is not None:
    tau += f"; {_without(report)}"
  print(f"{tau}; {_regret(report)}")


def _without(report: dict[str, Any]) -> str:
  """Says what the correlation is on cells whose accuracy was not learnt from.

  A student saw no accuracy, its teacher did.
  """
  seen = "the training cells"
  if report["trained_on"]["teacher"]:
    seen = "the cells whose accuracies its teacher saw"
  if report["num_rest"] is None:
    return f"without {seen} unknown, as they are not named"
  tau = _number(report["tau_rest"], 4)
  return f"without {seen} {tau} ({report['num_rest']} cells)"


def _regret(report: dict[str, Any]) -> str:
  """Says what the top falls short of, and how many of it are known."""
  top = report["top"]
  known = sum(row["known"] is not None for row in top)
  share = f" ({known} of them known)" if known < len(top) else ""
  number = _number(report["regret"], 3)
  return f"regret of the top {len(top)}{share} {number} % accuracy"


def _score(value: float) -> str:
  """Three decimals, or six digits of a number in another order of size."""
  plain = value == 0 or 1e-2 <= abs(value) < 1e6
  return f"{value:.3f}" if plain else f"{value:.6g}"


def _number(value: float | None, digits: int) -> str:
  return "-" if value is None else f"{value:.{digits}f}"


def _count(number: int) -> str:
  """Writes a number out, or as a power of ten where it is beyond counting."""
  if number < 10**9:
    return f"{number:,}"
  return f"about 10^{len(str(number)) - 1}"
