"""Every call into Orbax: checkpoints of a training and saved models."""

import json
import logging
import pathlib
import shutil
from typing import Any

import jax
import orbax.checkpoint as ocp

from nasjax import errors, files

logging.getLogger("absl").setLevel(logging.ERROR)

_FORMAT = 1


class Checkpoints:
  """Checkpoints of one training; the newest complete one is resumed.

  Orbax writes a step under a temporary name and renames it, so a killed run
  never leaves half a checkpoint under a step's name.
  """

  def __init__(self, folder: files.PathLike):
    """Opens (or makes) the folder of a training."""
    self._folder = pathlib.Path(folder).absolute()
    try:
      self._manager = ocp.CheckpointManager(
        self._folder,
        options=ocp.CheckpointManagerOptions(
          max_to_keep=2, enable_async_checkpointing=False
        ),
      )
    except OSError as error:
      raise _cannot_write(self._folder, error) from error

  def save(self, epoch: int, state: Any, meta: dict[str, Any]) -> None:
    """Writes the state after an epoch, and what must agree on a resume.

    Raises:
      UserError: the folder cannot be written.
    """
    try:
      self._manager.save(
        epoch,
        args=ocp.args.Composite(
          state=ocp.args.StandardSave(state), meta=ocp.args.JsonSave(meta)
        ),
      )
      self._manager.wait_until_finished()
    except OSError as error:
      raise _cannot_write(self._folder, error) from error

  def restore(
    self, template: Any, meta: dict[str, Any]
  ) -> tuple[int, Any] | None:
    """Reads the newest complete checkpoint.

    Args:
      template: a state of the same shapes.
      meta: what this run is; must equal what the checkpoint was saved with.

    Returns:
      (epochs done, state), or None where there is no checkpoint.

    Raises:
      UserError: the checkpoint belongs to another run, or is damaged.
    """
    epoch = self._manager.latest_step()
    if epoch is None:
      return None
    try:
      found = self._manager.restore(
        epoch, args=ocp.args.Composite(meta=ocp.args.JsonRestore())
      )["meta"]
      _check_same(self._folder, found, meta)
      state = self._manager.restore(
        epoch,
        args=ocp.args.Composite(state=ocp.args.StandardRestore(template)),
      )["state"]
    except errors.UserError:
      raise
    except Exception as error:
      raise _damaged(self._folder / str(epoch), error) from error
    return epoch, state

  def close(self) -> None:
    """Releases the manager."""
    self._manager.close()


def save_model(
  folder: files.PathLike, params: Any, meta: dict[str, Any]
) -> None:
  """Writes parameters and a JSON description; replaces a former model.

  Args:
    folder: the model's folder.
    params: a pytree of arrays, any shapes.
    meta: JSON values: config, label normaliser, model card.

  Raises:
    UserError: the folder cannot be written.
  """
  folder = pathlib.Path(folder).absolute()
  fresh = folder.with_name(f".{folder.name}.part")
  try:
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    with ocp.StandardCheckpointer() as checkpointer:
      checkpointer.save(fresh / "params", params)
    _forget_path(fresh / "params")
    files.write_json(fresh / "model.json", {"format": _FORMAT, **meta})
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
  except OSError as error:
    raise _cannot_write(folder, error) from error


def _forget_path(folder: pathlib.Path) -> None:
  """Takes the absolute path out of Orbax's mark of a finished checkpoint.

  A model is moved and shared; where it was made is nobody's business.
  """
  mark = folder / "commit_success.txt"
  if mark.exists():
    mark.write_text("Checkpoint commit was successful\n")


def load_meta(folder: files.PathLike) -> dict[str, Any]:
  """Reads the description of a saved model.

  Raises:
    UserError: the folder holds no nasjax model, or one of another format.
  """
  path = pathlib.Path(folder) / "model.json"
  try:
    meta = json.loads(path.read_text())
  except (OSError, ValueError) as error:
    raise errors.UserError(
      f"{str(folder)!r} is not a saved nasjax model: expected a readable "
      f"model.json in it ({error.__class__.__name__})"
    ) from error
  if meta.get("format") != _FORMAT:
    raise errors.UserError(
      f"{str(folder)!r} has format {meta.get('format')}, expected {_FORMAT}: "
      "save the model again with this version of nasjax"
    )
  return meta


def load_params(folder: files.PathLike, template: Any) -> Any:
  """Reads the parameters of a saved model.

  Args:
    folder: the model's folder.
    template: a pytree of `jax.ShapeDtypeStruct` with the expected shapes.

  Raises:
    UserError: the parameters are missing, damaged, or of other shapes.
  """
  path = pathlib.Path(folder).absolute() / "params"
  device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
  template = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device),
    template,
  )
  try:
    with ocp.StandardCheckpointer() as checkpointer:
      return checkpointer.restore(path, template)
  except Exception as error:
    raise _damaged(path, error) from error


def _check_same(folder, found: Any, expected: dict[str, Any]) -> None:
  if found == expected:
    return
  names = sorted(
    name
    for name in set(found) | set(expected)
    if found.get(name) != expected.get(name)
  )
  raise errors.UserError(
    f"{str(folder)!r} holds a run with another {', '.join(names)}: resume it "
    "with the same config and data, or give --workdir a new folder"
  )


def _cannot_write(folder, error: OSError) -> errors.UserError:
  return errors.UserError(
    f"cannot write a checkpoint to {str(folder)!r}: {error.strerror or error}; "
    "free some space or choose another folder (the former one is intact)"
  )


def _damaged(path, error: Exception) -> errors.UserError:
  reason = str(error).strip().splitlines() or [error.__class__.__name__]
  return errors.UserError(
    f"checkpoint {str(path)!r} is missing, damaged or of other shapes "
    f"({reason[0][:120]}); delete it and train again, or fetch it again"
  )
