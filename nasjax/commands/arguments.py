"""argparse whose mistakes are `UserError`: one line and status 2."""

import argparse
from typing import NoReturn

from nasjax import errors


class Parser(argparse.ArgumentParser):
  """Parses a command line inside `errors.exit_status`."""

  def parse_known_args(self, args=None, namespace=None):
    """Parses as argparse does; an empty value is none.

    Raises:
      UserError: a value is empty.
    """
    found, rest = super().parse_known_args(args, namespace)
    for action in self._actions:
      value = getattr(found, action.dest, None)
      if value == "" and action.default != "":
        name = (*action.option_strings, action.dest)[0]
        raise errors.UserError(
          f"{name}: expected a value, got none; leave it out or give one"
        )
    return found, rest

  def error(self, message: str) -> NoReturn:
    """Reports a mistake in the command line.

    Raises:
      UserError: always.
    """
    line = " ".join(message.split())
    raise errors.UserError(f"{line[: 2 * errors.QUOTED]}; see --help")
