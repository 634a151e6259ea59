"""The scoring of `nasjax score`: whole spaces and streams of samples."""

import json
import time

import jax
import numpy as np

from nasjax import errors, files, labels
from nasjax.commands.score_options import ScoreOptions
from nasjax.io import replacing
from nasjax.predictors import checkpoints, predictor, priors
from nasjax.scoring import shards, streaming
from nasjax.scoring.scorer import score
from nasjax.spaces import registry as spaces


def run(options: ScoreOptions) -> None:
  """Scores a whole space or a stream, and writes the result.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  whole = options.num_samples is None
  if whole and spaces.get_space(options.space).size is None:
    raise errors.UserError(
      f"space {options.space!r} cannot be enumerated: expected "
      "--num_samples=N as well, for a stream of samples"
    )
  out = files.expand(options.out)
  files.check_writable(out / shards.MERGED if whole else out)
  _connect(options)
  model = checkpoints.open_predictor(options.space, options.checkpoint)
  if options.num_samples is None:
    _whole_space(model, options)
  else:
    _stream(model, options, options.num_samples)


def _connect(options: ScoreOptions) -> None:
  """Joins the processes of one scoring."""
  if options.num_processes == 1:
    return
  try:
    jax.distributed.initialize(
      options.coordinator,
      options.num_processes,
      options.process_id,
      initialization_timeout=60,
    )
  except (RuntimeError, ValueError) as error:
    raise errors.UserError(
      f"--coordinator {errors.quote(options.coordinator)}: cannot join the "
      f"other processes ({str(error).splitlines()[0][:120]}); start all of them"
    ) from error


def _score_fn(model: predictor.Predictor, options: ScoreOptions):
  """Calibrated mean of the members, `[k, G]` to `[k]`."""
  fitted = model.fitted

  def score_fn(genotypes: np.ndarray) -> np.ndarray:
    raw = score(
      model.model,
      fitted.params,
      model.space,
      genotypes,
      prune=model.config.prune,
      memory_mb=options.memory_mb,
      precision=options.precision,
    )
    raw = priors.add(model.config, model.space, fitted.params, raw, genotypes)
    return predictor.combine(fitted, raw)[0]

  return score_fn


def _identity(model: predictor.Predictor, options: ScoreOptions) -> str:
  """Digest of the predictor and of the options that change its scores."""
  fitted = model.fitted
  return shards.digest(
    (fitted.params, fitted.scale, fitted.shift),
    model.config.to_json(sort_keys=True),
    options.precision,
  )


def _whole_space(model: predictor.Predictor, options: ScoreOptions) -> None:
  genotypes = model.space.enumerate()
  identity = shards.digest(_identity(model, options), np.asarray(genotypes))
  folder = files.expand(options.out)
  shards.check_folder(folder)
  num_shards = options.num_shards
  began = time.monotonic()
  scored = shards.write_shards(
    _score_fn(model, options),
    genotypes,
    folder,
    identity,
    num_shards=num_shards,
    process_id=options.process_id,
    num_processes=options.num_processes,
  )
  seconds = time.monotonic() - began
  print(f"{scored} of {num_shards} shards scored in {seconds:.1f} s")
  merged = shards.merge(folder, genotypes, identity, num_shards=num_shards)
  if merged is None:
    print("other processes are not done yet: the last one merges the shards")
  else:
    print(f"{len(merged)} scores merged into {folder / shards.MERGED}")


def _stream(
  model: predictor.Predictor, options: ScoreOptions, num_samples: int
) -> None:
  out = files.expand(options.out)
  former = replacing.has_json("space", "num_scored", "top")
  replacing.check_file(out, former, "a result of a stream")
  best = streaming.stream_top_k(
    _score_fn(model, options),
    model.space,
    num_samples,
    options.top_k,
    seed=options.seed,
    state=out.with_name(out.name + ".state.npz"),
    identity=_identity(model, options),
  )
  names = model.space.format(best.genotypes)
  pairs = zip(names, best.scores, strict=True)
  report = {
    "space": model.space.name,
    "seed": options.seed,
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
