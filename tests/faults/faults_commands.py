"""The commands whose runs are broken off, each small, and what they leave.

A `Case` is one command line and the files by which two runs are compared. Times
and what follows from them are left out; all else must be equal byte by byte.
"""

import csv
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
sys.path[:0] = [str(TESTS), str(TESTS / "networks")]

import tiny  # noqa: E402

import nasjax  # noqa: E402

SPACE = nasjax.get_space("nb201")
STUDENT = "nb201_student"
TIMES = ("seconds", "train_seconds", "total_seconds", "archs_per_second")
TIMES += ("command",)  # names the folder of the run


@dataclasses.dataclass(frozen=True)
class Case:
  """One command.

  Attributes:
    name: what it is called.
    words: maps the folder of a run to the command line, without Python.
    results: files in that folder by which two runs are compared.
  """

  name: str
  words: Callable[[pathlib.Path], list[str]]
  results: tuple[str, ...]

  def command(self, folder: pathlib.Path) -> list[str]:
    return [sys.executable, *self.words(folder)]


def environment(**more: str) -> dict[str, str]:
  """That of the tests, with this checkout, on the CPU."""
  return {
    **os.environ,
    "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}",
    "JAX_PLATFORMS": "cpu",
    **more,
  }


def run(words: list[str], **more: str) -> subprocess.CompletedProcess:
  return subprocess.run(
    words,
    capture_output=True,
    text=True,
    timeout=900,  # of a busy machine
    cwd=ROOT,
    env=environment(**more),
  )


def write_labels(path: pathlib.Path, num: int = 40) -> pathlib.Path:
  """A CSV of cells of nb201 with an additive label."""
  cells = np.unique(SPACE.sample(2 * num, np.random.default_rng(5)), axis=0)
  with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["arch", "value"])
    for name, cell in zip(SPACE.format(cells), cells[:num], strict=False):
      writer.writerow([name, (cell == 3).sum() - (cell == 0).sum()])
  return path


def write_images(path: pathlib.Path, num: int = 40) -> pathlib.Path:
  """Images of two classes, bright and dark, as `.npz`."""
  rng = np.random.default_rng(0)
  labels = np.arange(num) % 2
  images = (
    rng.integers(0, 90, (num, 8, 8, 3)) + 120 * labels[:, None, None, None]
  )
  np.savez(path, images=images.astype(np.uint8), labels=labels)
  return path


def train(inputs: pathlib.Path, epochs: int = 12) -> Case:
  table = write_labels(inputs / "mine.csv")

  def words(folder):
    return [
      str(ROOT / "train.py"),
      f"--config={ROOT / 'configs' / 'custom.py'}",
      f"--config.table={table}",
      f"--config.epochs={epochs}",
      "--config.num_seeds=2",
      "--config.num_members=2",
      "--config.batch_size=8",
      "--config.checkpoint_every=1",
      *(f"--config.model.{name}={size}" for name, size in tiny.MODEL.items()),
      f"--workdir={folder / 'run'}",
    ]

  results = ("run/predictions.npz", "run/summary.json", "run/metrics.jsonl")
  results += ("run/config.json", "run/checkpoint/model/model.json")
  return Case("train", words, results)


def evaluate(inputs: pathlib.Path, epochs: int = 2) -> Case:
  images = write_images(inputs / "mine.npz")

  def words(folder):
    return [
      *(str(ROOT / "search.py"), "--space", "nb201", "--strategy", "random"),
      *("--budget", "50", "--checkpoint", STUDENT, "--dataset", str(images)),
      *("--evaluate", "2", "--epochs", str(epochs), "--image_size", "8"),
      *("--workdir", str(folder / "run"), "--out", str(folder / "out.json")),
    ]

  return Case("evaluate", words, ("out.json", "run/run.json", "run/cells"))


def stream(inputs: pathlib.Path, num: int = 64 << 15) -> Case:
  del inputs

  def words(folder):
    return [
      *("-m", "nasjax.scoring", "--space", "nb201", "--checkpoint", STUDENT),
      *("--num_samples", str(num), "--top_k", "20"),
      *("--out", str(folder / "top.json")),
    ]

  return Case("stream", words, ("top.json", "top.json.state.npz"))


def shards(inputs: pathlib.Path, num: int = 300) -> Case:
  del inputs

  def words(folder):
    return [
      *("-m", "nasjax.scoring", "--space", "nb201", "--checkpoint", STUDENT),
      *("--num_shards", str(num), "--out", str(folder / "shards")),
    ]

  return Case("shards", words, ("shards",))


CASES = {"train": train, "evaluate": evaluate, "stream": stream}
CASES["shards"] = shards


def contents(
  folder: pathlib.Path, results: tuple[str, ...]
) -> dict[str, bytes]:
  """Bytes of every result file; JSON without its times and its folder."""
  found = {}
  for name in results:
    path = folder / name
    paths = sorted(path.rglob("*")) if path.is_dir() else [path]
    for each in paths:
      if each.is_file() and not _is_private(each):
        found[str(each.relative_to(folder))] = _read(each, folder)
  assert found, f"{folder} holds none of {results}"
  return found


def _is_private(path: pathlib.Path) -> bool:
  """Locks, and checkpoints of a cell whose result was written before a kill."""
  return path.name == ".lock" or "checkpoints" in path.parts


def _read(path: pathlib.Path, folder: pathlib.Path) -> bytes:
  if path.suffix != ".json":
    return path.read_bytes()
  text = json.dumps(_timeless(json.loads(path.read_text())))
  return text.replace(str(folder), "FOLDER").encode()


def _timeless(value):
  if isinstance(value, dict):
    return {k: _timeless(v) for k, v in value.items() if k not in TIMES}
  if isinstance(value, list):
    return [_timeless(each) for each in value]
  return value


def leftovers(folder: pathlib.Path) -> list[str]:
  """Names of temporary files and folders."""
  marks = (".part", "orbax-checkpoint-tmp")
  return [
    str(path.relative_to(folder))
    for path in folder.rglob("*")
    if any(mark in path.name for mark in marks)
  ]
