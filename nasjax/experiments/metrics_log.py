"""The log of a training: what each epoch measured, one JSON line each."""

import json
import pathlib
from typing import Any

from nasjax import errors, files


class MetricsLog:
  """`metrics.jsonl`: one line an epoch; a resume drops what it will redo."""

  def __init__(self, path: pathlib.Path):
    """Keeps the path of the file."""
    self._path = path

  def keep_until(self, epoch: float) -> None:
    """Drops the lines of later epochs, and a last line that is cut off."""
    lines = []
    if self._path.exists():
      for line in self._path.read_text().splitlines():
        try:
          if json.loads(line)["epoch"] <= epoch:
            lines.append(line + "\n")
        except (ValueError, KeyError):
          continue
    text = "".join(lines).encode()
    files.write_atomic(self._path, lambda file: file.write(text))

  def write(self, record: dict[str, Any]) -> None:
    """Adds a line.

    Raises:
      UserError: the file cannot be written.
    """
    try:
      with open(self._path, "a") as file:
        file.write(json.dumps(record) + "\n")
    except OSError as error:
      raise errors.UserError(
        f"cannot write {str(self._path)!r}: {error.strerror}; free some space "
        "and run the same command again: it resumes"
      ) from error
