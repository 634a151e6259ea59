"""Options of `nasjax data`."""

import dataclasses
import re
from collections.abc import Set

from nasjax import errors
from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option


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
