"""Every call into Orbax: checkpoints of a training and saved models."""

import contextlib
import json
import logging
import math
import os
import pathlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import jax
import orbax.checkpoint as ocp

from nasjax import errors, files, foreign
from nasjax.io import replacing
from nasjax.training import digests, event_loops, model_folders

# Orbax logs a failure with its traceback and then raises it.
logging.getLogger("absl").setLevel(logging.CRITICAL + 1)

_DIGEST, _SEAL = "sha256", "meta_sha256"
_MARGIN = 1 << 18  # bytes of files beside the arrays of a checkpoint

Modern = Callable[[dict[str, Any]], dict[str, Any]]
"""Maps what a checkpoint of any version says of itself to this version's."""


class Checkpoints:
  """Checkpoints of one training; the newest complete one is resumed.

  Orbax writes a step under a temporary name and renames it, so a killed run
  never leaves half a checkpoint under a step's name.
  """

  def __init__(self, folder: files.PathLike):
    """Opens (or makes) the folder of a training."""
    self._folder = _absolute(folder)
    with _writing(self._folder):
      self._manager = ocp.CheckpointManager(
        self._folder,
        options=ocp.CheckpointManagerOptions(
          max_to_keep=2, enable_async_checkpointing=False
        ),
      )

  def save(self, epoch: int, state: Any, meta: dict[str, Any]) -> None:
    """Writes the state after an epoch, and the facts that a resume checks.

    Raises:
      UserError: the folder cannot be written.
    """
    content = {**meta, _DIGEST: digests.of_tree(state)}
    content[_SEAL] = _seal(epoch, content)
    try:
      with _writing(self._folder):
        _reserve(self._folder, state)
        self._manager.save(
          epoch,
          args=ocp.args.Composite(
            state=ocp.args.StandardSave(state), meta=ocp.args.JsonSave(content)
          ),
        )
        self._manager.wait_until_finished()
    except errors.UserError:
      for left in self._folder.glob(f"{epoch}.*-tmp*"):
        shutil.rmtree(left, ignore_errors=True)
      raise

  def restore(
    self, template: Any, meta: dict[str, Any], modern: Modern = dict
  ) -> tuple[int, Any] | None:
    """Reads the newest checkpoint that is intact.

    Newer ones that are damaged are removed, and said on standard error.

    Args:
      template: a state of the same shapes.
      meta: what this run is; must equal what the checkpoint was saved with.
      modern: maps such facts of any version to those of this one.

    Returns:
      (epochs done, state), or None where there is no checkpoint.

    Raises:
      UserError: the checkpoints belong to another run or are of another
        structure, or all are damaged.
    """
    epochs = sorted(self._manager.all_steps(), reverse=True)
    failures = []
    for epoch in epochs:
      try:
        state = self._read(epoch, template, meta, modern)
      except errors.UserError as error:
        failures.append(error)
        continue
      for damaged in epochs[: len(failures)]:
        self._drop(damaged, epoch)
      return epoch, state
    if failures:
      others = [each for each in failures if isinstance(each, _AnotherRun)]
      raise (others or failures)[0]
    return None

  def _read(
    self, epoch: int, template: Any, meta: dict[str, Any], modern: Modern
  ) -> Any:
    path = self._folder / str(epoch)
    try:
      with event_loops.finished():
        found = self._manager.restore(
          epoch, args=ocp.args.Composite(meta=ocp.args.JsonRestore())
        )["meta"]
        _check_seal(epoch, found, meta)
        digest = found.pop(_DIGEST, None)
        _check_same(self._folder, modern(found), modern(meta))
    except errors.UserError:
      raise
    except Exception as error:
      raise _damaged(path, error) from None
    state = self._read_state(epoch, template)
    if digest not in (None, digests.of_tree(state)):
      raise _damaged(path, ValueError("its digest is another"))
    return state

  def _read_state(self, epoch: int, template: Any) -> Any:
    path = self._folder / str(epoch)
    try:
      with event_loops.finished():
        return self._manager.restore(
          epoch,
          args=ocp.args.Composite(state=ocp.args.StandardRestore(template)),
        )["state"]
    except Exception as error:
      _check_structure(path, template)
      raise _damaged(path, error) from None

  def _drop(self, damaged: int, intact: int) -> None:
    """Removes a damaged checkpoint, whose epoch will be saved again."""
    shutil.rmtree(self._folder / str(damaged), ignore_errors=True)
    self._manager.reload()
    print(
      f"checkpoint {str(self._folder / str(damaged))!r} is damaged: going on "
      f"from the older one after epoch {intact}",
      file=sys.stderr,
    )

  def close(self) -> None:
    """Releases the manager."""
    self._manager.close()


