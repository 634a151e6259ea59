"""Training recipes of networks."""

import dataclasses
from typing import Any

import optax

from nasjax import errors


@dataclasses.dataclass(frozen=True)
class TrainingRecipe:
  """Settings of a training by SGD with momentum and a cosine schedule.

  Attributes:
    epochs: passes over the training images.
    batch_size: images in a step; a last incomplete batch is left out.
    learning_rate: at the start, or after the warm-up.
    warmup_epochs: epochs in which the rate rises linearly from 0.
    momentum: momentum of SGD.
    nesterov: Nesterov's momentum instead of the plain one.
    weight_decay: factor of the L2 term in the gradient, of all parameters.
    gradient_clip: largest global norm of the gradient; 0: no limit.
    label_smoothing: part of the target that is spread over all classes.
    crop_padding: pixels by which images are padded before a random crop.
    flip: whether images are mirrored at random.
    cutout: side of the square that is blanked at random; 0 for none.
    test_every: epochs from test to test; the last epoch is always tested.
    dtype: number format of the computation, `float32` or `bfloat16`.
    seed: seed of all trainings; each of them has a seed of its own besides.
  """

  epochs: int = 10
  batch_size: int = 64
  learning_rate: float = 0.1
  warmup_epochs: float = 0.0
  momentum: float = 0.9
  nesterov: bool = True
  weight_decay: float = 5e-4
  gradient_clip: float = 0.0
  label_smoothing: float = 0.0
  crop_padding: int = 0
  flip: bool = False
  cutout: int = 0
  test_every: int = 1
  dtype: str = "float32"
  seed: int = 0

  def __post_init__(self):
    """Checks the values.

    Raises:
      UserError: a value is out of its range.
    """
    for name in ("epochs", "batch_size", "test_every"):
      self._check(name, getattr(self, name) >= 1, "at least 1")
    for name in ("learning_rate", "warmup_epochs", "weight_decay"):
      self._check(name, getattr(self, name) >= 0, "no negative number")
    for name in ("gradient_clip", "crop_padding", "cutout"):
      self._check(name, getattr(self, name) >= 0, "no negative number")
    for name in ("momentum", "label_smoothing"):
      self._check(name, 0 <= getattr(self, name) < 1, "a number in [0, 1)")
    if self.dtype not in ("float32", "bfloat16"):
      raise errors.one_of("dtype", self.dtype, ("float32", "bfloat16"))

  def _check(self, name: str, fine: bool, expected: str) -> None:
    if not fine:
      raise errors.UserError(
        f"recipe: expected {expected} as {name}, got "
        f"{errors.quote(getattr(self, name))}"
      )

  @classmethod
  def preset(cls, name: str, **changes: Any) -> "TrainingRecipe":
    """Returns a recipe by name.

    `nb201`, `nb101` and `darts` follow the papers as far as plain SGD does:
    200 epochs (batch 256, rate .1, decay 5e-4, flip, crop), 108 epochs (batch
    256, decay 1e-4) and 600 epochs (batch 96, rate .025, decay 3e-4, clip 5,
    cutout 16). `small` is meant for a CPU.

    Args:
      name: name of the preset.
      **changes: other values of fields.

    Raises:
      UserError: unknown preset or field, or a bad value.
    """
    errors.check_name("recipe", name, _PRESETS)
    known = [field.name for field in dataclasses.fields(cls)]
    for change in changes:
      errors.check_name("field of a recipe", change, known)
    return cls(**{**_PRESETS[name], **changes})

  def optimizer(self, steps_per_epoch: int) -> optax.GradientTransformation:
    """Returns the optimiser for that many steps in an epoch."""
    warmup = round(self.warmup_epochs * steps_per_epoch)
    total = self.epochs * steps_per_epoch
    if warmup:
      schedule = optax.warmup_cosine_decay_schedule(
        0.0, self.learning_rate, warmup, max(total, warmup + 1)
      )
    else:
      schedule = optax.cosine_decay_schedule(self.learning_rate, total)
    parts = [optax.add_decayed_weights(self.weight_decay)]
    if self.gradient_clip:
      parts.insert(0, optax.clip_by_global_norm(self.gradient_clip))
    parts.append(optax.sgd(schedule, self.momentum, self.nesterov))
    return optax.chain(*parts)


_PRESETS: dict[str, dict[str, Any]] = {
  "small": {"epochs": 10, "crop_padding": 2, "flip": True},
  "nb201": {
    "epochs": 200,
    "batch_size": 256,
    "crop_padding": 4,
    "flip": True,
  },
  "nb101": {
    "epochs": 108,
    "batch_size": 256,
    "learning_rate": 0.2,
    "weight_decay": 1e-4,
    "crop_padding": 4,
    "flip": True,
  },
  "darts": {
    "epochs": 600,
    "batch_size": 96,
    "learning_rate": 0.025,
    "nesterov": False,
    "weight_decay": 3e-4,
    "gradient_clip": 5.0,
    "crop_padding": 4,
    "flip": True,
    "cutout": 16,
  },
}
