"""`--config=FILE_OR_NAME` and `--config.FIELD=VALUE`; one line for a mistake.

A config is a Python file, and is executed: take one from nobody whom you would
not let run a program.
"""

import importlib.resources
import inspect
import pathlib
import re
import traceback
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from absl import flags
from ml_collections import config_dict

from nasjax import config as configs
from nasjax import errors, files
from nasjax.commands import own_spaces
from nasjax.config import checks
from nasjax.experiments import kinds

_PARSERS = {
  bool: flags.BooleanParser(),
  int: flags.IntegerParser(),
  float: flags.FloatParser(),
  str: flags.ArgumentParser(),
}
_OF_BENCHMARKS = (
  "benchmark",
  "dataset",
  "train_label",
  "test_label",
  "teacher",
)


class Chosen(NamedTuple):
  """A config as a command line gives it.

  Attributes:
    config: all fields.
    name: name of the file without `.py` (of a config in a folder of nasjax,
      with the folder), and what stands after the colon, as a run in `runs/` is
      called.
  """

  config: configs.Config
  name: str


def names() -> list[str]:
  """Names of the configs that come with nasjax; `tgnas/code` in a folder."""
  found = pathlib.Path(str(importlib.resources.files("nasjax.configs")))
  files_of = (*found.glob("[a-z]*.py"), *found.glob("[a-z]*/[a-z]*.py"))
  return sorted(
    path.relative_to(found).with_suffix("").as_posix() for path in files_of
  )


def choose(source: str, overrides: Sequence[str]) -> Chosen:
  """Executes a config and sets fields.

  Args:
    source: a file or a name of `names`, with `:TEXT` behind it where
      `get_config` takes a text.
    overrides: words of a command line, see `split`.

  Raises:
    UserError: there is no such config, it cannot be executed, or a field or a
      value is wrong.
  """
  name, colon, text = source.partition(":")
  path = _find(name)
  config = _execute(path, [text] if colon else [])
  stem = name if name in names() else path.stem
  words = re.sub(r"[^\w.]+", "-", f"{stem} {text}").strip("-")
  kind = kinds.of(config)
  if kind is not None:
    return Chosen(_of_kind(kind, path, config, overrides), words)
  _check(path, config)
  fields = parse(overrides, config)
  if "space" in fields:
    fields["space"] = own_spaces.find(fields["space"])
  space = fields.get("space", config.space)
  if space != config.space:
    configs.move(config, space)
  before = configs.flatten(config.to_dict())
  checks.check_ranges(configs.override(config, fields))
  _check_table(before, fields, config)
  return Chosen(config, words)


def _of_kind(
  kind: kinds.Kind, path: pathlib.Path, config: Any, overrides: Sequence[str]
) -> configs.Config:
  """A config that has fields of its own."""
  try:
    kind.fields.check(config)
  except errors.UserError as error:
    raise errors.UserError(f"config file {str(path)!r}: {error}") from error
  words = " ".join(overrides)
  kind.fields.check_names(re.findall(r"--?(?:no)?config\.([\w.]+)", words))
  fields = parse(overrides, config)
  if "space" in fields:
    fields["space"] = own_spaces.find(fields["space"])
  return kind.fields.override(config, fields)


def _check_table(before: Mapping[str, Any], fields, config) -> None:
  """Refuses fields of a benchmark beside a table of one's own."""
  unused = [
    name
    for name in _OF_BENCHMARKS
    if config.table and fields.get(name) and fields[name] != before[name]
  ]
  if unused:
    raise errors.UserError(
      f"config.{unused[0]} means nothing with config.table, whose one label is "
      "the column 'value': expected one of the two; leave the other out"
    )


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
  """Separates `--config.FIELD=VALUE` (or `--config.FIELD VALUE`) from others.

  Returns:
    The other words, and the words of the fields.
  """
  others, found = [], []
  before = False  # whether the word before may take this one as its value
  for word in argv:
    if re.match(r"--?(no)?config\.", word):
      found.append(word)
      before = "=" not in word
    elif before and not word.startswith("--"):
      found.append(word)
      before = False
    else:
      others.append(word)
      before = False
  return others, found


def parse(words: Sequence[str], config: configs.Config) -> dict[str, Any]:
  """Reads the words of fields.

  Args:
    words: `--config.FIELD=VALUE`, `--config.FIELD VALUE`; where a field is
      true or false also `--config.FIELD` and `--noconfig.FIELD`.
    config: has the fields, whose types the values get.

  Returns:
    Values by dotted name.

  Raises:
    UserError: a field does not exist, or a value is missing or of another type.
  """
  types_of = {
    name: type(value)
    for name, value in configs.flatten(config.to_dict()).items()
  }
  named = "" if kinds.of(config) else _model_named(words)
  types_of |= _fields_of(named) if named else {}
  model = named or config.model.name
  fields, rest = {}, list(words)
  while rest:
    word, equals, text = rest.pop(0).partition("=")
    match = re.fullmatch(r"--?(no)?config\.(.*)", word)
    if match is None:
      raise errors.UserError(
        f"unexpected argument {errors.quote(word)}; see --help"
      )
    negated, name = match.groups()
    name = configs.renamed(name, model)
    configs.check_field(name, types_of)
    kind = types_of[name]
    if not equals:
      if kind is bool:
        text = "false" if negated else "true"
      elif rest and not rest[0].startswith("--"):
        text = rest.pop(0)
      else:
        raise errors.UserError(
          f"config.{name}: expected a value, as in --config.{name}="
          f"{configs.flatten(config.to_dict()).get(name, 'VALUE')}, got none"
        )
    fields[name] = _value(name, kind, text)
  return fields


