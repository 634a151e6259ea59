"""Folders and files are replaced whole, and only where nasjax wrote them."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from nasjax import errors, files
from nasjax.io import replacing


def foreign(folder):
  """A folder of this test holds `mine` alone."""
  return next((name for name in os.listdir(folder) if name != "mine"), "")


def put(path, text="new"):
  replacing.replace_folder(
    path,
    lambda fresh: (fresh / "mine").write_text(text),
    foreign,
    "a folder of the test",
  )


def tree(folder):
  return {
    path.relative_to(folder).as_posix(): path.read_text()
    for path in folder.rglob("*")
    if path.is_file()
  }


def test_a_new_an_empty_and_a_former_folder_are_written(tmp_path):
  put(tmp_path / "deep" / "er" / "a")
  (tmp_path / "b").mkdir()
  put(tmp_path / "b")
  put(tmp_path / "b", "newer")
  assert tree(tmp_path) == {"deep/er/a/mine": "new", "b/mine": "newer"}
  mask = files.umask()
  assert (tmp_path / "b").stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("exchange", [True, False])
def test_replacement_with_and_without_exchange(tmp_path, monkeypatch, exchange):
  if not exchange:
    monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
  put(tmp_path / "a", "old")
  put(tmp_path / "a", "new")
  assert tree(tmp_path) == {"a/mine": "new"}
  assert os.listdir(tmp_path) == ["a"]


def test_anything_else_is_refused_and_stays(tmp_path, monkeypatch):
  folder = tmp_path / "project"
  folder.mkdir()
  (folder / "mine").write_text("old")
  (folder / "thesis.txt").write_text("years of work")
  (tmp_path / "file").write_text("words")
  (tmp_path / "to_file").symlink_to(tmp_path / "file")
  (tmp_path / "to_project").symlink_to(folder)
  (tmp_path / "to_nothing").symlink_to(tmp_path / "gone")
  (tmp_path / "loop").symlink_to(tmp_path / "loop")
  before = tree(tmp_path), sorted(os.listdir(tmp_path))
  names = ("project", "file", "to_file", "to_project", "to_nothing", "loop")
  for name in (*names, ".", ""):
    with pytest.raises(errors.UserError, match="nothing was changed") as caught:
      put(tmp_path / name)
    assert "\n" not in str(caught.value)
  monkeypatch.chdir(folder)
  for name in (".", "..", str(tmp_path)):
    with pytest.raises(errors.UserError, match="nothing was changed"):
      put(name)
  assert (tree(tmp_path), sorted(os.listdir(tmp_path))) == before


def test_a_link_to_a_former_folder_stays_a_link(tmp_path):
  put(tmp_path / "real", "old")
  (tmp_path / "link").symlink_to("real")
  put(tmp_path / "link", "new")
  assert (tmp_path / "link").is_symlink()
  assert (tmp_path / "real" / "mine").read_text() == "new"


def test_the_current_folder(tmp_path, monkeypatch):
  (tmp_path / "here").mkdir()
  monkeypatch.chdir(tmp_path / "here")
  put(".")
  assert os.listdir(".") == ["mine"]
  with pytest.raises(errors.UserError, match="holds the current folder"):
    put(".", "again")
  assert (tmp_path / "here" / "mine").read_text() == "new"


def test_home_is_expanded(tmp_path, monkeypatch):
  monkeypatch.setenv("HOME", str(tmp_path))
  put("~/a")
  assert os.listdir(tmp_path / "a") == ["mine"]
  assert files.expand("~/b") == tmp_path / "b"
  with pytest.raises(errors.UserError, match="name of a file or folder, got"):
    files.expand("~nobody_has_this_name/a")
  others: list[Any] = [None, 3, "a\0b"]
  for bad in others:
    with pytest.raises(errors.UserError, match=r"^path: expected"):
      files.expand(bad)


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt()])
@pytest.mark.parametrize("exchange", [True, False])
def test_a_failure_anywhere_leaves_the_old_and_nothing_else(
  tmp_path, monkeypatch, error, exchange
):
  """Every call of the system on the way fails once."""
  if not exchange:
    monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
  put(tmp_path / "a", "old")
  (tmp_path / "empty").mkdir()
  for module, name in (
    (os, "rename"),
    (os, "fsync"),
    (os, "chmod"),
    (replacing, "_sync"),
    (replacing, "_put"),
    (replacing, "_exchange"),
  ):

    def fail(*_args, **_options):
      raise error

    for target in ("a", "empty"):
      if (target, name, exchange) == ("a", "rename", True):
        continue  # not called then
      if name == "_exchange" and (target == "empty" or not exchange):
        continue
      with monkeypatch.context() as patch:
        patch.setattr(module, name, fail)
        with pytest.raises(type(error)):
          put(tmp_path / target, "new")
      assert tree(tmp_path) == {"a/mine": "old"}
      assert sorted(os.listdir(tmp_path)) == ["a", "empty"]


def test_an_interrupt_between_two_renames_brings_the_old_one_back(
  tmp_path, monkeypatch
):
  put(tmp_path / "a", "old")
  monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
  rename, calls = os.rename, []

  def second_fails(source, target):
    calls.append(source)
    if len(calls) == 2:
      raise KeyboardInterrupt
    rename(source, target)

  with monkeypatch.context() as patch:
    patch.setattr(os, "rename", second_fails)
    with pytest.raises(KeyboardInterrupt):
      put(tmp_path / "a", "new")
  assert tree(tmp_path) == {"a/mine": "old"}


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
  code = """
