"""Ranks architectures without labels, prints and writes the ranking."""

import csv
import io
import json
import sys
import time
from typing import Any

import numpy as np

from nasjax import errors, files, zero_label
from nasjax.benchmarks import custom
from nasjax.commands import search_report
from nasjax.commands.zero_label_options import (
  AUTO,
  COLUMNS,
  NONE,
  ZeroLabelOptions,
)
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

_SAMPLES = 20_000


def run(options: ZeroLabelOptions) -> None:
  """Ranks, prints and writes.

  Raises:
    UserError: the table is bad, a proxy is unknown, or the space has no count
      that a named proxy is.
  """
  space = spaces.get_space(options.space)
  cells = _cells(options, space)
  began = time.monotonic()
  ranking = zero_label.rank(space, cells, proxies=_proxies(options))
  seconds = time.monotonic() - began
  for note in ranking.notes:
    print(f"note: {note}", file=sys.stderr)
  if options.json:
    print(json.dumps(_report(options, ranking, seconds), indent=2))
  else:
    _show(options, ranking, seconds)
  if options.out:
    text = _csv(ranking).encode()
    files.write_atomic(options.out, lambda file: file.write(text))


def _proxies(options: ZeroLabelOptions) -> str | tuple[str, ...]:
  words = [word.strip() for word in options.proxies.split(",")]
  names = [word for word in words if word]
  if names == [AUTO]:
    return AUTO
  return () if names == [NONE] else tuple(names)


def _cells(
  options: ZeroLabelOptions, space: spaces_base.Space
) -> np.ndarray | None:
  """What is ranked, `[n, G]`; None for the whole space."""
  if options.table is None:
    if space.size is not None:
      return None
    rng = np.random.default_rng(options.seed)
    return np.unique(space.sample(_SAMPLES, rng), axis=0)
  path = files.expand(options.table)
  rows = list(custom.read_rows(path, values=False))
  if not rows:
    raise errors.UserError(
      f"{errors.quote(str(path))} has no rows: expected at least one line "
      "below the header"
    )
  return custom.genotypes_of(path, rows, space)


def _top(
  options: ZeroLabelOptions, ranking: zero_label.Ranking
) -> list[dict[str, Any]]:
  """The best cells, each function once."""
  keys = ranking.space.function_keys(ranking.genotypes)
  order = ranking.order
  _, first = np.unique(keys[order], return_index=True)
  rows = order[np.sort(first)][: options.top_k]
  names = ranking.space.format(ranking.genotypes[rows])
  return [
    {
      "arch": name,
      "score": float(ranking.scores[row]),
      **{part: _finite(values[row]) for part, values in ranking.parts.items()},
    }
    for name, row in zip(names, rows, strict=True)
  ]


def _finite(value: Any) -> float | None:
  return float(value) if np.isfinite(value) else None


def _report(
  options: ZeroLabelOptions, ranking: zero_label.Ranking, seconds: float
) -> dict[str, Any]:
  return {
    "space": options.space,
    "num_ranked": len(ranking.scores),
    "made_of": ranking.describe(),
    "source": ranking.source,
    "weights": dict(ranking.weights),
    "notes": list(ranking.notes),
    "seconds": round(seconds, 3),
    "top": _top(options, ranking),
  }


def _show(
  options: ZeroLabelOptions, ranking: zero_label.Ranking, seconds: float
) -> None:
  """Prints what the ranking is made of, and the best."""
  print(
    f"{len(ranking.scores):,} architectures of {options.space} in "
    f"{seconds:.1f} s, no label of it seen"
  )
  print(f"scores  {ranking.describe()}; a score ranks only, higher is better")
  parts = "".join(f" {name:>11}" for name in ranking.parts)
  print(f"{'rank':>4} {'score':>8}{parts}  architecture")
  for number, row in enumerate(_top(options, ranking), 1):
    shown = "".join(f" {_number(row[name]):>11}" for name in ranking.parts)
    arch = search_report.shorten(row["arch"])
    print(f"{number:>4} {row['score']:>8.4f}{shown}  {arch}")


def _number(value: float | None) -> str:
  return "-" if value is None else f"{value:.4g}"


def _csv(ranking: zero_label.Ranking) -> str:
  """All architectures, the best first."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator="\n")
  writer.writerow([*COLUMNS, *ranking.parts])
  order = ranking.order
  names = ranking.space.format(ranking.genotypes[order])
  for name, row in zip(names, order, strict=True):
    parts = [_finite(values[row]) for values in ranking.parts.values()]
    shown = ["" if value is None else repr(value) for value in parts]
    writer.writerow([name, repr(float(ranking.scores[row])), *shown])
  return text.getvalue()
