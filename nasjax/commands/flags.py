"""Command lines: flags parsed without absl's exit, one line for a mistake."""

import pathlib
import sys
from collections.abc import Callable, Sequence

from absl import flags
from ml_collections import config_flags

from nasjax import errors


def config_flag(values: flags.FlagValues) -> None:
  """Adds `--config=FILE` with `--config.FIELD=VALUE` overrides."""
  config_flags.DEFINE_config_file(
    "config",
    help_string="config file, e.g. configs/nb101.py; set a field with "
    "--config.FIELD=VALUE",
    flag_values=values,
  )


def parse(values: flags.FlagValues, argv: Sequence[str], usage: str) -> bool:
  """Parses a command line into `values`.

  Args:
    values: the flags that are defined.
    argv: the command line with the program's name.
    usage: what `--help` prints above the flags.

  Returns:
    False where help was asked for (it has been printed).

  Raises:
    UserError: a flag, a config file or a config field is wrong.
  """
  if any(argument in ("--help", "-h", "--helpfull") for argument in argv[1:]):
    print(usage)
    print(values.main_module_help() or values.get_help())
    return False
  own_argv, sys.argv = sys.argv, list(argv)  # config_flags reads sys.argv
  try:
    rest = values(list(argv))[1:]
  except flags.Error as error:
    raise errors.UserError(f"{_line(error)}; see --help") from error
  except (AttributeError, KeyError) as error:
    raise errors.UserError(f"unknown config field: {_line(error)}") from error
  except TypeError as error:
    raise errors.UserError(f"config field: {_line(error)}") from error
  finally:
    sys.argv = own_argv
  if "config" in values and values["config"].present:
    _check_config_file(values)
  if rest:
    raise errors.UserError(f"unexpected argument {rest[0]!r}; see --help")
  return True


def _check_config_file(values: flags.FlagValues) -> None:
  """Notices a missing file now; config_flags would wait for the first use."""
  name = config_flags.get_config_filename(values["config"])
  if name and not pathlib.Path(name.split(":")[0]).is_file():
    raise errors.UserError(
      f"no such config file: {name!r}; expected e.g. --config=configs/nb201.py"
    )


def _line(error: Exception) -> str:
  text = str(error.args[0]) if error.args else str(error)
  return " ".join(text.split())


def guard(command: Callable[[Sequence[str]], None]) -> Callable[..., int]:
  """Wraps a command: status 0 on success, 2 with one line on a mistake.

  The wrapped command takes the command line (that of the process where none is
  given) and returns the exit status; 130 where it was interrupted.
  """

  def main(argv: Sequence[str] | None = None) -> int:
    given = sys.argv if argv is None else argv
    return errors.exit_status(lambda: command(given))

  main.__doc__ = command.__doc__
  return main