import pathlib, sys, time
from nasjax.io import replacing
def write(fresh):
  (fresh / "mine").write_text("half")
  print("writing", flush=True)
  time.sleep(60)
replacing.replace_folder(sys.argv[1], write, lambda _: "", "x")
"""
  words = [sys.executable, "-c", code, str(tmp_path / "a")]
  with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
    assert other.stdout is not None
    assert other.stdout.readline() == b"writing\n"
    (tmp_path / ".a.backup.part").mkdir()
    (tmp_path / ".b.nasjax-x.part").mkdir()
    put(tmp_path / "a", "first")
    assert len(os.listdir(tmp_path)) == 4  # the living one is left alone
    other.send_signal(signal.SIGKILL)
  deadline = time.monotonic() + 10
  while len(os.listdir(tmp_path)) == 4 and time.monotonic() < deadline:
    put(tmp_path / "a", "second")
  names = [".a.backup.part", ".b.nasjax-x.part", "a"]
  assert sorted(os.listdir(tmp_path)) == names
  assert (tmp_path / "a" / "mine").read_text() == "second"


def test_files_of_another_kind_are_refused(tmp_path):
  former = replacing.has_json("top", "space")
  (tmp_path / "result.json").write_text('{"space": "nb201", "top": []}')
  (tmp_path / "other.json").write_text('{"space": "nb201"}')
  (tmp_path / "list.json").write_text('["space", "top"]')
  (tmp_path / "deep.json").write_text("[" * 10**5)
  (tmp_path / "notes.txt").write_text("words")
  (tmp_path / "empty.json").write_text("")
  (tmp_path / "folder").mkdir()
  for name in ("result.json", "empty.json", "new.json"):
    replacing.check_file(tmp_path / name, former, "a result")
  bad = ("other.json", "list.json", "deep.json", "notes.txt", "folder")
  for name in bad:
    with pytest.raises(errors.UserError, match="is not a result: expected"):
      replacing.check_file(tmp_path / name, former, "a result")


def test_arrays_and_lines_of_another_kind_are_refused(tmp_path):
  files.save_npz(tmp_path / "ours.npz", scores=np.zeros(3))
  np.savez(tmp_path / "theirs.npz", scores=np.zeros(3))
  former = replacing.has_arrays("scores")
  replacing.check_file(tmp_path / "ours.npz", former, "scores")
  with pytest.raises(errors.UserError, match="is not scores"):
    replacing.check_file(tmp_path / "theirs.npz", former, "scores")
  lines = replacing.has_json_lines("epoch", "loss")
  for text in ('{"epoch": 1, "loss": [2]}\nhalf', '{"epoch": 1, "lo', '{"'):
    (tmp_path / "log").write_text(text)
    replacing.check_file(tmp_path / "log", lines, "a log")
  for text in ('{"epoch": 1}\n', "2026-01-01 started\n", "started", "[1]\n"):
    (tmp_path / "log").write_text(text)
    with pytest.raises(errors.UserError, match="is not a log"):
      replacing.check_file(tmp_path / "log", lines, "a log")


def test_a_file_is_not_written_over_a_folder_or_a_device(tmp_path):
  (tmp_path / "folder").mkdir()
  for path in (tmp_path / "folder", "/dev/null"):
    with pytest.raises(errors.UserError, match="expected the name of a file"):
      files.write_json(path, {})
  (tmp_path / "real").write_text("old")
  (tmp_path / "link").symlink_to("real")
  files.write_json(tmp_path / "link", {"a": 1})
  assert (tmp_path / "link").is_symlink()
  assert (tmp_path / "real").read_text() == '{\n  "a": 1\n}\n'
  assert sorted(os.listdir(tmp_path)) == ["folder", "link", "real"]
