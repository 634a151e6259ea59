"""Ranks ONNX models and prints the ranking."""

import json
import sys
from typing import Any

from nasjax.commands.rank_options import RankOptions
from nasjax.experiments import network_table
from nasjax.predictors.network_ranking import NetworkRanking, rank

_HEAD = ("rank", "score", "spread", "parameters", "multiply-adds", "novelty")


def run(options: RankOptions) -> None:
  """Ranks and prints.

  Raises:
    UserError: a model or the labels cannot be read.
  """
  shape = options.shape or None
  given: dict[str, Any] = {"checkpoint": options.checkpoint}
  if options.labels is not None:
    table = network_table.read(options.labels, shape)
    given = {"labelled": table.graphs, "values": table.values}
  ranking = rank(options.models, shape=shape, **given)
  for note, names in _noted(ranking).items():
    print(f"note: {note}: {', '.join(names)}", file=sys.stderr)
  if options.json:
    print(json.dumps(_report(ranking), indent=2))
  else:
    _show(ranking)


def _noted(ranking: NetworkRanking) -> dict[str, list[str]]:
  """Notes, and the networks that have them."""
  found: dict[str, list[str]] = {}
  for name, notes in zip(ranking.names, ranking.notes, strict=True):
    for note in notes:
      found.setdefault(note, []).append(name)
  return found


def _report(ranking: NetworkRanking) -> list[dict[str, Any]]:
  """The networks, the best first."""
  return [
    {
      "rank": place + 1,
      "name": ranking.names[number],
      "score": float(ranking.scores[number]),
      "spread": float(ranking.spread[number]),
      "params": int(ranking.params[number]),
      "macs": int(ranking.macs[number]),
      "novelty": float(ranking.novelty[number]),
      "membership": [float(each) for each in ranking.membership[number]],
      "unknown": ranking.graphs[number].unknown(),
      "notes": list(ranking.notes[number]),
    }
    for place, number in enumerate(ranking.order.tolist())
  ]


def _show(ranking: NetworkRanking) -> None:
  rows: list[tuple[str, ...]] = [_HEAD]
  for each in _report(ranking):
    rows.append(
      (
        str(each["rank"]),
        f"{each['score']:.2f}",
        f"{each['spread']:.2f}",
        f"{each['params']:,}",
        f"{each['macs']:,}",
        f"{each['novelty']:.1f}",
      )
    )
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  names = ["model", *(ranking.names[i] for i in ranking.order.tolist())]
  for row, name in zip(rows, names, strict=True):
    cells = [cell.rjust(w) for cell, w in zip(row, widths, strict=True)]
    print("  ".join([*cells, name]))
