"""Runs one reader on mutated inputs, and measures what each costs."""

import dataclasses
import faulthandler
import pathlib
import random
import resource
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from nasjax import errors
from tests.fuzz import mutators

MAX_SECONDS = 10.0
MAX_MEMORY = 1000  # MB that one input may take beyond what is held before
MAX_MESSAGE = 1000  # characters
_HANG = 120  # seconds after which the process ends with a traceback


@dataclasses.dataclass(frozen=True)
class Reader:
  """One reader of foreign bytes.

  Attributes:
    name: in tables.
    make: writes valid inputs into an empty folder; returns the files that may
      be mutated.
    read: reads the folder.
    holds: says of what was read from valid and from mutated files whether the
      second is right; None where that cannot be known.
    mutate: mutates the bytes of a file by their structure.
    tokens: what means something in the format.
    share: which part of the inputs it gets: slow readers get fewer.
  """

  name: str
  make: Callable[[pathlib.Path], list[pathlib.Path]]
  read: Callable[[pathlib.Path], Any]
  holds: Callable[[Any, Any], bool] | None = None
  mutate: Callable[[random.Random, bytes], bytes] | None = None
  tokens: tuple[bytes, ...] = ()
  share: float = 1.0


@dataclasses.dataclass
class Outcome:
  """What came of the inputs of one reader.

  Attributes:
    reader: its name.
    inputs: how many were read.
    accepted: how many gave a value.
    refused: how many gave one line.
    tracebacks: how many gave anything else.
    wrong: how many gave a value that is not right.
    memory: the largest memory of one input, MB.
    seconds: the longest time of one input.
    problems: number of the input, and what was wrong with it.
  """

  reader: str
  inputs: int = 0
  accepted: int = 0
  refused: int = 0
  tracebacks: int = 0
  wrong: int = 0
  memory: int = 0
  seconds: float = 0.0
  problems: list[str] = dataclasses.field(default_factory=list)


def run(
  reader: Reader,
  folder: pathlib.Path,
  count: int,
  seed: int,
  only: int | None = None,
) -> Outcome:
  """Runs a reader.

  Args:
    reader: the reader.
    folder: an empty folder, whose files are left as the last input was.
    count: how many inputs a reader with a share of one gets.
    seed: of the mutations; with the reader's name and the number of an input
      it decides what the input is.
    only: the one input to run; all by default.
  """
  targets = reader.make(folder)
  expected = reader.read(folder)
  outcome = Outcome(reader.name)
  numbers = range(max(1, int(count * reader.share)))
  for number in numbers if only is None else [only]:
    rng = random.Random(f"{seed}:{reader.name}:{number}")
    path = rng.choice(targets)
    valid = path.read_bytes()
    own = reader.mutate
    if own is None or rng.random() < 0.4:
      path.write_bytes(mutators.mutate(rng, valid, reader.tokens))
    else:
      path.write_bytes(own(rng, valid))
    if only is None:
      _measure(reader, folder, expected, number, outcome)
      path.write_bytes(valid)
    else:
      print(f"input {number} is {str(path)!r}", flush=True)
      print(repr(reader.read(folder))[:1000])
  return outcome


def _measure(reader, folder, expected, number, outcome):
  """Reads the folder once and notes what came of it."""
  faulthandler.dump_traceback_later(_HANG, exit=True)
  before = _peak(reset=True)
  began = time.monotonic()
  problem = None
  outcome.inputs += 1
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      value = reader.read(folder)
  except errors.UserError as error:
    outcome.refused += 1
    if "\n" in str(error) or len(str(error)) > MAX_MESSAGE:
      problem = f"a message of {len(str(error))} characters: {error!s:.300}"
  except (Exception, SystemExit):
    outcome.tracebacks += 1
    problem = " ".join(traceback.format_exc().split("\n")[-6:])[:600]
  else:
    outcome.accepted += 1
    if reader.holds and not reader.holds(expected, value):
      outcome.wrong += 1
      problem = f"a wrong value: {value!r:.300}"
  seconds = time.monotonic() - began
  memory = (_peak() - before) // 1024
  faulthandler.cancel_dump_traceback_later()
  outcome.seconds = max(outcome.seconds, round(seconds, 2))
  outcome.memory = max(outcome.memory, memory)
  if seconds > MAX_SECONDS or memory > MAX_MEMORY:
    problem = f"{seconds:.1f} s, {memory} MB; {problem or ''}"
  if problem:
    outcome.problems.append(f"{reader.name} {number}: {problem}")


def _peak(reset: bool = False) -> int:
  """Returns the peak of resident memory, KB; begins a new one on request."""
  try:
    if reset:
      pathlib.Path("/proc/self/clear_refs").write_text("5")
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
      if line.startswith("VmHWM"):
        return int(line.split()[1])
  except OSError:
    pass
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
