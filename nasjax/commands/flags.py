"""Command lines: flags parsed without absl's exit, one line for a mistake."""

import sys
from collections.abc import Callable, Sequence

from absl import flags

from nasjax import errors
from nasjax.commands import config_files

CONFIG = "config"


def config_flag(values: flags.FlagValues) -> None:
  """Adds `--config=FILE_OR_NAME` with `--config.FIELD=VALUE` overrides.

  Once parsed, its value is a `config_files.Chosen`, or None.
  """
  known = ", ".join(config_files.names())
  flags.DEFINE_string(
    CONFIG,
    None,
    f"a Python file, which is executed, or one of {known}; set a field with "
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
  words, fields = list(argv), []
  if CONFIG in values:
    words, fields = config_files.split(argv)
  try:
    rest = values(words)[1:]
  except flags.Error as error:
    raise errors.UserError(f"{_line(error)}; see --help") from error
  if rest:
    raise errors.UserError(
      f"unexpected argument {errors.quote(rest[0])}; see --help"
    )
  for name in values:
    if values[name].value == "":
      raise errors.UserError(
        f"--{name}: expected a value, got none; leave it out or give one"
      )
  if CONFIG in values:
    source = values[CONFIG].value
    if fields and source is None:
      raise errors.UserError(
        f"{fields[0].partition('=')[0]} without a config: expected "
        "--config=nb201 (or nb101, darts, custom, a file) as well"
      )
    if source is not None:
      values[CONFIG].value = config_files.choose(source, fields)
  return True


def _line(error: Exception) -> str:
  text = str(error.args[0]) if error.args else str(error)
  text = " ".join(text.split())
  return (
    text if len(text) <= 2 * errors.QUOTED else text[: errors.QUOTED] + "..."
  )


def guard(command: Callable[[Sequence[str]], None]) -> Callable[..., int]:
  """Wraps a command: status 0 on success, 2 with one line on a mistake.

  The wrapped command takes the command line (that of the process where none is
  given) and returns the exit status; see `errors.exit_status`.
  """

  def main(argv: Sequence[str] | None = None) -> int:
    given = sys.argv if argv is None else argv
    return errors.exit_status(lambda: command(given))

  main.__doc__ = command.__doc__
  return main
