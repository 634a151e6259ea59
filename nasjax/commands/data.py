"""`nasjax data`: lists benchmarks and gets their data."""

import dataclasses
import re
from collections.abc import Set

from nasjax import errors
from nasjax.commands import entry, shared_options
from nasjax.commands.command import Command, Group
from nasjax.commands.options import REQUIRED, Options, option

_RUN = "nasjax.commands.data_run"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListOptions(Options):
  """Options of `nasjax data list`."""

  data_dir: str | None = shared_options.data_dir()


@dataclasses.dataclass(frozen=True, kw_only=True)
class GetOptions(ListOptions):
  """Options of `nasjax data get`."""

  name: str = option(REQUIRED, "name of a benchmark", is_positional=True)
  full: bool = option(False, "the largest file")
  sha256: str | None = option(
    None, "expected checksum of the download", metavar="HEX"
  )

  def check(self, given: Set[str]) -> None:
    """Refuses what is no checksum."""
    if self.sha256 and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
      raise errors.UserError(
        f"--sha256: expected 64 hex digits, got {errors.quote(self.sha256)}"
      )


LIST = Command(
  "list",
  "print the benchmarks, their files and the data folder",
  "Lists benchmarks.\n\n  {program} [--data_dir DIR]",
  ListOptions,
  lambda options: entry.load(_RUN).show(options),
)
GET = Command(
  "get",
  "download or convert the data of a benchmark",
  """Gets the data of a benchmark.

  {program} NAME [--data_dir DIR] [--full] [--sha256 HEX]

Downloads the official file where it has a plain address (nb101), into the data
folder or else the cache of nasjax, checks it and converts it. Other official
files need a browser: the command says which, and converts them once they lie in
the folder. The checksums are those that the publishers state; --sha256 gives
another one, for a newer release.
""",
  GetOptions,
  lambda options: entry.load(_RUN).get(options),
)
GROUP = Group(
  "data",
  "list benchmarks and get their data",
  "Lists benchmarks and gets their data; {program} get --help says more.",
  (LIST, GET),
  also=("python -m nasjax.benchmarks",),
)
main = GROUP.main
