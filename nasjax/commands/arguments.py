"""argparse whose mistakes are `UserError`: one line and status 2."""

import argparse
from typing import NoReturn

from nasjax import errors


class Parser(argparse.ArgumentParser):
  """Parses a command line inside `errors.exit_status`."""

  def error(self, message: str) -> NoReturn:
    """Reports a mistake in the command line.

    Raises:
      UserError: always.
    """
    line = " ".join(message.split())
    raise errors.UserError(f"{line[: 2 * errors.QUOTED]}; see --help")
