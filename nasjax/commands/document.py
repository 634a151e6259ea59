"""Prints the page of all commands, made from their options.

python -m nasjax.commands.document > docs/commands.md
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from nasjax.commands import arguments, options
from nasjax.commands.command import Command, Group, guard
from nasjax.commands.main import NASJAX

_KINDS = {bool: "flag", int: "whole number", float: "number", str: "text"}
_HEAD = """# Commands

<!-- Made by `python -m nasjax.commands.document > docs/commands.md`. -->

`nasjax COMMAND --help`, or `python -m nasjax COMMAND --help`, prints what
stands here. An option is written `--name VALUE` or `--name=VALUE`.
"""
_STATUSES = """## Exit status

| status | meaning |
| ---: | --- |
| 0 | done |
| 2 | a mistake of the user: one line on standard error says what was expected |
| 130, 143 | interrupted, or terminated by SIGTERM: one line says how to go on |
| 141 | the output was closed, as by `head` |
"""


def page() -> str:
  """Returns the page as Markdown."""
  rows = [
    [f"`nasjax {each.name}`", each.summary, _codes(each.also)]
    for each in NASJAX.commands
  ]
  parts = [_HEAD, _table(["command", "what it does", "other ways"], rows)]
  for each in NASJAX.commands:
    parts += _sections(each, f"nasjax {each.name}")
  return "\n".join([*parts, _STATUSES])


def _sections(each: Command | Group, program: str) -> Iterator[str]:
  """A section of a command, or of each command of a group."""
  if isinstance(each, Group):
    for inner in each.commands:
      yield from _sections(inner, f"{program} {inner.name}")
    return
  usage = each.usage.replace("{program}", program).strip()
  yield f"## {program}\n\n```text\n{usage}\n```\n"
  yield _table(
    ["option", "value", "default", "meaning"],
    [_row(one) for one in options.options_of(each.options)],
  )


def _row(one: options.Option) -> list[str]:
  kind = _codes(one.names) or (one.metavar and f"`{one.metavar}`")
  default = one.default_shown and f"`{one.default_shown}`"
  if one.default is options.REQUIRED:
    default = "required"
  return [
    f"`{one.shown}`",
    kind or _KINDS[one.kind],
    default,
    one.describe(),
  ]


def _codes(words: Sequence[str]) -> str:
  return ", ".join(f"`{word}`" for word in words)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
  lines = [head, ["---"] * len(head), *rows]
  return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _main(argv: Sequence[str]) -> None:
  arguments.Parser(
    prog="python -m nasjax.commands.document",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  ).parse_args(argv[1:])
  print(page(), end="")


main = guard(_main)

if __name__ == "__main__":
  sys.exit(main())
