"""Compiled programs that are kept on disk for later processes.

JAX keeps them (its persistent compilation cache); this module says where, how
many, and that a cache which cannot be used costs time and nothing else.
"""

import functools
import hashlib
import importlib.metadata
import os
import pathlib
import platform
import shutil
import stat
import sys
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import jax

from nasjax import errors, files

VARIABLE = "NASJAX_PROGRAMS_MB"
"""Environment variable: most MB that programs may take; 0: none are kept."""
DEFAULT_MB = 512

_LEAST_SECONDS = 0.1  # what is compiled faster is not kept
_JAX_LEAST_SECONDS = 1.0  # where the process has not set it
_LEAST_FREE = 64 << 20  # bytes of the disk below which nothing is kept
_CHECKED = ".checked"  # whose time says until when entries were checked
_ENTRIES = "*-cache"  # how JAX names them
_ZLIB = b"\x78"
_FORMAT = b"pjrt_ifrt"


@functools.cache
def use() -> pathlib.Path | None:
  """Has JAX keep compiled programs in the cache folder; once for a process.

  Nothing is changed where the process or its environment has chosen a folder
  (`jax_compilation_cache_dir`) or no cache at all
  (`jax_enable_compilation_cache`), nor where the folder cannot be written, may
  be written by other users, or its disk is full.

  Returns:
    The folder; None where nothing was changed.

  Raises:
    UserError: `NASJAX_PROGRAMS_MB` is no whole number.
  """
  limit = _limit()
  config: Any = jax.config
  chosen = config.jax_compilation_cache_dir
  if not limit or chosen or not config.jax_enable_compilation_cache:
    return None
  try:
    files.cache_dir().mkdir(parents=True, exist_ok=True)
    root = files.cache_dir() / "programs"
    folder = root / _machine()
    for each in (root, folder):
      each.mkdir(mode=0o700, exist_ok=True)
      if not _is_ours(each):
        return None
    if shutil.disk_usage(folder).free < _LEAST_FREE:
      return None
    _drop_damaged(folder)
    _drop_oldest(root, limit)
  except (OSError, errors.UserError):
    return None
  _turn_on(folder)
  return folder


def _turn_on(folder: pathlib.Path) -> None:
  # Two processes may write one entry; who meets half of it compiles again.
  warnings.filterwarnings(
    "ignore",
    "Error (reading|writing) persistent compilation cache",
    UserWarning,
  )
  config: Any = jax.config
  least = config.jax_persistent_cache_min_compile_time_secs
  if least == _JAX_LEAST_SECONDS:
    jax.config.update(
      "jax_persistent_cache_min_compile_time_secs", _LEAST_SECONDS
    )
  jax.config.update("jax_compilation_cache_dir", str(folder))


def _limit() -> int:
  """Most bytes that all programs may take."""
  text = os.environ.get(VARIABLE, "").strip() or str(DEFAULT_MB)
  if not (text.isascii() and text.isdigit()) or len(text) > 9:
    raise errors.UserError(
      f"{VARIABLE}: expected a whole number of MB for compiled programs, or 0 "
      f"to keep none, got {errors.quote(text)}"
    )
  return int(text) * 10**6


def _machine() -> str:
  """Name of the programs that this machine can run: a home may be shared."""
  flags = ""
  if sys.platform == "linux":
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    named = ("flags", "Features", "isa")
    flags = next((line for line in lines if line.startswith(named)), "")
  said = (importlib.metadata.version("jaxlib"), platform.machine(), flags)
  return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _is_ours(folder: pathlib.Path) -> bool:
  """Whether only this user can write a folder: its files are executed."""
  found = folder.stat()
  foreign = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
  mine = found.st_uid == os.geteuid()
  return mine and not foreign and os.access(folder, os.W_OK | os.X_OK)


def _entries(folder: pathlib.Path) -> Iterator[tuple[pathlib.Path, int, float]]:
  """Entries with their sizes and the times of their last use."""
  for path in folder.rglob(_ENTRIES):
    try:
      found = path.stat()
    except FileNotFoundError:  # another process was faster
      continue
    yield path, found.st_size, max(found.st_mtime, found.st_atime)


def _drop_damaged(folder: pathlib.Path) -> None:
  """Removes new entries that are no programs: half written, or others' bytes.

  JAX would compile such a program in every process, and never write it again.
  """
  mark = folder / _CHECKED
  since = mark.stat().st_mtime if mark.exists() else 0.0
  for path in folder.glob(_ENTRIES):
    if path.stat().st_mtime >= since - 1 and not _is_whole(path):
      path.unlink(missing_ok=True)
  mark.touch()


def _is_whole(path: pathlib.Path) -> bool:
  """Whether an entry can be unpacked and holds a program.

  A program has its name inside, and its entry is called `NAME-KEY-cache`; a
  backend that keeps no name has that of the format. Another packing than zlib
  is believed.
  """
  content = path.read_bytes()
  if content[:1] != _ZLIB:
    return bool(content)
  try:
    program = zlib.decompress(content)
  except zlib.error:
    return False
  name = path.name.rsplit("-", 2)[0].encode()
  return name in program or _FORMAT in program


def _drop_oldest(root: pathlib.Path, limit: int) -> None:
  """Removes the entries that were not used for longest, beyond a size."""
  entries = sorted(_entries(root), key=lambda entry: entry[2], reverse=True)
  total = 0
  for path, size, _ in entries:
    total += size
    if total > limit:
      path.unlink(missing_ok=True)
