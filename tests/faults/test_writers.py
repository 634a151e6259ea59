"""Every writer on a full disk and in a read-only folder.

One line, the former files as they were, and no temporary file.
"""

import contextlib
import email.message
import hashlib
import io
import os
import pathlib
import resource
import subprocess

import faults_commands as commands
import numpy as np
import pytest
import scoring_models
import tiny

import nasjax
from nasjax import errors, files, search
from nasjax.experiments import metrics_log
from nasjax.io import cache, download
from nasjax.networks import resumption, state
from nasjax.reproduce import results
from nasjax.scoring import shards, streaming
from nasjax.training import checkpoint

SPACE = commands.SPACE
NOISE = np.random.default_rng(0).integers(0, 256, 40_000).astype(np.uint8)


class _Response(io.BytesIO):
  status = 200
  headers = email.message.Message()


def _fetch(folder, note):
  content = note.encode() + NOISE.tobytes()
  path = folder / f"{note}.bin"
  digest = hashlib.sha256(content).hexdigest()
  download.fetch(
    "http://x/y", path, sha256=digest, opener=lambda _: _Response(content)
  )


def _predictor(folder, note):
  model, _ = scoring_models.make_predictor(**tiny.LIGHT)
  model.card = {"note": note * 2000}
  model.save(folder / "model")


def _images(folder, note):
  model = scoring_models.make_dataset_predictor()
  model.card = {"note": note * 2000}
  model.save(folder / "model")


def _export(folder, note):
  model, _ = scoring_models.make_predictor(**tiny.LIGHT)
  if note == "new":
    model.fitted.shift[:] += 1
  nasjax.export(model, folder / "model.stablehlo")


def _training(folder, note):
  store = checkpoint.Checkpoints(folder / "checkpoint")
  epoch = 1 if note == "old" else 2
  try:
    store.save(epoch, {"weight": np.tile(NOISE, epoch)}, {"a": 1})
  finally:
    store.close()


def _cells(folder, note):
  keeper = resumption.Keeper(folder, 1, {"a": 1})
  known = state.State(*(NOISE for _ in state.State._fields))
  history = {"loss": np.zeros((2, 1))}
  try:
    keeper.save(1 if note == "old" else 2, known, history, lambda *_: [])
  finally:
    keeper.close()


def _stream(folder, note):
  cells = SPACE.sample(20_000, np.random.default_rng(len(note)))
  best = streaming.TopK(cells, np.zeros(20_000), 20_000, 0.0, 0.0)
  streaming.save(folder / "state.npz", best, note)


def _search(folder, note):
  strategy = search.get_strategy("random")
  cells, begun = strategy.ask(strategy.init(SPACE, len(note), 9_000), 9_000)
  begun = strategy.tell(begun, cells, np.arange(float(len(cells))))
  search.save(folder / "search.npz", strategy, begun)


def _shards(folder, note):
  num = 1 if note == "old" else 2
  cells = SPACE.sample(4_000, np.random.default_rng(0))

  def noise(genotypes):
    return np.random.default_rng(0).normal(size=len(genotypes))

  shards.write_shards(noise, cells, folder, "id", num_shards=num)


def _results(folder, note):
  rows = [{name: "x" for name in results.KEY} | {"note": note * 9000}]
  results.update(folder / "table.json", "table", "command", "commit", rows)


def _log(folder, note):
  path = folder / "metrics.jsonl"
  log = metrics_log.MetricsLog(path)
  if note == "old":
    log.keep_until(0)
  else:
    log.write({"epoch": 1, "loss": [0.0] * 9000})


WRITERS = {
  "json": lambda folder, note: files.write_json(folder / "x.json", note * 9000),
  "npz": lambda folder, note: files.save_npz(
    folder / "x.npz", noise=NOISE, note=np.array(note)
  ),
  "predictor": _predictor,
  "predictor of images": _images,
  "export": _export,
  "checkpoint": _training,
  "checkpoint of cells": _cells,
  "log": _log,
  "stream": _stream,
  "search": _search,
  "shards": _shards,
  "results": _results,
  "download": _fetch,
}
GROWS = ("log", "download")
"""Writers whose last bytes may stay: a resume drops or continues them."""


def snapshot(folder: pathlib.Path) -> dict[str, bytes]:
  """Bytes of every file, without locks."""
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in sorted(folder.rglob("*"))
    if path.is_file() and path.name != ".lock"
  }


@contextlib.contextmanager
def limited(num_bytes: int):
  """No file can grow beyond so many bytes, as on a full disk."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def check_refused(name: str, folder: pathlib.Path) -> None:
  """The writer says so in one line and leaves all as it was."""
  before = snapshot(folder)
  with pytest.raises(errors.UserError) as caught:
    WRITERS[name](folder, "new")
  message = str(caught.value)
  assert "\n" not in message
  assert len(message) < 600
  after = snapshot(folder)
  if name not in GROWS:
    assert after == before
    assert commands.leftovers(folder) == []
  assert {key: after[key] for key in before if name != "log"} == {
    key: before[key] for key in before if name != "log"
  }


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_cannot_grow(name, tmp_path):
  WRITERS[name](tmp_path, "old")
  with limited(2000):
    check_refused(name, tmp_path)
  WRITERS[name](tmp_path, "new")


@contextlib.contextmanager
def mounted(folder: pathlib.Path, size: str):
  """A small file system of its own; skips where that is not permitted."""
  folder.mkdir()
  words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
  try:
    done = subprocess.run(words, capture_output=True)
  except FileNotFoundError:
    pytest.skip("mount is not installed")
  if done.returncode:
    pytest.skip("no permission to mount a file system")
  try:
    yield
  finally:
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(name, tmp_path):
  folder = tmp_path / "disk"
  with mounted(folder, "8m"):
    WRITERS[name](folder, "old")
    filler = folder / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", 0) as file:
      while True:
        file.write(bytes(4096))
    check_refused(name, folder)
    filler.unlink()
    WRITERS[name](folder, "new")


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_read_only_folder(name, tmp_path):
  folder = tmp_path / "disk"
  with mounted(folder, "8m"):
    WRITERS[name](folder, "old")
    words = ["mount", "-o", "remount,ro", str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    check_refused(name, folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_without_permission(name, tmp_path):
  tmp_path.chmod(0o555)
  try:
    with pytest.raises(errors.UserError):
      WRITERS[name](tmp_path / "new", "old")
  finally:
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_in_the_place_of_a_folder(name, tmp_path):
  (tmp_path / "file").write_text("mine")
  with pytest.raises(errors.UserError) as caught:
    WRITERS[name](tmp_path / "file", "old")
  assert "\n" not in str(caught.value)
  assert snapshot(tmp_path) == {"file": b"mine"}


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  with limited(2000), pytest.warns(UserWarning, match="not cached: cannot"):
    arrays = cache.cached("table", "0" * 64, lambda: {"x": NOISE})
  np.testing.assert_array_equal(arrays["x"], NOISE)
  assert commands.leftovers(tmp_path) == []


def test_a_file_that_lies_in_a_read_only_folder_is_used(tmp_path):
  folder = tmp_path / "disk"
  content = b"old" + NOISE.tobytes()
  with mounted(folder, "8m"):
    (folder / "old.bin").write_bytes(content)
    words = ["mount", "-o", "remount,ro", str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    _fetch(folder, "old")
