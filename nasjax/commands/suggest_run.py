"""Reads what was trained, and suggests what to train next."""

import csv
import io
import json
import sys

import numpy as np

from nasjax import errors, files, progress
from nasjax.benchmarks import trainings
from nasjax.commands import search_report
from nasjax.commands.suggest_options import COLUMNS, SuggestOptions
from nasjax.search import suggestions
from nasjax.spaces import registry as spaces
from nasjax.surrogates import gaussian


def run(options: SuggestOptions) -> None:
  """Suggests, prints and writes.

  Raises:
    UserError: the table is bad, or every architecture was trained.
  """
  space = spaces.get_space(options.space)
  known = trainings.Trainings(
    np.zeros((0, space.genotype_length), np.int8), np.zeros(0), ()
  )
  if options.table is not None:
    known = trainings.read(options.table, space, options.target)
  for note in known.notes:
    print(f"note: {note}", file=sys.stderr)
  with progress.phase("choosing what to train next"):
    suggester = suggestions.told(
      space,
      known.genotypes,
      known.values,
      seed=options.seed,
      target=options.target,
      acquisition=options.acquisition,
      surrogate=options.surrogate,
      prior=options.prior,
    )
    found = suggester.ask(options.count)
    best = suggester.best() if np.isfinite(known.values).any() else None
  if not found:
    source = "nothing" if options.table is None else str(options.table)
    raise errors.UserError(
      f"no architecture of the space {space.name!r} is left to train: expected "
      f"some that --table does not have, got {errors.quote(source)}"
    )
  for note in _notes(options, suggester, len(known.values), len(found)):
    print(f"note: {note}", file=sys.stderr)
  _show(options, known, best, found)
  if options.out:
    text = _csv(found).encode()
    files.write_atomic(options.out, lambda file: file.write(text))


def _notes(
  options: SuggestOptions,
  suggester: suggestions.Suggester,
  num_known: int,
  num_found: int,
) -> list[str]:
  """What was done otherwise than a user may expect, a line each."""
  notes, strategy = [], suggester.strategy
  if num_found < options.count:
    why = "no more are left"
    if num_known + num_found == strategy.num_spread:
      why = (
        f"the first {strategy.num_spread} trainings are spread out before a "
        "model chooses"
      )
    notes.append(f"{num_found} instead of {options.count} are suggested: {why}")
  tried = strategy.tried(suggester.state)
  num_cells, most = (
    len(strategy.merged(suggester.space, *tried)[1]),
    gaussian.MOST_CELLS,
  )
  if num_cells > most and options.surrogate == "gaussian":
    notes.append(
      f"the model is fitted to {most} of {num_cells} trained architectures: "
      "the best ones, and as many others at random"
    )
  return notes


def _show(
  options: SuggestOptions,
  known: trainings.Trainings,
  best: suggestions.Winner | None,
  found: list[suggestions.Suggestion],
) -> None:
  """Prints JSON or a table."""
  if options.json:
    print(json.dumps(_report(options, known, best, found), indent=2))
    return
  print(f"{len(known.values)} trainings of {options.space} known")
  if best is not None:
    print(
      f"best of them: {search_report.shorten(best.arch)} with "
      f"{_number(best.value)}, expected {_number(best.predicted)}"
    )
  print(f"{'predicted':>10} {'std':>8}  {'reason':<7}  architecture")
  for each in found:
    print(
      f"{_number(each.predicted):>10} {_number(each.std):>8}  "
      f"{each.reason:<7}  {search_report.shorten(each.arch)}"
    )


def _number(value: float | None) -> str:
  return "-" if value is None else f"{value:.4g}"


def _report(
  options: SuggestOptions,
  known: trainings.Trainings,
  best: suggestions.Winner | None,
  found: list[suggestions.Suggestion],
) -> dict[str, object]:
  return {
    "space": options.space,
    "seed": options.seed,
    "num_trained": len(known.values),
    "num_failed": int(np.isnan(known.values).sum()),
    "best": None
    if best is None
    else {
      "arch": best.arch,
      "value": best.value,
      "predicted": best.predicted,
    },
    "suggestions": [
      {
        "arch": each.arch,
        "predicted": each.predicted,
        "std": each.std,
        "reason": each.reason,
      }
      for each in found
    ],
  }


def _csv(found: list[suggestions.Suggestion]) -> str:
  text = io.StringIO()
  writer = csv.writer(text, lineterminator="\n")
  writer.writerow(COLUMNS)
  for each in found:
    values = (each.predicted, each.std)
    shown = ["" if value is None else repr(value) for value in values]
    writer.writerow([each.arch, *shown, each.reason])
  return text.getvalue()
