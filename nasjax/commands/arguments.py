"""argparse whose mistakes are `UserError`: one line and status 2."""

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn, TypeVar

from nasjax import errors
from nasjax.commands import options

_HELP = ("--help", "-h", "--helpfull")

T = TypeVar("T", bound=options.Options)


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


def asks_for_help(words: Sequence[str]) -> bool:
  """Says whether a command line has `--help`."""
  return any(word in _HELP for word in words)


def parse(cls: type[T], words: Sequence[str]) -> T:
  """Reads options from a command line.

  Args:
    cls: what to read.
    words: the command line without the program.

  Raises:
    UserError: an option is unknown, missing, of another type, out of range, or
      does not go with another.
  """
  known = {each.name: each for each in options.options_of(cls)}
  words, values = cls.split(words)
  # As in absl, one dash does for a long name too.
  words = [re.sub(r"^-(?=[A-Za-z]\w)", "--", word) for word in words]
  found, rest = _parser(known.values()).parse_known_args(words)
  texts = vars(found) | _positional(known.values(), rest)
  for name, text in texts.items():
    values[name] = known[name].read(text) if isinstance(text, str) else text
    known[name].check(values[name])
  for each in known.values():
    if each.default is options.REQUIRED and each.name not in values:
      raise errors.UserError(
        f"no {each.shown}: expected {each.describe()}; see --help"
      )
  result = cls(**values)
  result.check(values.keys())
  return result


def help_text(cls: type[options.Options], program: str, usage: str) -> str:
  """The text of `--help`.

  Args:
    cls: the options.
    program: how the command is called.
    usage: the text above the options, with `{program}` where that stands.
  """
  known = options.options_of(cls)
  words = [
    f"{each.shown} [{each.shown} ...]" if each.is_list else each.shown
    for each in known
    if each.is_positional
  ]
  parser = Parser(
    prog=program,
    usage=" ".join([program.replace("%", "%%"), *words, "[options]"]),
    description=usage.replace("{program}", program).strip(),
    formatter_class=argparse.RawDescriptionHelpFormatter,
    add_help=False,
  )
  named = [each for each in known if not each.is_positional]
  for each in [each for each in known if each.is_positional]:
    parser.add_argument(each.name, metavar=each.shown, help=_line(each))
  for each in named:
    _add(parser, each)
  return parser.format_help()


def _parser(known) -> Parser:
  """Reads the flags, and leaves what is none of them."""
  parser = Parser(
    add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS
  )
  for each in known:
    if not each.is_positional and not each.flag:
      _add(parser, each)
  return parser


def _add(parser: Parser, each: options.Option) -> None:
  if each.kind is bool:
    parser.add_argument(each.shown, action="store_true", help=_line(each))
    parser.add_argument(
      f"--no{each.name}",
      dest=each.name,
      action="store_false",
      help=argparse.SUPPRESS,
    )
  else:
    parser.add_argument(each.shown, metavar=each.value_shown, help=_line(each))


def _line(each: options.Option) -> str:
  """Meaning of an option, its values and its default."""
  facts = [", ".join(each.names)] if each.names else []
  if each.default_shown:
    facts.append(f"default: {each.default_shown}")
  text = f"{each.describe()} ({'; '.join(facts)})" if facts else each.describe()
  return text.replace("%", "%%")


def _positional(known, rest: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
  """Values of options without a flag; the last one may take several words.

  Raises:
    UserError: there are more words than options.
  """
  flags = [each.shown for each in known if not each.is_positional]
  for word in rest:
    if word.startswith("--") and word != "--":
      flag = word.partition("=")[0]
      raise errors.UserError(
        f"unknown option {errors.quote(flag)}{closest(flag, flags) or ';'} see "
        "--help"
      )
  positional = [each for each in known if each.is_positional]
  names = [each.name for each in positional]
  words = [word for word in rest if word != "--"]
  is_list = bool(positional) and positional[-1].is_list
  if len(words) > len(names) and not is_list:
    raise errors.UserError(
      f"unexpected argument {errors.quote(words[len(names)])}; see --help"
    )
  if "" in words:
    name = names[min(words.index(""), len(names) - 1)]
    raise errors.UserError(f"{name.upper()}: expected a value, got none")
  found: dict[str, str | tuple[str, ...]] = {}
  found.update(zip(names, words, strict=False))
  if is_list and len(words) >= len(names):
    found[names[-1]] = tuple(words[len(names) - 1 :])
  return found


def closest(word: str, known: Sequence[str]) -> str:
  """`: did you mean 'X'?` of a mistyped name; empty where none is close."""
  import difflib  # of mistakes only

  found = difflib.get_close_matches(word[: errors.QUOTED], known, 1)
  return f": did you mean {found[0]!r}?" if found else ""
