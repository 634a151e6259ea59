"""`nasjax data`: lists benchmarks and gets their data."""

from nasjax import entry
from nasjax.commands.command import Command, Group
from nasjax.commands.data_options import GetOptions, ListOptions

_RUN = "nasjax.commands.data_run"


LIST = Command(
  "list",
  "print the benchmarks, their files and the data folder",
  "Lists benchmarks.\n\n  {program} [--data_dir DIR]",
  ListOptions,
  lambda options: entry.load(_RUN).show(options),
)
GET = Command(
  "get",
  "download or convert the data of a benchmark",
  """Gets the data of a benchmark.

  {program} NAME [--data_dir DIR] [--full] [--sha256 HEX]

Downloads the official file where it has a plain address (nb101), into the data
folder or else the cache of nasjax, checks it and converts it. Other official
files need a browser: the command says which, and converts them once they lie in
the folder. The checksums are those that the publishers state; --sha256 gives
another one, for a newer release.
""",
  GetOptions,
  lambda options: entry.load(_RUN).get(options),
)
GROUP = Group(
  "data",
  "list benchmarks and get their data",
  "Lists benchmarks and gets their data; {program} get --help says more.",
  (LIST, GET),
  also=("python -m nasjax.benchmarks",),
)
main = GROUP.main