def save_model(
  folder: files.PathLike,
  params: Any,
  meta: dict[str, Any],
  card: str | None = None,
) -> None:
  """Writes parameters and a JSON description; replaces a former model.

  The former model is there until the new one is complete. A folder that is
  neither empty nor a saved model is not touched (`model_folders.foreign`).

  Args:
    folder: the model's folder.
    params: a pytree of arrays, any shapes.
    meta: JSON values: config, label normaliser, model card.
    card: content of `README.md`; no such file where None.

  Raises:
    UserError: something else is in the folder, it cannot be written, `meta`
      holds values that JSON has not, or `card` is no text.
  """
  content = {"format": model_folders.FORMAT, **meta}
  text = b"" if card is None else model_folders.readme_bytes(card)
  if card is not None:
    content[model_folders.CARD_DIGEST] = model_folders.card_digest(text)
  model_folders.check_size("card", len(model_folders.to_json(content)))

  def write(fresh):
    _reserve(fresh, params)
    with ocp.StandardCheckpointer() as checkpointer:
      checkpointer.save(fresh / model_folders.PARAMS, params)
    _forget_path(fresh / model_folders.PARAMS)
    files.write_json(fresh / model_folders.META, content)
    if card is not None:
      files.write_atomic(
        fresh / model_folders.CARD, lambda file: file.write(text)
      )

  with _writing(folder):
    replacing.replace_folder(
      folder, write, model_folders.foreign, model_folders.KIND
    )


def check_target(folder: files.PathLike) -> None:
  """Refuses a folder that `save_model` would refuse, before a long training.

  Raises:
    UserError: something else is there.
  """
  replacing.check_folder(folder, model_folders.foreign, model_folders.KIND)


def _forget_path(folder: pathlib.Path) -> None:
  """Takes the absolute path out of Orbax's mark of a finished checkpoint.

  A model is moved and shared; where it was made is nobody's business.
  """
  mark = folder / "commit_success.txt"
  if mark.exists():
    mark.write_text("Checkpoint commit was successful\n")


def load_params(folder: files.PathLike, template: Any = None) -> Any:
  """Reads the parameters of a saved model.

  Args:
    folder: the model's folder.
    template: a pytree of `jax.ShapeDtypeStruct` with the expected shapes; those
      that the folder itself announces where None.

  Raises:
    UserError: the parameters are missing, damaged, of other shapes, or would
      take more than 1 GiB.
  """
  path = _absolute(folder) / model_folders.PARAMS
  try:
    with (
      event_loops.finished(),
      ocp.StandardCheckpointer() as checkpointer,
    ):
      if template is None:
        template = checkpointer.metadata(path).item_metadata.tree
      template = jax.tree.map(_on_device, template)
      leaves = jax.tree.leaves(template)
      size = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)
      foreign.afford(path, size)
      return checkpointer.restore(path, template)
  except errors.UserError:
    raise
  except Exception as error:
    raise _damaged(path, error) from None


def _on_device(leaf: Any) -> jax.ShapeDtypeStruct:
  """What is restored of a leaf with a shape and a dtype: the same, here."""
  device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
  return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device)


def _absolute(folder: files.PathLike) -> pathlib.Path:
  """The whole path, whose parts above the user's must be UTF-8 as well."""
  return files.expand(files.expand(folder).absolute())


