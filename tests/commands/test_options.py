"""Options: one declaration for flags, help and the document."""

import dataclasses
import pathlib
from collections.abc import Set

import pytest

from nasjax import errors
from nasjax.commands import arguments, document, options
from nasjax.commands.command import Command, Group
from nasjax.commands.main import NASJAX
from nasjax.commands.options import REQUIRED, Options, option

ROOT = pathlib.Path(__file__).parent.parent.parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made(Options):
  name: str = option(REQUIRED, "a word", is_positional=True)
  number: int | None = option(None, "a number of %", least=1, most=9)
  kind: str = option("a", "one of two", names=("a", "b"))
  sizes: tuple[int, ...] = option((), "some numbers", least=2)
  fast: bool = option(False, "no waiting")
  share: float = option(0.5, "a part")
  out: str | None = option(None, "a file", metavar="FILE", is_path=True)
  kept: str = "no option"

  def check(self, given: Set[str]) -> None:
    if self.fast and "share" in given:
      raise errors.UserError("--fast without --share")


def _parse(*words):
  return arguments.parse(Made, words)


def test_defaults_and_every_form_of_a_flag():
  assert _parse("x") == Made(name="x")
  made = _parse(
    *("--number", "3", "x", "-kind=b", "--sizes=2,5", "--fast", "--number=4")
  )
  assert made == Made(name="x", number=4, kind="b", sizes=(2, 5), fast=True)
  assert _parse("x", "--fast", "--nofast", "--share=1e-3").share == 1e-3


@pytest.mark.parametrize(
  ("words", "message"),
  [
    ((), "no NAME: expected a word; see --help"),
    (("",), "NAME: expected a value, got none"),
    (("x", "y"), "unexpected argument 'y'; see --help"),
    (("x", "--numbr=3"), "unknown option '--numbr': did you mean '--number'?"),
    (("x", "--qqqqq"), "unknown option '--qqqqq'; see --help"),
    (("x", "--num=3"), "unknown option '--num'"),
    (("x", "--kept=3"), "unknown option '--kept'"),
    (("x", "--number"), "--number: expected one argument; see --help"),
    (("x", "--number="), "--number: expected a value, got none"),
    (("x", "--number=3.5"), "--number: expected a whole number, got '3.5'"),
    (("x", "--number", "-1"), "--number: expected at least 1, got -1"),
    (("x", "--number=10"), "--number: expected at most 9, got 10"),
    (("x", "--share=y"), "--share: expected a number, got 'y'"),
    (("x", "--share=nan", "--fast"), "--fast without --share"),
    (("x", "--sizes=3,y"), "--sizes: expected numbers separated by commas"),
    (("x", "--sizes=3,1"), "--sizes: expected at least 2, got 1"),
    (("x", "--kind=c"), "unknown --kind 'c': expected one of 'a', 'b'"),
    (("x", "--out", "a\0b"), "path: expected"),
    (("x", "--number", "9" * 5000), "--number: expected a whole number"),
  ],
)
def test_mistakes_are_one_short_line(words, message):
  with pytest.raises(errors.UserError) as raised:
    _parse(*words)
  line = str(raised.value)
  assert message in line
  assert "\n" not in line
  assert len(line) < 500


def test_help_shows_what_is_declared():
  text = arguments.help_text(Made, "make it", "Makes.\n\n  {program}\n")
  head = "usage: make it NAME [options]\n\nMakes.\n\n  make it\n\n"
  assert text.startswith(head)
  for words in ("NAME", "--number N", "a number of %", "(a, b; default: a)"):
    assert words in text
  assert "no waiting" in text
  assert "nofast" not in text
  assert "kept" not in text


def test_the_last_word_of_a_group_names_a_command(capsys):
  seen = []
  made = Command("make", "makes", "Makes.", Made, seen.append)
  group = Group("all", "all", "All of it.", (made,))
  assert group.main(["all", "make", "x"]) == 0
  assert seen == [Made(name="x")]
  assert group.main(["all", "--help"]) == 0
  assert capsys.readouterr().out == "All of it.\n\ncommands:\n  make  makes\n"
  assert group.main(["all", "make", "x", "--help"]) == 0
  assert "usage: all make NAME" in capsys.readouterr().out
  assert len(seen) == 1
  assert group.main(["all", "mke"]) == 2
  assert group.main(["all"]) == 2
  assert group.main(["all", "zzz"]) == 2
  assert capsys.readouterr().err.splitlines() == [
    "error: unknown command 'mke': did you mean 'make'? see all --help",
    "error: no command: expected one of make; see all --help",
    "error: unknown command 'zzz': expected one of make; see all --help",
  ]


def _commands(group):
  for each in group.commands:
    if isinstance(each, Group):
      yield from _commands(each)
    else:
      yield each


@pytest.mark.parametrize(
  "each", list(_commands(NASJAX)), ids=lambda each: each.name
)
def test_every_command_declares_what_its_help_names(each, monkeypatch):
  monkeypatch.setenv("COLUMNS", "80")
  known = options.options_of(each.options)
  text = arguments.help_text(each.options, f"nasjax {each.name}", each.usage)
  assert all(one.shown in text for one in known)
  assert "{" not in text
  assert max(map(len, text.splitlines())) <= 80
  for one in known:
    one.check(one.default if one.default is not REQUIRED else None)
    assert "|" not in one.describe()


def test_the_document_is_made_of_the_options():
  made = (ROOT / "docs" / "commands.md").read_text()
  assert made == document.page(), (
    "run python -m nasjax.commands.document > docs/commands.md"
  )
