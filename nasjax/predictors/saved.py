"""Reads and checks `model.json` of saved predictors.

A description that is damaged or made by hand ends in one line, before a model
is built or memory is taken for it.
"""

import dataclasses
import json
from typing import Any

import jax
import numpy as np

from nasjax import config as configs
from nasjax import errors, files, foreign
from nasjax.config import checks
from nasjax.predictors import saved_config, saved_numbers, saved_space
from nasjax.regression import beside
from nasjax.regression import spread as spreads
from nasjax.systems import registry as models
from nasjax.training import checkpoint, digests, model_folders

DATASET_ENCODER = "dataset_encoder"
"""Marks a predictor that sees images."""
KIND = "kind"
"""Field of the wing of `nasjax.systems`; old folders lack it."""
IMAGES = "images"
"""Kind of a predictor that sees images."""
REGRESSION = "regression"
"""Field of the sizes of the regression; old folders have them in the config."""
SPREAD = saved_numbers.SPREAD
"""Field and parameters of the standard deviations; old folders lack both."""
SPACE = "space"
"""Field of a user's own space; old folders lack it."""
DIGEST = "sha256"
"""Field of the digest; old folders lack it."""
_DIGESTS = (DIGEST, model_folders.CARD_DIGEST)

_SIDE = checks.Whole(1, 65_536)
_COUNT = checks.Whole(0, 10**9)


@dataclasses.dataclass(frozen=True)
class Saved:
  """A checked description.

  Attributes:
    config: a whole config.
    scale: factor from raw scores to the label's unit, `[R]`; none for a
      predictor that sees images.
    shift: offset in the label's unit, `[R]`.
    sample: classes, images of each and width of the embeddings of an image set;
      none for a predictor of architectures alone.
    card: what is known of the model.
    digest: sha256 of all that decides scores; None in old folders.
    regression: sizes of the kernel regression.
    spread: scores and levels of `nasjax.regression.spread.Spread`, `[k]` each;
      None where the predictor has none.
    space: what is kept of a user's own space (`saved_space`); None for spaces
      of nasjax and in old folders.
  """

  config: configs.Config
  scale: np.ndarray
  shift: np.ndarray
  sample: tuple[int, ...]
  card: dict[str, Any]
  digest: str | None
  regression: beside.Sizes
  spread: tuple[np.ndarray, np.ndarray] | None = None
  space: dict[str, Any] | None = None


def sees_images(meta: dict[str, Any]) -> bool:
  """Says whether a description is one of `DatasetPredictor`."""
  return meta.get(KIND) == IMAGES or (
    KIND not in meta and DATASET_ENCODER in meta
  )


def make_meta(
  config: configs.Config,
  params: Any,
  card: dict[str, Any],
  *,
  scale: np.ndarray | None = None,
  shift: np.ndarray | None = None,
  spread: spreads.Spread | None = None,
  sample: tuple[int, ...] = (),
  space: dict[str, Any] | None = None,
) -> dict[str, Any]:
  """Returns the description of a predictor, with its digest.

  Args:
    config: the config that it was trained with.
    params: its parameters.
    card: see `Saved`.
    scale: see `Saved`.
    shift: see `Saved`.
    spread: the standard deviations of its scores.
    sample: see `Saved`.
    space: see `Saved`.

  Raises:
    UserError: what `load` would refuse.
  """
  kind = IMAGES if sample else models.kind_of(config.model.name)
  meta: dict[str, Any] = {KIND: kind, "config": json.loads(config.to_json())}
  if sample:
    meta[DATASET_ENCODER] = {"sample": list(sample)}
  else:
    meta[REGRESSION] = beside.sizes(params)._asdict()
    meta["scale"] = np.asarray(scale, np.float64).tolist()
    meta["shift"] = np.asarray(shift, np.float64).tolist()
  if spread is not None:
    meta[SPREAD] = saved_numbers.of_spread(spread)
    params = {**params, SPREAD: spread.params["params"]}
  if space is not None:
    meta[SPACE] = space
  meta["card"] = _card(card)
  checked = check({"format": model_folders.FORMAT, **meta}, "this predictor")
  return {**meta, DIGEST: digest(checked, params)}


def check(meta: dict[str, Any], source: object) -> Saved:
  """Checks every field of a description.

  Args:
    meta: what `model.json` holds.
    source: what messages call it.

  Raises:
    UserError: a field is missing, unknown, of another type or out of range.
  """
  try:
    return _check(meta)
  except errors.UserError as error:
    raise errors.UserError(
      f"{errors.quote(str(source))} is damaged or no model of this version of "
      f"nasjax: {error}"
    ) from error


