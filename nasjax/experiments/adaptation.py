"""The predictor of any network, adapted to a user's own labels, and tested.

Dimensions: `m` labelled networks, `P` measures.
"""

import csv
import io
import math
import shlex
import time
from typing import Any

import numpy as np

from nasjax import errors, files, labels, progress, settings
from nasjax.computation import measures
from nasjax.config import adaptation as fields
from nasjax.experiments import network_table, provenance, workdirs
from nasjax.io import replacing
from nasjax.predictors import adapted_ranker
from nasjax.predictors.adapted_ranker import AdaptedRanker
from nasjax.systems.gennape import ranker
from nasjax.training import metrics

FEWEST, MOST = 5, 5000
"""Different networks that a training needs, and labels that it takes."""
_MANY = 200  # labels that take seconds
PREDICTIONS = "predictions.csv"
_HEADER = ("model", "value", "left_out", "without_labels")


def run(config: settings.Config, workdir: files.PathLike) -> dict[str, Any]:
  """Reads labelled networks, cross-validates, and keeps what adapts the ranker.

  Writes `config.json`, `table.json`, `adapted.npz` (what
  `nasjax rank --checkpoint` reads), `predictions.csv` (each label beside the
  score of an adaptation that has not seen it) and `summary.json`.

  Args:
    config: see `nasjax.config.adaptation`.
    workdir: folder of the run.

  Returns:
    What `summary.json` holds.

  Raises:
    UserError: bad config, labels or models; other results in the workdir.
  """
  began = time.monotonic()
  folder = files.expand(workdir)
  workdirs.check(folder, config)
  _check_workdir(folder)
  table = network_table.read(config.table, fields.shape_of(config))
  made = AdaptedRanker(measures.of_graphs(table.graphs), table.values)
  parts = _parts(made.known, config.parts, config.seed)
  _check(table, made, parts)
  _check_former(folder, made)
  alone = ranker.load().score_measures(made.known)
  scores = left_out(made, parts)
  summary = {
    **_facts(config, table, made, parts),
    "mean_error": float(np.abs(scores - table.values).mean()),
    **_correlations("", scores, table.values),
    **_correlations("_without_labels", alone.scores, table.values),
    **_correlations("_params", _column(made, "log params"), table.values),
    **_correlations("_macs", _column(made, "log macs"), table.values),
    "num_novel": int((alone.novelty > 1).sum()),
    "total_seconds": round(time.monotonic() - began, 2),
    **provenance.of_run(),
  }
  workdirs.write(folder, config)
  made.save(folder)
  _write_predictions(folder / PREDICTIONS, table, scores, alone.scores)
  files.write_json(folder / "summary.json", summary)
  return summary


def _facts(
  config: settings.Config,
  table: network_table.Table,
  made: AdaptedRanker,
  parts: np.ndarray,
) -> dict[str, Any]:
  """What a summary says of the labels."""
  return {
    "method": config.model.name,
    "table": table.path.name,
    "num_labels": len(table.values),
    "num_networks": len(_distinct(made.known)[0]),
    "parts": int(parts.max()) + 1,
    "seed": config.seed,
  }


def report(summary: dict[str, Any], workdir: files.PathLike) -> list[str]:
  """Returns what a user is told of a training, line by line."""

  def shown(end: str) -> str:
    rho, tau = summary[f"spearman{end}"], summary[f"tau{end}"]
    if rho is None:
      return "all are equal"
    return f"Spearman rho {rho:.4f}, Kendall tau-b {tau:.4f}"

  return [
    f"labels       {summary['table']}: {summary['num_labels']}, of "
    f"{summary['num_networks']} different networks",
    f"left out     {shown('')}, mean error {labels.show(summary['mean_error'])}"
    f" (each of {summary['parts']} parts by the others)",
    f"no labels    {shown('_without_labels')}",
    f"parameters   {shown('_params')}",
    f"FLOPs        {shown('_macs')}",
    f"novel        {summary['num_novel']} of {summary['num_labels']} are unlike"
    " the networks that the ranker was learnt from",
    f"time         {summary['total_seconds']:.0f} s",
    f"written to   {workdir} (adapted.npz, predictions.csv)",
    f"rank         nasjax rank --checkpoint "
    f"{shlex.quote(str(workdir))} MODEL.onnx ...",
  ]


