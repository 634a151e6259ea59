"""`python -m nasjax.scoring`: score whole spaces, or streams of samples."""

import json
import math
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from absl import flags

from nasjax import errors, files
from nasjax.commands import flags as command_flags
from nasjax.commands import own_spaces
from nasjax.io import replacing
from nasjax.predictors import checkpoints, predictor
from nasjax.scoring import labels, precisions, shards, streaming
from nasjax.scoring.scorer import score
from nasjax.spaces import registry as spaces

_USAGE = """Scores a whole space, or a stream of sampled architectures.

  python -m nasjax.scoring --space nb101 --checkpoint NAME --out DIR
    [--num_shards 16] [--coordinator HOST:PORT --num_processes N --process_id I]
  python -m nasjax.scoring --space darts --checkpoint NAME --out FILE.json
    --num_samples 10000000 [--top_k 100] [--seed 0]

A whole space is written to DIR in shards; the last process to finish merges
them into DIR/scores.npz. A stream keeps the best top_k; its state lies beside
FILE. After an interruption the same command resumes.
"""

_TEXT = (
  (
    "space",
    "nb201",
    f"search space: {', '.join(spaces.space_names())}, or MODULE:NAME of one's "
    "own",
  ),
  ("checkpoint", None, "saved predictor, workdir, or pretrained name"),
  ("out", None, "folder of the shards, or JSON file of a stream"),
  ("coordinator", None, "HOST:PORT of process 0, for several processes"),
  ("precision", "float32", "float32 or bfloat16"),
)
_NUMBERS = (
  ("num_samples", None, "architectures of a stream; the whole space if absent"),
  ("top_k", 100, "architectures that a stream keeps"),
  ("seed", 0, "seed of the samples"),
  ("num_shards", 16, "shards of a whole space"),
  ("num_processes", 1, "processes that share a whole space"),
  ("process_id", 0, "which of them this is"),
)


_RANGES = {
  "num_samples": (1, 10**12),
  "top_k": (1, 1_000_000),
  "seed": (0, 2**63 - 1),
  "num_shards": (1, 100_000),
  "num_processes": (1, 100_000),
}


def _define() -> flags.FlagValues:
  values = flags.FlagValues()
  for name, default, what in _TEXT:
    flags.DEFINE_string(name, default, what, flag_values=values)
  for name, default, what in _NUMBERS:
    flags.DEFINE_integer(name, default, what, flag_values=values)
  flags.DEFINE_float(
    "memory_mb", None, "memory of a chunk in MiB", flag_values=values
  )
  return values


def _check(options: dict[str, Any]) -> None:
  """Stops on values that cannot be meant."""
  if not options["out"]:
    raise errors.UserError("no --out: expected a folder (or FILE.json)")
  options["space"] = own_spaces.find(options["space"])
  if options["precision"] not in precisions.PRECISIONS:
    raise errors.one_of(
      "precision", options["precision"], precisions.PRECISIONS
    )
  for name, (least, most) in _RANGES.items():
    value = options[name]
    if value is not None and not least <= value <= most:
      bound = f"at least {least}" if value < least else f"at most {most}"
      raise errors.UserError(f"--{name}: expected {bound}, got {value}")
  memory = options["memory_mb"]
  if memory is not None and not 0 < memory < math.inf:
    raise errors.UserError(
      f"--memory_mb: expected a positive number of MiB, got {memory}"
    )
  if not 0 <= options["process_id"] < options["num_processes"]:
    raise errors.UserError(
      f"--process_id: expected 0 .. {options['num_processes'] - 1}, got "
      f"{options['process_id']}"
    )
  if options["num_processes"] > 1 and not options["coordinator"]:
    raise errors.UserError(
      "--num_processes above 1: expected --coordinator=HOST:PORT of process 0"
    )
  host, _, port = (options["coordinator"] or "localhost:1").rpartition(":")
  if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
    raise errors.UserError(
      "--coordinator: expected HOST:PORT of process 0, e.g. node1:1234, got "
      f"{errors.quote(options['coordinator'])}"
    )
  if options["num_processes"] > 1 and options["num_samples"] is not None:
    raise errors.UserError(
      "--num_samples: a stream runs in one process; drop --num_processes, or "
      "run several streams with different --seed"
    )
  whole = options["num_samples"] is None
  if whole and spaces.get_space(options["space"]).size is None:
    raise errors.UserError(
      f"space {options['space']!r} cannot be enumerated: expected "
      "--num_samples=N as well, for a stream of samples"
    )
  out = files.expand(options["out"])
  files.check_writable(out / shards.MERGED if whole else out)