class _AnotherRun(errors.UserError):
  """An intact checkpoint of another config, other data or another version."""


def _seal(epoch: int, content: dict[str, Any]) -> str:
  """Digest of what is beside the state: its description and its epoch."""
  plain = json.loads(json.dumps(content))
  return digests.of_tree((), {"epoch": epoch, "meta": plain})


def _check_seal(epoch: int, found: dict[str, Any], meta: dict[str, Any]):
  """Takes the digest out of a description, and checks it.

  Checkpoints of earlier versions have none; their fields are those of `meta`.

  Raises:
    ValueError: the description was changed, or is that of another epoch.
  """
  seal = found.pop(_SEAL, None)
  if seal is None and set(found) - {_DIGEST} != set(meta):
    raise ValueError("its description has other fields")
  if seal is not None and seal != _seal(epoch, found):
    raise ValueError("its description or epoch does not match its digest")


def _check_same(folder, found: Any, expected: dict[str, Any]) -> None:
  if found == expected:
    return
  names = sorted(
    name
    for name in set(found) | set(expected)
    if found.get(name) != expected.get(name)
  )
  raise _AnotherRun(
    f"{str(folder)!r} holds a run with another {', '.join(names)}: resume it "
    "with the same config and data, or give --workdir a new folder"
  )


def _check_structure(path: pathlib.Path, template: Any) -> None:
  """Stops where a state has other arrays than the template, and says which.

  A state whose structure cannot be read is left to the caller.
  """
  try:
    with (
      event_loops.finished(),
      ocp.StandardCheckpointer() as checkpointer,
    ):
      tree: Any = checkpointer.metadata(path / "state").item_metadata
      found = digests.shapes(getattr(tree, "tree", tree))
  except Exception:
    return
  expected = digests.shapes(template)
  for name in sorted(found.keys() | expected.keys()):
    there, here = found.get(name, "none"), expected.get(name, "none")
    is_key = here is None and there != "none"
    if there != here and not is_key:
      raise _AnotherRun(
        f"{errors.quote(str(path))} is of a version of nasjax with other "
        f"parameters: expected {name} of shape {here}, got {there}; finish it "
        "with that version, or give --workdir a new folder"
      )


@contextlib.contextmanager
def _writing(folder: files.PathLike) -> Iterator[None]:
  """Turns what Orbax raises where a folder cannot be written into one line.

  Python's own calls raise `OSError`. Those of the library below Orbax raise
  `ValueError` or `RuntimeError` with the number of the system's error in the
  text.
  """
  try:
    yield
  except errors.UserError:
    raise
  except OSError as error:
    raise _cannot_write(folder, error.strerror or str(error)) from error
  except (ValueError, RuntimeError) as error:
    number = re.search(r"os_error_code='(\d+)'", str(error))
    if number is None:
      raise
    raise _cannot_write(folder, os.strerror(int(number[1]))) from error


def _reserve(folder: pathlib.Path, content: Any) -> None:
  """Checks that a pytree of arrays fits on the disk, before Orbax begins.

  Where a write of Orbax fails, others go on behind the error and are heard of
  later.

  Raises:
    OSError: it does not fit, or the folder cannot be written.
  """
  size = sum(leaf.nbytes for leaf in jax.tree.leaves(content)) + _MARGIN
  with tempfile.TemporaryFile(dir=folder) as file:
    os.posix_fallocate(file.fileno(), 0, size)


def _cannot_write(folder: files.PathLike, reason: str) -> errors.UserError:
  return errors.UserError(
    f"cannot write a checkpoint to {str(folder)!r}: {reason}; free some space "
    "or choose another folder (the former one is intact)"
  )


def _damaged(path, error: Exception) -> errors.UserError:
  reason = str(error).strip().splitlines() or [error.__class__.__name__]
  return errors.UserError(
    f"checkpoint {str(path)!r} is missing, damaged or of other shapes "
    f"({reason[0][:120]}); delete it and train again, or fetch it again"
  )