def left_out(made: AdaptedRanker, parts: np.ndarray) -> np.ndarray:
  """Scores labelled networks by adaptations that have not seen their part.

  Args:
    made: the labelled networks.
    parts: the part of each network, from 0 on, `[m]`.

  Returns:
    `[m]`, in the unit of the labels.
  """
  scores = np.empty(len(parts))
  total = int(parts.max()) + 1
  with progress.Progress(
    "cross-validation", total, unit="parts", shown=len(parts) >= _MANY
  ) as bar:
    for part in range(total):
      out = parts == part
      values = made.values[~out]
      if np.ptp(values):
        rest = AdaptedRanker(made.known[~out], values)
        scores[out] = rest.scores(made.known[out])
      else:
        scores[out] = values[0]
      bar.update()
  return scores


def _distinct(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Different networks by their measures, and which one each row is, `[m]`."""
  found, rows = np.unique(known, axis=0, return_inverse=True)
  return found, rows.reshape(-1)


def _parts(known: np.ndarray, number: int, seed: int) -> np.ndarray:
  """The part of each network, `[m]`; equal networks are in one part."""
  networks, rows = _distinct(known)
  size = len(networks)
  order = np.random.default_rng(seed).permutation(size)
  return (order % min(number or size, size))[rows]


def _check(
  table: network_table.Table, made: AdaptedRanker, parts: np.ndarray
) -> None:
  """Refuses labels that nothing can be learnt from.

  Raises:
    UserError: there are too few or too many, they are equal, or the output of a
      network depends on no input.
  """
  shown = errors.quote(str(table.path))
  dead = np.flatnonzero(~made.known.any(axis=1))
  if dead.size:
    raise errors.UserError(
      f"{shown}, line {table.lines[dead[0]]}: expected a network whose output "
      "depends on its input, got another one; remove the line"
    )
  different = len(_distinct(made.known)[0])
  if different < FEWEST or len(parts) > MOST:
    raise errors.UserError(
      f"{shown}: expected labels of at least {FEWEST} different networks, and "
      f"at most {MOST:,} labels, got {len(parts):,} labels of {different:,}; "
      + ("train more" if different < FEWEST else "take a part of them")
    )
  try:
    labels.standardise(made.values, len(parts))
  except errors.UserError as error:
    raise errors.UserError(f"{shown}: {error}") from error


def _check_former(folder: files.PathLike, made: AdaptedRanker) -> None:
  """Refuses a workdir of models of the same names that were other ones.

  Raises:
    UserError: it is one.
  """
  path = files.expand(folder) / adapted_ranker.FILE
  if not path.exists():
    return
  former = adapted_ranker.load(path)
  if not np.array_equal(former.known, made.known):
    raise errors.UserError(
      f"{errors.quote(str(folder))} holds another training (models of other "
      "contents): expected the same models; give --workdir a new folder"
    )


def _check_workdir(folder: files.PathLike) -> None:
  """Refuses a folder whose files a training would write over."""
  folder = files.expand(folder)
  for name, former in (
    (workdirs.CONFIG, replacing.has_json("table", "parts", "model")),
    (workdirs.TABLE, replacing.has_json("sha256")),
    (PREDICTIONS, _is_predictions),
    ("summary.json", replacing.has_json("table", "parts", "spearman")),
  ):
    replacing.check_file(folder / name, former, "a result of a training")
  adapted_ranker.check_target(folder)


def _is_predictions(path) -> bool:
  with open(path, encoding="utf-8") as file:
    return file.readline(200).strip() == ",".join(_HEADER)


def _correlations(
  end: str, scores: np.ndarray, values: np.ndarray
) -> dict[str, float | None]:
  """Rank correlations by name; None where all scores are equal."""
  found = {
    f"spearman{end}": metrics.spearman_rho(scores, values),
    f"tau{end}": metrics.kendall_tau(scores, values),
  }
  return {
    name: None if math.isnan(value) else round(value, 6)
    for name, value in found.items()
  }


def _column(made: AdaptedRanker, name: str) -> np.ndarray:
  return made.known[:, measures.NAMES.index(name)]


def _write_predictions(
  path: files.PathLike,
  table: network_table.Table,
  scores: np.ndarray,
  alone: np.ndarray,
) -> None:
  """Writes a line for each label."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator="\n")
  writer.writerow(_HEADER)
  columns = table.models, table.values, scores, alone
  writer.writerows(
    [model, *map(float, numbers)]
    for model, *numbers in zip(*columns, strict=True)
  )
  files.write_atomic(path, lambda file: file.write(text.getvalue().encode()))
