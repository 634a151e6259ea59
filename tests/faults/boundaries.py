"""Kills work between any two changes of its files, and does it again.

  python tests/faults/boundaries.py NAME [--few 8]

The work runs in a forked child, which exits without ceremony before its n-th
change of a file: nothing tidies up, and the files stay as signal 9 leaves them.
A second child does the same work in the same folder to its end; its results
must equal those of a run that nothing stopped. `--few` tries so many of the
changes, spread evenly; all are tried without it.
"""

import argparse
import builtins
import contextlib
import io
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator

import boundary_works

_CHANGES = ("replace", "rename", "mkdir", "unlink", "remove", "rmdir")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
KILLED = 137


class Changes:
  """Counts changes of files below a folder; exits before number `last`."""

  def __init__(self, folder: pathlib.Path, last: int | None):
    self._folder, self._last, self.num = str(folder), last, 0

  def count(self, path: object, keywords: dict) -> None:
    inside = keywords.get("dir_fd") is not None
    if isinstance(path, (str, os.PathLike)):
      inside |= os.path.abspath(path).startswith(self._folder)
    if not inside:
      return
    if self.num == self._last:
      os._exit(KILLED)
    self.num += 1

  def counted(self, real: Callable, writes: Callable) -> Callable:
    """Wraps a function of a path; `writes` says whether a call changes it."""

    def change(path, *args, **keywords):
      if writes(*args, **keywords):
        self.count(path, keywords)
      return real(path, *args, **keywords)

    return change


def _flags_write(flags, *_, **__) -> bool:
  return bool(flags & _WRITING)


def _mode_writes(mode="r", *_, **__) -> bool:
  return bool(set(mode) & set("wax+"))


@contextlib.contextmanager
def counting(folder: pathlib.Path, last: int | None) -> Iterator[Changes]:
  """Counts the changes below a folder; exits before number `last`."""
  changes = Changes(folder, last)
  places: list[tuple[object, str, Callable]] = [
    (os, name, lambda *_, **__: True) for name in _CHANGES
  ]
  places.append((os, "open", _flags_write))
  places += [(builtins, "open", _mode_writes), (io, "open", _mode_writes)]
  with contextlib.ExitStack() as stack:
    for module, name, writes in places:
      real = getattr(module, name)
      stack.callback(setattr, module, name, real)
      setattr(module, name, changes.counted(real, writes))
    yield changes


def in_child(work: Callable[[], object]) -> int:
  """Runs work in a forked child; returns its exit status."""
  child = os.fork()
  if child:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
  status = 1
  try:
    work()
    status = 0
  except BaseException as error:
    print(f"child: {error!r}", file=sys.stderr, flush=True)
  finally:
    os._exit(status)


def number_of_changes(work: boundary_works.Work, folder: pathlib.Path) -> int:
  """Runs the work to its end in a child and counts."""
  told = folder.parent / f"{folder.name}.num"

  def count():
    with counting(folder, None) as changes:
      work.run(folder)
    told.write_text(str(changes.num))

  assert in_child(count) == 0
  return int(told.read_text())


def killed(work: boundary_works.Work, folder: pathlib.Path, last: int) -> bool:
  """Runs the work in a child that dies before change `last`.

  Returns:
    False where it ended before: Orbax does not always make as many changes.
  """

  def die():
    with counting(folder, last):
      work.run(folder)

  status = in_child(die)
  assert status in (0, KILLED), f"failed before change {last}"
  return status == KILLED


def spread(num: int, few: int | None) -> list[int]:
  """At most `few` of `num` changes, the first and the last among them."""
  if few is None or few >= num:
    return list(range(num))
  return sorted({round(i * (num - 1) / (few - 1)) for i in range(few)})


def try_all(work: boundary_works.Work, root: pathlib.Path, few: int | None):
  """Kills the work at its changes; returns how many, and how many were tried.

  Raises:
    AssertionError: the second run failed, or its results differ.
  """
  whole = root / "whole"
  work.prepare(whole)
  num = number_of_changes(work, whole)
  expected = work.results(whole)
  tried = 0
  for last in spread(num, few):
    folder = root / f"killed{last}"
    work.prepare(folder)
    tried += killed(work, folder, last)
    assert in_child(lambda folder=folder: work.check(folder)) == 0, (
      f"killed before change {last}: bad files"
    )
    assert in_child(lambda folder=folder: work.run(folder)) == 0, (
      f"killed before change {last}: the second run failed"
    )
    found = work.results(folder)
    different = [n for n in expected if found.get(n) != expected[n]]
    assert found == expected, f"killed before change {last}: {different}"
  assert tried, "nothing was killed"
  return num, tried


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("name", choices=boundary_works.WORKS)
  parser.add_argument("--few", type=int)
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as root:
    os.environ["NASJAX_CACHE"] = str(pathlib.Path(root) / "cache")
    work = boundary_works.WORKS[options.name](pathlib.Path(root))
    num, tried = try_all(work, pathlib.Path(root), options.few)
  print(f"{options.name}: {tried} of {num} changes, all results equal")
  return 0


if __name__ == "__main__":
  sys.exit(main())