def _check(meta: dict[str, Any]) -> Saved:
  own = (DATASET_ENCODER,) if sees_images(meta) else ("scale", "shift")
  known = ("format", "config", *own, "card")
  for name in known:
    if name not in meta:
      raise errors.UserError(
        f"model.json: expected {name!r}, got no such field"
      )
  allowed = (*known, KIND, REGRESSION, SPREAD, SPACE, *_DIGESTS)
  for name in meta:
    if name not in allowed:
      raise errors.one_of("field of model.json", name, allowed)
  fields = saved_config.as_object("config", meta["config"])
  config = saved_config.read_config(fields)
  _check_kind(meta, config)
  regression = _regression(fields["model"], meta.get(REGRESSION))
  scale = shift = np.zeros(0)
  sample = ()
  if sees_images(meta):
    encoder = saved_config.as_object(DATASET_ENCODER, meta[DATASET_ENCODER])
    if list(encoder) != ["sample"]:
      raise errors.UserError(
        f"{DATASET_ENCODER}: expected the field 'sample', got "
        f"{errors.quote(', '.join(encoder))}"
      )
    sample = tuple(saved_numbers.list_of("sample", encoder["sample"], 3, _SIDE))
  else:
    num_members = config.num_members
    scale = np.array(
      saved_numbers.list_of(
        "scale", meta["scale"], num_members, saved_numbers.SCALE
      ),
      float,
    )
    shift = np.array(
      saved_numbers.list_of(
        "shift", meta["shift"], num_members, saved_numbers.NUMBER
      ),
      float,
    )
  for name in _DIGESTS:
    found = meta.get(name)
    if name in meta and not (isinstance(found, str) and len(found) == 64):
      raise errors.UserError(
        f"{name}: expected 64 hex digits, got {errors.quote(found)}"
      )
  card = _card(meta["card"])
  space = saved_space.check(meta[SPACE]) if SPACE in meta else None
  return Saved(
    config,
    scale,
    shift,
    sample,
    card,
    meta.get(DIGEST),
    regression,
    saved_numbers.read_spread(meta.get(SPREAD)),
    space,
  )


def _check_kind(meta: dict[str, Any], config: configs.Config) -> None:
  kind = models.kind_of(config.model.name)
  expected = IMAGES if sees_images(meta) else kind
  if meta.get(KIND, expected) != expected:
    raise errors.UserError(
      f"{KIND}: expected {expected!r}, the kind of the model "
      f"{config.model.name!r}, got {errors.quote(meta[KIND])}"
    )


def _regression(model: dict[str, Any], found: Any) -> beside.Sizes:
  """The sizes of a regression, by their own field or by those of the model."""
  if found is None:
    names = ("kernel_cells", "kernel_distance")
    values = [model.get(name, 0) for name in names]
  else:
    names = tuple(f"{REGRESSION}.{name}" for name in beside.Sizes._fields)
    found = saved_config.as_object(REGRESSION, found)
    if "kernel_cells" in model or "kernel_distance" in model:
      raise errors.UserError(
        f"{REGRESSION}: expected it or config.model.kernel_cells as the sizes "
        "of a regression, got both"
      )
    if sorted(found) != sorted(beside.Sizes._fields):
      raise errors.UserError(
        f"{REGRESSION}: expected the fields {', '.join(beside.Sizes._fields)}, "
        f"got {errors.quote(', '.join(found))}"
      )
    values = [found[name] for name in beside.Sizes._fields]
  for name, value in zip(names, values, strict=True):
    checks.check_value(name, value, _COUNT)
  return beside.Sizes(*values)


def _card(card: Any) -> dict[str, Any]:
  """Checks that a card is one, and that JSON can hold it again."""
  saved_config.as_object("card", card)
  try:
    json.dumps(card, allow_nan=False)
  except (TypeError, ValueError, RecursionError) as error:
    raise errors.UserError(
      "card: expected texts, finite numbers, lists and dicts, got others "
      f"({error})"
    ) from error
  pending: list[Any] = [card]
  while pending:
    value = pending.pop()
    if isinstance(value, dict):
      for key in value:
        if not isinstance(key, str):
          raise errors.UserError(
            "card: expected texts as the keys of dicts, got "
            f"{errors.quote(key)}; write str(key)"
          )
      pending += value.values()
    elif isinstance(value, list | tuple):
      pending += value
  return card


