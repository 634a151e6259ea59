"""Lists benchmarks and gets their data.

  python -m nasjax.benchmarks list [--data_dir DIR]
  python -m nasjax.benchmarks get NAME [--data_dir DIR] [--full] [--sha256 HEX]

`get` downloads the official file where it has a plain address (nb101), into
the data folder or else the cache of nasjax, checks it and converts it. Other
official files need a browser: `get` says which, and converts them once they
lie in the folder. The checksums are those that the publishers state; --sha256
gives another one, for a newer release.
"""

import argparse
import re
from collections.abc import Sequence

from nasjax import errors, files
from nasjax.benchmarks import base, registry
from nasjax.commands import arguments as command_line
from nasjax.io import download


def _print_benchmark(benchmark: base.Benchmark) -> None:
  print(f"{benchmark.name}: {len(benchmark)} cells; {benchmark.source}")
  for label in benchmark.columns:
    print(f"  {label}: {benchmark.describe(label)}")


def _list(data_dir: str | None) -> None:
  folder = files.data_dir(data_dir)
  for name in registry.benchmark_names():
    entry = registry.get_entry(name)
    print(f"{name} ({entry.space}): {entry.what}")
    if entry.tables:
      print(f"  tables: {' + '.join(entry.tables)}")
    if entry.official:
      print(f"  official: {entry.official}")
  print(f"data folder: {folder or 'none (--data_dir or NASJAX_DATA)'}")


def _get(
  name: str,
  data_dir: str | None,
  full: bool,
  sha256: str | None,
  opener: download.Opener,
) -> None:
  if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", sha256):
    raise errors.UserError(
      f"--sha256: expected 64 hex digits, got {errors.quote(sha256)}"
    )
  downloads = registry.get_entry(name).downloads
  if downloads:
    chosen = downloads[-1 if full else 0]
    folder = files.data_dir(data_dir) or registry.download_dir()
    print(f"{chosen.url} ({chosen.size}) -> {folder / chosen.name}")
    measured = download.fetch(
      chosen.url,
      folder / chosen.name,
      sha256=sha256 or chosen.sha256,
      opener=opener,
    )
    print(f"sha256 {measured}")
  _print_benchmark(registry.get_benchmark(name, data_dir))


def main(
  arguments: Sequence[str] | None = None,
  opener: download.Opener = download.urlopen,
) -> int:
  """Runs the command line; returns the exit status.

  Args:
    arguments: the words after the program's name; those of the process by
      default.
    opener: opens downloads.
  """
  return errors.exit_status(lambda: _run(arguments, opener))


def _run(arguments: Sequence[str] | None, opener: download.Opener) -> None:
  parser = command_line.Parser(
    prog="python -m nasjax.benchmarks",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  commands = parser.add_subparsers(dest="command", required=True)
  for command in ("list", "get"):
    sub = commands.add_parser(command)
    sub.add_argument("--data_dir", help="folder of tables or official files")
    if command == "get":
      sub.add_argument("name", help="name of a benchmark")
      sub.add_argument("--full", action="store_true", help="the largest file")
      sub.add_argument("--sha256", help="expected checksum of the download")
  flags = parser.parse_args(arguments)
  if flags.command == "list":
    _list(flags.data_dir)
  else:
    _get(flags.name, flags.data_dir, flags.full, flags.sha256, opener)
