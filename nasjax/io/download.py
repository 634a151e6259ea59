"""Downloads that resume, show progress and are checked before use."""

import http.client
import os
import pathlib
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from nasjax import errors, files, progress

Opener = Callable[[urllib.request.Request], Any]

_BLOCK = 1 << 20
_TIMEOUT = 60  # seconds without any byte


def urlopen(request: urllib.request.Request) -> Any:
  """Opens a request; gives up on a silent server after a minute."""
  return urllib.request.urlopen(request, timeout=_TIMEOUT)


def fetch(
  url: str,
  path: pathlib.Path,
  *,
  sha256: str | None = None,
  opener: Opener = urlopen,
) -> str:
  """Downloads a file unless it is there, and checks it.

  The bytes go to `NAME.part`. An interrupted download continues there (HTTP
  Range) if its sha256 is known, and starts anew otherwise, since nothing could
  then tell a mixture of two versions from the file. The finished file gets its
  name only once it is checked; `NAME.sha256` records what was measured. A file
  with a wrong checksum is kept as `NAME.wrong` and never used.

  Args:
    url: address of the file.
    path: where to put it.
    sha256: expected hex checksum; None where no official one is known.
    opener: opens a request, with the answer of `urllib.request.urlopen`.

  Returns:
    The measured sha256.

  Raises:
    UserError: the connection fails or ends early, the disk is full, or the
      checksum is wrong.
  """
  if path.exists():
    return _check(path, path, sha256, url)
  part = path.with_name(path.name + ".part")
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    start = part.stat().st_size if sha256 and part.exists() else 0
    _transfer(url, part, start, opener)
  except urllib.error.URLError as error:
    raise errors.UserError(
      f"cannot download {url}: {error.reason}; check the connection and run "
      "the command again"
    ) from error
  except (OSError, http.client.HTTPException) as error:
    reason = getattr(error, "strerror", None) or error
    raise errors.UserError(
      f"the download to {str(part)!r} stopped: {reason}; run the command "
      "again to go on"
    ) from error
  return _check(part, path, sha256, url)


def _transfer(url: str, part: pathlib.Path, start: int, opener: Opener) -> None:
  """Appends to `part` from byte `start`, or from 0 if the server wants so.

  Raises:
    UserError: the server sent fewer bytes than it announced.
  """
  headers = {"User-Agent": "nasjax"}
  if start:
    headers["Range"] = f"bytes={start}-"
  try:
    response = opener(urllib.request.Request(url, headers=headers))
  except urllib.error.HTTPError as error:
    if error.code == 416 and start:  # nothing is left to send
      return
    raise
  with response:
    if response.status != 206:
      start = 0
    length = response.headers.get("Content-Length")
    total = start + int(length) if length else None
    size = _append(response, part, start, total)
  if total is not None and size < total:
    raise errors.UserError(
      f"{url} ended early: expected {total} bytes, got {size}; run the "
      f"command again to go on from {str(part)!r}"
    )


def _append(
  response: Any, part: pathlib.Path, start: int, total: int | None
) -> int:
  """Copies a response behind the first `start` bytes; returns the size."""
  with (
    errors.resuming(lambda: "the same command goes on with the download"),
    open(part, "ab") as file,
    progress.Progress(f"download {part.stem}", total, start=start) as bar,
  ):
    file.truncate(start)
    while block := response.read(_BLOCK):
      file.write(block)
      bar.update(len(block))
    return file.tell()


def _check(
  present: pathlib.Path, path: pathlib.Path, sha256: str | None, url: str
) -> str:
  """Measures the checksum and gives the file its final name."""
  measured = files.sha256(present)
  if sha256 and measured != sha256.lower():
    wrong = path.with_name(path.name + ".wrong")
    os.replace(present, wrong)
    raise errors.UserError(
      f"{url}: expected sha256 {sha256}, got {measured}; the file was set "
      f"aside as {str(wrong)!r} and is not used; run the command again"
    )
  if present == path:  # where it lies may be read-only
    return measured
  os.replace(present, path)
  record = path.with_name(path.name + ".sha256")
  line = f"{measured}  {path.name}\n"
  files.write_atomic(record, lambda file: file.write(line.encode()))
  return measured
