"""Options of `nasjax train`."""

import dataclasses
from collections.abc import Sequence, Set
from typing import Any

from nasjax import errors
from nasjax.commands import shared_options
from nasjax.commands.options import Options, option


def _config_help() -> str:
  from nasjax.commands import config_files

  known = ", ".join(config_files.names())
  return f"a Python file, which is executed, or one of {known}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainOptions(Options):
  """Options of `nasjax train`."""

  config: str | None = option(None, _config_help, metavar="CONFIG")
  fields: tuple[str, ...] = option(
    (), "sets a field of the config", flag="config.FIELD", metavar="VALUE"
  )
  workdir: str | None = option(
    None,
    "folder of the run; by default runs/CONFIG, or runs/CONFIG-DIGEST where "
    "that holds another training",
    metavar="DIR",
    is_path=True,
  )
  data_dir: str | None = shared_options.data_dir()

  @classmethod
  def split(cls, words: Sequence[str]) -> tuple[Sequence[str], dict[str, Any]]:
    """Takes the fields of the config out of a command line."""
    from nasjax.commands import config_files

    others, fields = config_files.split(words)
    return others, {"fields": tuple(fields)} if fields else {}

  def check(self, given: Set[str]) -> None:
    """Refuses fields of no config."""
    if self.fields and self.config is None:
      raise errors.UserError(
        f"{self.fields[0].partition('=')[0]} without a config: expected "
        "--config=nb201 (or nb101, darts, custom, a file) as well"
      )
    if self.config is None:
      raise errors.UserError(
        "no config: expected --config=configs/nb201.py (or nb101, darts, "
        "custom)"
      )
