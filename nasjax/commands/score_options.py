"""Options of `nasjax score`."""

import dataclasses
import math
from collections.abc import Set

from nasjax import errors
from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option

PRECISIONS = ("float32", "bfloat16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoreOptions(Options):
  """Options of `nasjax score`."""

  space: str = shared_options.space()
  checkpoint: str | None = shared_options.checkpoint()
  out: str = option(
    REQUIRED,
    "folder of the shards, or JSON file of a stream",
    metavar="PATH",
    is_path=True,
  )
  num_samples: int | None = option(
    None,
    "architectures of a stream; by default the whole space",
    least=1,
    most=10**12,
  )
  top_k: int = option(
    100, "architectures that a stream keeps", least=1, most=1_000_000
  )
  seed: int = option(0, "seed of the samples", least=0, most=2**63 - 1)
  num_shards: int = option(16, "shards of a whole space", least=1, most=100_000)
  coordinator: str | None = option(
    None, "process 0, where there are several", metavar="HOST:PORT"
  )
  num_processes: int = option(
    1, "processes that share a whole space", least=1, most=100_000
  )
  process_id: int = option(0, "which of them this is")
  precision: str = option(
    "float32", "precision of products", names=PRECISIONS, what="precision"
  )
  memory_mb: float | None = option(None, "memory of a chunk in MiB")

  def check(self, given: Set[str]) -> None:
    """Refuses processes that do not fit, and memory that is no number."""
    if self.memory_mb is not None and not 0 < self.memory_mb < math.inf:
      raise errors.UserError(
        f"--memory_mb: expected a positive number of MiB, got {self.memory_mb}"
      )
    if not 0 <= self.process_id < self.num_processes:
      raise errors.UserError(
        f"--process_id: expected 0 .. {self.num_processes - 1}, got "
        f"{self.process_id}"
      )
    if self.num_processes > 1 and not self.coordinator:
      raise errors.UserError(
        "--num_processes above 1: expected --coordinator=HOST:PORT of process 0"
      )
    host, _, port = (self.coordinator or "localhost:1").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
      raise errors.UserError(
        "--coordinator: expected HOST:PORT of process 0, e.g. node1:1234, got "
        f"{errors.quote(self.coordinator)}"
      )
    if self.num_processes > 1 and self.num_samples is not None:
      raise errors.UserError(
        "--num_samples: a stream runs in one process; drop --num_processes, or "
        "run several streams with different --seed"
      )