def _connect(options: dict[str, Any]) -> None:
  """Joins the processes of one scoring."""
  if options["num_processes"] == 1:
    return
  try:
    jax.distributed.initialize(
      options["coordinator"],
      options["num_processes"],
      options["process_id"],
      initialization_timeout=60,
    )
  except (RuntimeError, ValueError) as error:
    raise errors.UserError(
      f"--coordinator {errors.quote(options['coordinator'])}: cannot join the "
      "other "
      f"processes ({str(error).splitlines()[0][:120]}); start all of them"
    ) from error


def _score_fn(model: predictor.Predictor, options: dict[str, Any]):
  """Calibrated mean of the members, `[k, G]` to `[k]`."""
  fitted = model.fitted

  def score_fn(genotypes: np.ndarray) -> np.ndarray:
    raw = score(
      model.model,
      fitted.params,
      model.space,
      genotypes,
      prune=model.config.prune,
      memory_mb=options["memory_mb"],
      precision=options["precision"],
    )
    return predictor.combine(fitted, raw)[0]

  return score_fn


def _identity(model: predictor.Predictor, options: dict[str, Any]) -> str:
  """Digest of the predictor and of the options that change its scores."""
  fitted = model.fitted
  return shards.digest(
    (fitted.params, fitted.scale, fitted.shift),
    model.config.to_json(sort_keys=True),
    options["precision"],
  )


def _whole_space(model: predictor.Predictor, options: dict[str, Any]) -> None:
  genotypes = model.space.enumerate()
  identity = shards.digest(_identity(model, options), np.asarray(genotypes))
  folder = files.expand(options["out"])
  shards.check_folder(folder)
  num_shards = options["num_shards"]
  began = time.monotonic()
  scored = shards.write_shards(
    _score_fn(model, options),
    genotypes,
    folder,
    identity,
    num_shards=num_shards,
    process_id=options["process_id"],
    num_processes=options["num_processes"],
  )
  seconds = time.monotonic() - began
  print(f"{scored} of {num_shards} shards scored in {seconds:.1f} s")
  merged = shards.merge(folder, genotypes, identity, num_shards=num_shards)
  if merged is None:
    print("other processes are not done yet: the last one merges the shards")
  else:
    print(f"{len(merged)} scores merged into {folder / shards.MERGED}")


def _stream(model: predictor.Predictor, options: dict[str, Any]) -> None:
  out = files.expand(options["out"])
  former = replacing.has_json("space", "num_scored", "top")
  replacing.check_file(out, former, "a result of a stream")
  best = streaming.stream_top_k(
    _score_fn(model, options),
    model.space,
    options["num_samples"],
    options["top_k"],
    seed=options["seed"],
    state=out.with_name(out.name + ".state.npz"),
    identity=_identity(model, options),
  )
  names = model.space.format(best.genotypes)
  pairs = zip(names, best.scores, strict=True)
  report = {
    "space": model.space.name,
    "seed": options["seed"],
    "num_scored": best.num_scored,
    "mean": best.mean,
    "std": best.std,
    "top": [{"arch": name, "score": float(value)} for name, value in pairs],
  }
  files.write_json(out, report)
  print(
    f"{best.num_scored} architectures: mean score "
    f"{labels.show(best.mean)}, best {labels.show(float(best.scores[0]))}; the "
    f"best {len(names)} are in {out}"
  )
  print(json.dumps(report["top"][0]))


def _run(argv: Sequence[str]) -> None:
  """Parses flags and scores."""
  values = _define()
  if not command_flags.parse(values, argv, _USAGE):
    return
  options: dict[str, Any] = {name: values[name].value for name in values}
  _check(options)
  _connect(options)
  model = checkpoints.open_predictor(options["space"], options["checkpoint"])
  if options["num_samples"] is None:
    _whole_space(model, options)
  else:
    _stream(model, options)


main = command_flags.guard(_run)
