"""Options of a command: one dataclass, from which flags and help are made."""

import dataclasses
import types
import typing
from collections.abc import Callable, Sequence, Set
from typing import Any

from nasjax import errors

REQUIRED: Any = object()
"""The default of an option that has to be given."""

_KEY = "option"
_EXPECTED = {int: "a whole number", float: "a number"}
_METAVARS = {int: "N", float: "X", str: "TEXT"}


@dataclasses.dataclass(frozen=True)
class Option:
  """One option of a command.

  Attributes:
    help: what it means, in a few words; a function where these words need an
      import.
    metavar: what stands for its value in help.
    least: the smallest number allowed.
    most: the largest number allowed.
    names: the values allowed; all where empty.
    find: reads a value in place of its type, and says what names are allowed.
    what: what a value is called in the message about an unknown name; the flag
      where empty.
    is_path: whether the value is a path of the file system.
    is_positional: whether it is given without a flag.
    flag: the flag in help, where that is not the name of the field.
    name: name of the field.
    kind: type of a value: bool, int, float or str.
    is_list: whether a value is several ones, separated by commas; by spaces
      where it is given without a flag.
    default: of the field; `REQUIRED` where it has none.
  """

  help: str | Callable[[], str]
  metavar: str = ""
  least: float | None = None
  most: float | None = None
  names: tuple[str, ...] = ()
  find: Callable[[str], Any] | None = None
  what: str = ""
  is_path: bool = False
  is_positional: bool = False
  flag: str = ""
  name: str = ""
  kind: type = str
  is_list: bool = False
  default: Any = REQUIRED

  @property
  def shown(self) -> str:
    """Its name in help and messages: `--top_k`, or `NAME` without a flag."""
    if self.is_positional:
      return self.metavar or self.name.upper()
    return f"--{self.flag or self.name}"

  @property
  def value_shown(self) -> str:
    """Placeholder of the value in help; empty if it takes none."""
    if self.kind is bool:
      return ""
    return self.metavar or _METAVARS[self.kind]

  @property
  def default_shown(self) -> str:
    """Its default in help; empty where `help` says what happens then."""
    nothing = (None, False, "", (), REQUIRED)
    is_nothing = any(self.default is each for each in nothing)
    return "" if is_nothing else str(self.default)

  def describe(self) -> str:
    """Meaning of the option, as help and documents print it."""
    return self.help if isinstance(self.help, str) else self.help()

  def read(self, text: str) -> Any:
    """Returns the value that a text stands for.

    Raises:
      UserError: the text has another type.
    """
    if self.find is not None:
      return self.find(text)
    words = [word for word in text.split(",") if word] if self.is_list else []
    try:
      return tuple(map(self.kind, words)) if self.is_list else self.kind(text)
    except ValueError as error:
      expected = _EXPECTED[self.kind]
      if self.is_list:
        expected = "numbers separated by commas"
      raise errors.UserError(
        f"{self.shown}: expected {expected}, got {errors.quote(text)}"
      ) from error

  def check(self, value: Any) -> None:
    """Refuses an unknown name, a number out of range and an impossible path.

    Raises:
      UserError: the value is one of them.
    """
    if value is None:
      return
    for each in value if self.is_list else (value,):
      if self.names and not self.find and each not in self.names:
        raise errors.one_of(self.what or self.shown, each, self.names)
      self._check_range(each)
    if self.is_path:
      from nasjax import files  # imports numpy, which help does without

      for each in value if self.is_list else (value,):
        files.expand(each)

  def _check_range(self, value: Any) -> None:
    if self.least is not None and not value >= self.least:
      expected = f"at least {self.least}"
    elif self.most is not None and not value <= self.most:
      expected = f"at most {self.most}"
    else:
      return
    raise errors.UserError(f"{self.shown}: expected {expected}, got {value}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
  """Base of all options: each field that `option` makes is one of them."""

  @classmethod
  def split(cls, words: Sequence[str]) -> tuple[Sequence[str], dict[str, Any]]:
    """Takes words that are no plain flags out of a command line.

    Returns:
      The other words, and values of fields.
    """
    return words, {}

  def check(self, given: Set[str]) -> None:
    """Refuses options that do not go together.

    Args:
      given: names of the options that the command line has.

    Raises:
      UserError: two of them do not.
    """


def option(default: Any, help: str | Callable[[], str], **facts: Any) -> Any:
  """A field of `Options` that is an option of the command line.

  Args:
    default: its value where it is not given; `REQUIRED` where it has to be.
    help: what it means.
    **facts: the other attributes of `Option`, but for those of the field.
  """
  metadata = {_KEY: Option(help, **facts)}
  if default is REQUIRED:
    return dataclasses.field(metadata=metadata)
  return dataclasses.field(default=default, metadata=metadata)


def options_of(cls: type[Options]) -> tuple[Option, ...]:
  """The options of a class, in the order of its fields."""
  hints = typing.get_type_hints(cls)
  found = []
  for field in dataclasses.fields(cls):
    if _KEY in field.metadata:
      kind, is_list = _kind(hints[field.name])
      missing = field.default is dataclasses.MISSING
      found.append(
        dataclasses.replace(
          field.metadata[_KEY],
          name=field.name,
          kind=kind,
          is_list=is_list,
          default=REQUIRED if missing else field.default,
        )
      )
  return tuple(found)


def _kind(hint: Any) -> tuple[type, bool]:
  """Type of one value, and whether there are several of them."""
  if typing.get_origin(hint) is tuple:
    return typing.get_args(hint)[0], True
  if isinstance(hint, types.UnionType):  # `int | None`
    (hint,) = (each for each in hint.__args__ if each is not type(None))
  return hint, False
