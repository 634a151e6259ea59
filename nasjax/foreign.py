"""Bytes that somebody else wrote: what reading them may cost, and may raise.

Every reader of a foreign file works inside `reading`, so that one place decides
which exceptions mean a damaged file, and asks `afford` before it allocates what
a header announces.
"""

import contextlib
import lzma
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator

from nasjax import errors

MAX_BYTES = 1 << 30
"""Memory that the content of one foreign file may take, bytes (1 GiB)."""

DAMAGED = (
  ArithmeticError,
  AttributeError,
  BufferError,
  EOFError,
  LookupError,
  MemoryError,
  OSError,
  RuntimeError,
  SyntaxError,
  TypeError,
  ValueError,
  lzma.LZMAError,
  struct.error,
  tarfile.TarError,
  tokenize.TokenError,
  zipfile.BadZipFile,
  zlib.error,
)
"""What readers raise on damaged bytes; `RuntimeError` includes its subclasses
`NotImplementedError` and `RecursionError`, `ValueError` those of Unicode."""


@contextlib.contextmanager
def reading(
  source: object, kind: str, advice: str = "fetch it again"
) -> Iterator[None]:
  """Turns what a reader raises on damaged bytes into one line.

  Args:
    source: the file, as messages name it.
    kind: what is expected, e.g. `'a complete .npz file'`.
    advice: what to do.

  Raises:
    UserError: the file is missing, unreadable or damaged; a `UserError` from
      inside passes as it is.
  """
  name = errors.quote(str(source))
  try:
    yield
  except errors.UserError:
    raise
  except FileNotFoundError as error:
    raise errors.UserError(f"no such file: {name}") from error
  except DAMAGED as error:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    raise errors.UserError(
      f"{name} is not {kind} ({reason}); {advice}"
    ) from error


def afford(source: object, num_bytes: int, limit: int = MAX_BYTES) -> None:
  """Refuses content that would take more memory than is allowed.

  Args:
    source: the file, as messages name it.
    num_bytes: what its content would take, as its header says.
    limit: bytes that are allowed.

  Raises:
    UserError: it is more.
  """
  if num_bytes > limit:
    raise errors.UserError(
      f"{errors.quote(str(source))} would take {num_bytes / 2**30:.1f} GiB of "
      f"memory: expected at most {limit / 2**30:.1f} GiB; use a smaller file"
    )
