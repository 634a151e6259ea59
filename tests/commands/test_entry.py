"""Processes: one line and a status on interrupts and closed pipes."""

import gc
import os
import pathlib
import signal
import subprocess
import sys
import time
import weakref

import pytest

from nasjax import entry, errors
from nasjax.commands import arguments

LOADING = entry._LOADING.decode()
ROOT = pathlib.Path(__file__).parent.parent.parent


def _start(*words, **keywords):
  return subprocess.Popen(
    [sys.executable, *words],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    **keywords,
  )


# A module whose import and whose main take a while, and lose interrupts.
_COMMAND = """
import time, sys

def say(word):
  print(word, flush=True)

class Loses:
  def __del__(self):
    say("losing")
    time.sleep(60)

MODE = {mode!r}
if MODE == "import":
  try:
    say("ready")
    time.sleep(60)
  except BaseException:
    say("swallowed")

def main():
  from nasjax import errors
  def work():
    if MODE == "lost":
      Loses()
      say("went on")
      time.sleep(60)
    if MODE == "changed":
      try:
        say("ready")
        time.sleep(60)
      except BaseException:
        raise ImportError("a library that lost its import")
    with errors.resuming(lambda: "the same command goes on"):
      say("ready")
      time.sleep(60)
  return errors.exit_status(work)
"""


@pytest.mark.parametrize(
  ("mode", "number", "line"),
  [
    ("import", signal.SIGINT, "interrupted"),
    ("import", signal.SIGTERM, "terminated"),
    ("main", signal.SIGINT, "interrupted: the same command goes on"),
    ("main", signal.SIGTERM, "terminated: the same command goes on"),
    ("lost", signal.SIGINT, "interrupted"),
    ("lost", signal.SIGTERM, "terminated"),
    ("changed", signal.SIGINT, "interrupted"),
    ("changed", signal.SIGTERM, "terminated"),
  ],
)
def test_signals_end_a_command_with_one_line(mode, number, line, tmp_path):
  (tmp_path / "slow_command.py").write_text(_COMMAND.format(mode=mode))
  code = "import sys; from nasjax import entry; "
  code += "from nasjax.commands import arguments; "
  code += "sys.exit(entry.run('slow_command'))"
  path = os.pathsep.join([str(tmp_path), str(ROOT)])
  process = _start("-c", code, env={**os.environ, "PYTHONPATH": path})
  assert process.stdout is not None
  assert process.stdout.readline() in ("ready\n", "losing\n")
  process.send_signal(number)
  out, err = process.communicate(timeout=60)
  assert "swallowed" not in out
  assert err.removeprefix(LOADING) == line + "\n"
  assert process.returncode == 128 + number


def test_a_signal_while_a_command_is_loaded(tmp_path):
  script = str(ROOT / "train.py")
  process = _start(script, "--config=nb201", cwd=tmp_path)
  assert process.stderr is not None
  first = process.stderr.readline()
  if first == LOADING:  # a slow machine
    first = process.stderr.readline()
  assert first == "runs/nb201: loading JAX ...\n"
  process.send_signal(signal.SIGINT)
  out, err = process.communicate(timeout=60)
  assert (out, err, process.returncode) == ("", "interrupted\n", 130)


def test_mistakes_of_flags_are_found_before_jax_is_loaded():
  code = """
import sys
import time
import weakref
from nasjax.commands import train
status = train.main(["train.py", "--config=nb201", "--config.x=1"])
print(status, "jax" in sys.modules)
"""
  env = {**os.environ, "PYTHONPATH": str(ROOT)}
  out, err = _start("-c", code, env=env).communicate(timeout=60)
  assert out == "2 False\n"
  assert err.startswith("error: unknown config field 'x'")
  assert err.count("\n") == 1


@pytest.mark.parametrize("lines", [1, 0])
def test_a_closed_pipe_is_no_error(lines):
  code = """
import sys
import time
import weakref
from nasjax import errors
def work():
  for number in range(100_000):
    print(number)
sys.exit(errors.exit_status(work))
"""
  env = {**os.environ, "PYTHONPATH": str(ROOT)}
  with _start("-c", code, env=env) as process:
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(lines):
      process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
  assert process.returncode == 141


def test_statuses(capsys):
  def mistake():
    raise errors.UserError("expected one line,\ngot two")

  def interrupt():
    with errors.resuming(lambda: "outer"), errors.resuming(lambda: "inner"):
      raise KeyboardInterrupt

  def terminated():
    raise errors.Terminated

  assert errors.exit_status(lambda: None) == 0
  assert errors.exit_status(mistake) == 2
  assert errors.exit_status(interrupt) == 130
  assert errors.exit_status(terminated) == 143
  assert capsys.readouterr().err.splitlines() == [
    "error: expected one line, got two",
    "interrupted: inner",
    "terminated",
  ]


