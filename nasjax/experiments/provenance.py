"""Where a result comes from: command, code, versions, device."""

import pathlib
import shlex
import subprocess
import sys
from importlib import metadata
from typing import Any

import jax

from nasjax.experiments import invocation

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")
_FOLDERS = ("workdir", "data_dir")


def of_run() -> dict[str, Any]:
  """What `summary.json` holds of where it comes from."""
  return {
    "command": command(),
    "device": f"{jax.devices()[0].device_kind} x {jax.device_count()}",
    "commit": commit(),
    "versions": {name: metadata.version(name) for name in _PACKAGES},
  }


def command() -> str:
  """The command line that runs, without the folders of one machine."""
  words = invocation.without(sys.argv[1:], _FOLDERS)
  return f"{invocation.program()} {shlex.join(words)}"


def commit() -> str:
  """Commit of the checkout that runs, or the released version."""
  root = pathlib.Path(__file__).parents[2]
  try:
    done = subprocess.run(
      ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
      capture_output=True,
      text=True,
      check=True,
      timeout=10,
    )
    return done.stdout.strip()
  except (OSError, subprocess.SubprocessError):
    return "v" + metadata.version("nasjax")
