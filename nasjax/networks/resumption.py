"""Checkpoints and log of a network's training, from which it resumes."""

import json
from typing import Any

import numpy as np

from nasjax import files
from nasjax.io import replacing
from nasjax.networks.state import State

_LOGGED = ("epoch", "cell")


class Keeper:
  """Checkpoints and log of a training; does nothing without a folder."""

  def __init__(
    self, workdir: files.PathLike | None, every: int, meta: dict[str, Any]
  ):
    """Opens the folder.

    Args:
      workdir: folder of the training; None keeps nothing.
      every: epochs from checkpoint to checkpoint; 0 for none.
      meta: what the training is; a resumed one must be the same.

    Raises:
      UserError: the folder cannot be written, or holds another program's log.
    """
    self._folder = None if workdir is None else files.expand(workdir)
    if self._folder is not None:
      replacing.check_file(
        self._folder / "log.jsonl",
        replacing.has_json_lines(*_LOGGED),
        "the log of such a training",
      )
    self._every, self._meta = every, meta
    self._checkpoints = None
    if self._folder is not None and every:
      from nasjax.training import checkpoint

      self._checkpoints = checkpoint.Checkpoints(self._folder / "checkpoints")

  def restore(self, state: State, history: dict[str, np.ndarray]):
    """Returns epochs done, state and history."""
    found = None
    if self._checkpoints is not None:
      template = {"state": _changing(state), "history": history}
      found = self._checkpoints.restore(template, self._meta)
    if found is None:
      return 0, state, history
    done, content = found
    history = {
      name: np.array(value) for name, value in content["history"].items()
    }
    return done, state._replace(**content["state"]), history

  def save(self, done: int, state: State, history, rows) -> None:
    """Writes the checkpoint where it is due, and the log."""
    if self._folder is None:
      return
    if self._checkpoints is not None and done % self._every == 0:
      content = {"state": _changing(state), "history": history}
      self._checkpoints.save(done, content, self._meta)
    text = "".join(json.dumps(row) + "\n" for row in rows(done, history))
    files.write_atomic(
      self._folder / "log.jsonl", lambda file: file.write(text.encode())
    )

  def close(self) -> None:
    """Releases the checkpoints."""
    if self._checkpoints is not None:
      self._checkpoints.close()


def _changing(state: State) -> dict[str, Any]:
  """Returns what training changes; the rest follows from the arguments."""
  names = ("params", "batch_stats", "optimizer")
  return {name: getattr(state, name) for name in names}