def test_loading_inside_another_process_changes_no_handler(capsys):
  before = signal.getsignal(signal.SIGINT)
  assert entry.load("json").__name__ == "json"
  assert signal.getsignal(signal.SIGINT) is before
  assert capsys.readouterr().err == ""


def test_a_signal_that_comes_twice_is_one_interrupt(tmp_path):
  (tmp_path / "slow_command.py").write_text(_COMMAND.format(mode="main"))
  code = "import sys; from nasjax import entry; "
  code += "sys.exit(entry.run('slow_command'))"
  path = os.pathsep.join([str(tmp_path), str(ROOT)])
  process = _start("-c", code, env={**os.environ, "PYTHONPATH": path})
  assert process.stdout is not None
  assert process.stdout.readline() == "ready\n"
  process.send_signal(signal.SIGINT)
  process.send_signal(signal.SIGINT)
  _, printed = process.communicate(timeout=60)
  assert process.returncode == 130, printed
  line = "interrupted: the same command goes on\n"
  assert printed.removeprefix(LOADING) == line


WRITES = """
import sys
import time
import weakref
from nasjax import errors
def work():
  print("a result")
  {then}
sys.exit(errors.exit_status(work))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("then", ["pass", "sys.exit(0)"])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_one_line(
  redirection, then, unbuffered
):
  code = WRITES.format(then=then)
  process = subprocess.run(
    ["sh", "-c", f'"$0" -c "$1" {redirection}', sys.executable, code],
    env={
      **os.environ,
      "PYTHONPATH": str(ROOT),
      "PYTHONUNBUFFERED": unbuffered,
    },
    stderr=subprocess.PIPE,
    text=True,
    timeout=60,
  )
  assert process.returncode == 2
  assert process.stderr.startswith("error: cannot write the output: ")
  assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
def test_messages_that_cannot_be_written_leave_the_status(redirection):
  code = WRITES.format(then='raise errors.UserError("wrong")')
  process = subprocess.run(
    ["sh", "-c", f'"$0" -c "$1" {redirection}', sys.executable, code],
    env={**os.environ, "PYTHONPATH": str(ROOT)},
    stdout=subprocess.PIPE,
    text=True,
    timeout=60,
  )
  assert (process.returncode, process.stdout) == (2, "a result\n")


def test_an_empty_value_is_none():
  parser = arguments.Parser()
  parser.add_argument("name", nargs="?")
  parser.add_argument("--data_dir")
  assert parser.parse_args(["--data_dir", "d"]).data_dir == "d"
  with pytest.raises(errors.UserError, match="--data_dir: expected a value"):
    parser.parse_args(["--data_dir="])
  with pytest.raises(errors.UserError, match="name: expected a value"):
    parser.parse_args([""])


def test_an_interrupt_frees_nothing_that_a_compilation_reads(capsys):
  class Module:
    """Stands for what a thread of the compiler reads."""

  seen = []

  def compile_it():
    module = Module()
    seen.append(weakref.ref(module))
    raise KeyboardInterrupt

  assert errors.exit_status(compile_it) == 130
  gc.collect()
  assert seen[0]() is not None
  assert capsys.readouterr().err == "interrupted\n"


# Compiles for some seconds, in C++ alone.
_COMPILES = """
def main():
  from nasjax import errors
  def work():
    import jax
    import jax.numpy as jnp
    def long(x):
      for number in range(1000):
        x = jnp.sin(x) @ x + jnp.sort(x, axis=0) * number
      return x
    lowered = jax.jit(long).lower(jnp.ones((8, 8)))
    print("ready", flush=True)
    lowered.compile()
    print("compiled", flush=True)
  return errors.exit_status(work)
"""


def test_two_signals_end_a_compilation_with_one_line(tmp_path):
  (tmp_path / "compiling_command.py").write_text(_COMPILES)
  code = "import sys; from nasjax import entry; "
  code += "sys.exit(entry.run('compiling_command'))"
  path = os.pathsep.join([str(tmp_path), str(ROOT)])
  env = {**os.environ, "PYTHONPATH": path, "JAX_ENABLE_COMPILATION_CACHE": "0"}
  process = _start("-c", code, env=env)
  assert process.stdout is not None
  assert process.stdout.readline() == "ready\n"
  time.sleep(0.3)
  process.send_signal(signal.SIGINT)
  time.sleep(0.05)
  process.send_signal(signal.SIGINT)
  out, printed = process.communicate(timeout=60)
  assert (process.returncode, out) == (130, ""), printed
  assert printed.removeprefix(LOADING) == "interrupted\n"
