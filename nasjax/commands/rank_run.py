"""Ranks ONNX models and prints the ranking."""

import json
import sys
from typing import Any

from nasjax.commands.rank_options import RankOptions
from nasjax.experiments import network_table
from nasjax.predictors.network_ranking import NetworkRanking, rank


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
    print(ranking)


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
