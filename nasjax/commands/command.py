"""Commands: a name, options and what runs them; and groups of commands."""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

from nasjax import errors
from nasjax.commands import arguments, options
from nasjax.experiments import invocation


@dataclasses.dataclass(frozen=True)
class Command:
  """A command.

  Attributes:
    name: as in `nasjax NAME`.
    summary: what it does, in one line.
    usage: what `--help` prints above the options; `{program}` in it is how the
      command is called.
    options: what it reads from the command line.
    run: called with these options, once they are checked; imports whatever is
      slow.
    also: other ways to call it.
  """

  name: str
  summary: str
  usage: str
  options: type[options.Options]
  run: Callable[[Any], None]
  also: tuple[str, ...] = ()

  def call(self, words: Sequence[str], program: str) -> None:
    """Runs the command.

    Args:
      words: the command line without the program.
      program: how the command is called.

    Raises:
      UserError: the user made a mistake.
    """
    if arguments.asks_for_help(words):
      print(arguments.help_text(self.options, program, self.usage), end="")
      return
    self.run(arguments.parse(self.options, words))

  def main(self, argv: Sequence[str] | None = None) -> int:
    """Runs the command as a process does.

    Args:
      argv: the command line with the program; that of the process by default.

    Returns:
      The exit status, see `errors.exit_status`.
    """
    return _exit_status(self.call, argv)


@dataclasses.dataclass(frozen=True)
class Group:
  """Several commands under one name.

  Attributes:
    name: as in `nasjax NAME`.
    summary: what they are for, in one line.
    usage: what `--help` prints above the names.
    commands: what can be named.
    also: other ways to call it.
  """

  name: str
  summary: str
  usage: str
  commands: "tuple[Command | Group, ...]"
  also: tuple[str, ...] = ()

  def call(self, words: Sequence[str], program: str) -> None:
    """Runs the command that the first word names; see `Command.call`."""
    names = [each.name for each in self.commands]
    if words and words[0] in names:
      chosen = self.commands[names.index(words[0])]
      chosen.call(words[1:], f"{program} {chosen.name}")
      return
    if arguments.asks_for_help(words):
      print(self.help_text(program), end="")
      return
    known = f"expected one of {', '.join(names)};"
    if not words:
      raise errors.UserError(f"no command: {known} see {program} --help")
    hint = arguments.closest(words[0], names) or f": {known}"
    raise errors.UserError(
      f"unknown command {errors.quote(words[0])}{hint} see {program} --help"
    )

  def help_text(self, program: str) -> str:
    """The text of `--help`: a line for each command."""
    width = max(len(each.name) for each in self.commands)
    lines = [
      f"  {each.name:<{width}}  {each.summary}" for each in self.commands
    ]
    text = self.usage.replace("{program}", program).strip()
    return "\n".join([text, "", "commands:", *lines, ""])

  def main(self, argv: Sequence[str] | None = None) -> int:
    """Runs a command as a process does; see `Command.main`."""
    return _exit_status(self.call, argv)


def guard(work: Callable[[Sequence[str]], None]) -> Callable[..., int]:
  """Wraps a function of a whole command line; see `Command.main`."""

  def main(argv: Sequence[str] | None = None) -> int:
    given = sys.argv if argv is None else argv
    return errors.exit_status(lambda: work(given))

  main.__doc__ = work.__doc__
  return main


def _exit_status(
  call: Callable[[Sequence[str], str], None], argv: Sequence[str] | None
) -> int:
  script, *words = sys.argv if argv is None else argv
  return errors.exit_status(lambda: call(words, invocation.program(script)))