def digest(saved: Saved, params: Any) -> str:
  """Digest of a predictor: parameters, calibration, and what its model is.

  Fields of the model at their own defaults do not enter, nor does the target
  `accuracy`, so that fields that are newer than the predictor change nothing.
  """
  config = saved.config
  defaults = models.default_fields(config.model.name)
  fields = {
    name: value
    for name, value in config.model.to_dict().items()
    if value != defaults[name]
  }
  fields |= _former_fields(saved)
  description = {
    "space": config.space,
    "prune": config.prune,
    "model": fields,
    "scale": saved.scale.tolist(),
    "shift": saved.shift.tolist(),
    "sample": list(saved.sample),
  }
  if saved.space is not None:
    description["own_space"] = saved.space
  if config.target != configs.ACCURACY:
    description["target"] = config.target
  if saved.spread is not None:
    description[SPREAD] = [each.tolist() for each in saved.spread]
  return digests.of_tree(params, description)


def _former_fields(saved: Saved) -> dict[str, Any]:
  """What the digest calls the regression: fields of the model, as once."""
  config, (num_cells, num_distance) = saved.config, saved.regression
  if config.model.name != "architecture" and not num_cells:
    return {}
  former = {
    "kernel_cells": (num_cells, 0),
    "kernel_distance": (num_distance, 0),
    "kernel_power": (config.kernel.power, 1.0),
  }
  return {
    name: value for name, (value, default) in former.items() if value != default
  }


def load(folder: files.PathLike) -> Saved:
  """Reads and checks the description of a saved predictor.

  Raises:
    UserError: nothing is there, or it is damaged.
  """
  return check(model_folders.read(folder), folder)


def load_params(folder: files.PathLike, saved: Saved, template: Any) -> Any:
  """Reads the parameters and holds them against their digest.

  A digest covers names and shapes of the parameters and the fields of the model
  that reads them. Where there is one, both are those that were saved together,
  and the model need not be traced to know its shapes, which takes seconds.

  Args:
    folder: the model's folder.
    saved: its description.
    template: a function that gives the expected shapes, `load_params` of
      `nasjax.training.checkpoint`; called where there is no digest.

  Raises:
    UserError: the model cannot be built, the parameters are missing or damaged,
      or parameters or description are not those that were saved.
  """
  shapes = None
  if saved.digest is None:
    with foreign.reading(folder, "a saved model that can be built", _ADVICE):
      shapes = template()
  # The arrays of standard deviations have sizes of their own.
  has_spread = saved.spread is not None
  params = checkpoint.load_params(folder, None if has_spread else shapes)
  if has_spread and shapes is not None:
    _check_shapes(folder, params, shapes)
  if saved.digest not in (None, digest(saved, params)):
    raise errors.UserError(
      f"{errors.quote(str(folder))} does not match its digest: expected the "
      "parameters and the model.json that were saved together; fetch it again, "
      "or train again"
    )
  if (SPREAD in params) != (saved.spread is not None):
    raise errors.UserError(
      f"{errors.quote(str(folder))}: expected standard deviations both in "
      f"model.json and in its parameters, or in none of them; {_ADVICE}"
    )
  for name, part in params.items():
    members = 1 if name == SPREAD else saved.config.num_members
    for leaf in jax.tree.leaves(part):
      _check_leaf(folder, leaf, members)
  return params


def _check_shapes(folder: files.PathLike, params: Any, shapes: Any) -> None:
  """Checks parameters, but for those of standard deviations."""
  own = {name: part for name, part in params.items() if name != SPREAD}
  found = jax.tree.map(lambda leaf: tuple(leaf.shape), own)
  if found != jax.tree.map(lambda leaf: tuple(leaf.shape), shapes):
    raise errors.UserError(
      f"{errors.quote(str(folder))} holds parameters of other shapes than its "
      f"model has: expected those that were saved with it; {_ADVICE}"
    )


def _check_leaf(folder: files.PathLike, leaf: Any, num_members: int) -> None:
  """Checks an array of parameters, whatever its digest says."""
  values = np.asarray(leaf)
  if values.dtype != np.float32 or values.shape[:1] != (num_members,):
    raise errors.UserError(
      f"{errors.quote(str(folder))} holds parameters of {values.dtype} with "
      f"shape {list(values.shape)}: expected float32 of {num_members} members; "
      f"{_ADVICE}"
    )
  if not np.isfinite(values).all():
    raise errors.UserError(
      f"{errors.quote(str(folder))} holds parameters that are not finite: "
      f"expected finite numbers; {_ADVICE}"
    )


_ADVICE = "fetch it again, or train again"
