"""What the machine does at best, measured in the process that is compared."""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files
from nasjax.experiments import provenance

_SIZES = (4096, 1024, 1024)


def gemm_gflops(repeats: int = 5) -> float:
  """Best rate of a large float32 matrix product, in GFLOP/s."""
  rows, inner, columns = _SIZES
  left = jnp.ones((rows, inner), jnp.float32)
  right = jnp.ones((inner, columns), jnp.float32)
  product = compiler.jit(jnp.matmul)
  seconds = timed(lambda: jax.block_until_ready(product(left, right)), repeats)
  return 2 * rows * inner * columns / min(seconds) / 1e9


def timed(work: Callable[[], Any], repeats: int) -> list[float]:
  """Wall seconds of each of `repeats` calls, after one that is not timed."""
  work()
  seconds = []
  for _ in range(repeats):
    began = time.perf_counter()
    work()
    seconds.append(time.perf_counter() - began)
  return seconds


@contextlib.contextmanager
def alone() -> Iterator[None]:
  """Gives all threads of this process the cores before every other process.

  For blocks of a second or two: others wait, and the system stays reachable by
  the share of time that it keeps from real-time threads (5 % on Linux).

  Raises:
    UserError: the system has no such priority, or this user may not have it.
  """
  try:
    _schedule(os.SCHED_RR, 1)
  except (AttributeError, OSError) as error:
    raise errors.UserError(
      f"--alone: expected the right to a real-time priority, got {error}; run "
      "it as root on Linux, or leave --alone out"
    ) from error
  try:
    yield
  finally:
    _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
  for thread in pathlib.Path("/proc/self/task").iterdir():
    with contextlib.suppress(ProcessLookupError):  # a thread that has ended
      os.sched_setscheduler(int(thread.name), policy, os.sched_param(priority))


def peak_memory_mb() -> float:
  """Largest resident memory of this process so far, in MB."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def spread(values: list[float]) -> str:
  """Smallest, median and largest, in words."""
  return (
    f"{np.median(values):.4g} (median of {len(values)}; {min(values):.4g} to "
    f"{max(values):.4g})"
  )


def facts() -> dict[str, Any]:
  """Device, commit and versions, for the JSON file."""
  return {
    "device": f"{jax.devices()[0].device_kind} x {jax.device_count()}",
    "machine": platform.machine(),
    "commit": provenance.commit(),
    "versions": {
      name: metadata.version(name) for name in ("jax", "jaxlib", "flax")
    },
  }


def finish(result: dict[str, Any], out: str | None) -> None:
  """Prints the result as one line of JSON; writes it where asked."""
  result = {**result, **facts()}
  print(json.dumps(result))
  if out:
    files.write_json(out, result)


def run(parser: argparse.ArgumentParser, main: Callable[[Any], None]) -> None:
  """Parses the command line and runs; a user's mistake exits with 2."""
  parser.add_argument("--out", help="JSON file to write")
  try:
    main(parser.parse_args())
  except errors.UserError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