def _model_named(words: Sequence[str]) -> str:
  """The last name that `--config.model.name=` gives, or an empty text."""
  text = " ".join(words)
  return "".join(re.findall(r"-config\.model\.name[= ](\S+)", text)[-1:])


def _fields_of(model: Any) -> dict[str, type]:
  """Types of the fields of a model by dotted name."""
  from nasjax.systems import registry as models

  fields = models.default_fields(model).items()
  return {f"model.{name}": type(value) for name, value in fields}


def _value(name: str, kind: type, text: str) -> Any:
  try:
    return _PARSERS[kind].parse(text)
  except ValueError as error:
    expected = {
      bool: "true or false",
      int: "a whole number",
      float: "a number",
    }[kind]
    raise errors.UserError(
      f"config.{name}: expected {expected}, got {errors.quote(text)}"
    ) from error


def _find(name: str) -> pathlib.Path:
  """The file of a config, by its path or by the name of one of nasjax."""
  known = names()
  if name in known:
    return pathlib.Path(
      str(importlib.resources.files("nasjax.configs") / f"{name}.py")
    )
  path = files.expand(name)
  if path.suffix == ".py" and path.is_file():
    return path
  if path.is_file():
    raise errors.UserError(
      f"--config {errors.quote(name)}: expected a Python file (.py) that "
      "defines get_config(), or a name; labels of one's own are given by "
      "--config=custom --config.table=FILE.csv"
    )
  own = f"; nasjax has --config={path.stem}" if path.stem in known else ""
  raise errors.UserError(
    f"no such config file: {errors.quote(name)}; expected a Python file, or "
    f"one of {', '.join(known)}{own}"
  )


def _execute(path: pathlib.Path, arguments: list[str]) -> Any:
  """What `get_config` of a file returns."""
  module = types.ModuleType("nasjax_config_file")
  module.__file__ = str(path)
  try:
    exec(compile(path.read_bytes(), path, "exec"), module.__dict__)
    get_config = module.__dict__.get("get_config")
    if not callable(get_config):
      raise errors.UserError(
        f"config file {str(path)!r}: expected a function get_config(), got none"
      )
    _check_arguments(path, get_config, arguments)
    return get_config(*arguments)
  except errors.UserError:
    raise
  except (Exception, SystemExit) as error:
    raise errors.UserError(
      f"config file {str(path)!r} cannot be executed: {_where(path, error)}"
    ) from error


def _check_arguments(path: pathlib.Path, get_config, arguments) -> None:
  try:
    inspect.signature(get_config).bind(*arguments)
  except TypeError as error:
    expected = "no text" if arguments else "a text"
    raise errors.UserError(
      f"config file {str(path)!r}: expected {expected} after a colon, as "
      f"get_config takes it, got {errors.quote(':'.join(arguments) or 'none')}"
    ) from error


def _where(path: pathlib.Path, error: BaseException) -> str:
  """The last line of a file that an error passed, and the error."""
  if isinstance(error, SyntaxError):
    line, what = error.lineno, error.msg
  else:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [each.lineno for each in frames if each.filename == str(path)]
    line, what = (lines[-1] if lines else None), str(error)
  text = " ".join(f"{type(error).__name__}: {what}".split())[: errors.QUOTED]
  return f"line {line}: {text}" if line else text


def _check(path: pathlib.Path, config: Any) -> None:
  """Stops where a file's config is not one of ours."""
  if not isinstance(config, config_dict.ConfigDict):
    raise errors.UserError(
      f"config file {str(path)!r}: expected get_config() to return a "
      f"ConfigDict, got {type(config).__name__}; change and return "
      "nasjax.config.default()"
    )
  configs.adopt(config)
  fields: Mapping[str, Any] = config.to_dict()
  known, found = configs.field_names(configs.default()), configs.flatten(fields)
  allowed, model = known, fields.get("model")
  if isinstance(model, Mapping) and model.get("name") != "architecture":
    known = [name for name in known if not name.startswith("model.")]
    allowed = [*known, *_fields_of(model.get("name"))]
  for name in known:
    if name not in found:
      raise errors.UserError(
        f"config file {str(path)!r}: expected the field {name!r}, got none; "
        "change and return nasjax.config.default()"
      )
  for name in found:
    try:
      configs.check_field(name, allowed)
    except errors.UserError as error:
      raise errors.UserError(f"config file {str(path)!r}: {error}") from error
