"""The macro skeleton into which a cell is put: widths, depth, image size."""

import dataclasses

from nasjax import errors
from nasjax.networks.families import get_family
from nasjax.spaces import base


@dataclasses.dataclass(frozen=True)
class Skeleton:
  """How a network is stacked from one cell (or one pair of cells).

  Every skeleton has three stages. The image is halved between them and the
  number of channels doubled.

  Attributes:
    channels: channels of the first stage. DARTS widens them by 3 in its stem
      and by 4 at the output of each cell.
    cells_per_stage: cells in a stage; the reduction cells of DARTS, one before
      stage 2 and one before stage 3, come in addition.
    image_size: height and width of the images, a multiple of 4.
    num_classes: width of the classifier.
    image_channels: 3 for colour images.
    stem_stride: 2 where the stem halves the image before the first stage.
  """

  channels: int
  cells_per_stage: int
  image_size: int = 32
  num_classes: int = 10
  image_channels: int = 3
  stem_stride: int = 1

  def __post_init__(self):
    """Checks the fields.

    Raises:
      UserError: a field is no positive integer, or the image cannot be halved
        as often as it must be.
    """
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if not isinstance(value, int) or value < 1:
        raise errors.UserError(
          f"skeleton: expected a positive integer as {field.name}, got "
          f"{errors.quote(value)}"
        )
    if self.image_size % (4 * self.stem_stride):
      raise errors.UserError(
        "skeleton: expected an image_size that is a multiple of "
        f"{4 * self.stem_stride} (it is halved between stages), got "
        f"{self.image_size}; resize the images"
      )

  @classmethod
  def official(cls, space: str | base.Space, **changes: int) -> "Skeleton":
    """Returns the skeleton of the space's benchmark or paper, on CIFAR-10.

    NAS-Bench-201: 16 channels, 5 cells a stage. NAS-Bench-101: 128 channels,
    3 cells. DARTS: C = 36, 20 cells, the network trained from scratch.

    Args:
      space: a space or its name.
      **changes: other values of fields.

    Raises:
      UserError: unknown space, one without networks, or a bad value.
    """
    return cls._of(get_family(space).official, changes)

  @classmethod
  def small(cls, space: str | base.Space, **changes: int) -> "Skeleton":
    """Returns a skeleton that trains in seconds to minutes on one CPU core.

    One cell a stage, 8 channels (16 in NAS-Bench-101, whose cells divide
    them), 16 x 16 images, and a stem that halves them where their size is a
    multiple of 8.

    Args:
      space: a space or its name.
      **changes: other values of fields.

    Raises:
      UserError: unknown space, one without networks, or a bad value.
    """
    size = changes.get("image_size", 16)
    halves = isinstance(size, int) and size % 8 == 0
    values = {"image_size": size, "stem_stride": 2 if halves else 1, **changes}
    return cls._of(get_family(space).small, values)

  @classmethod
  def _of(cls, sizes: tuple[int, int], changes) -> "Skeleton":
    channels, cells = sizes
    values = {"channels": channels, "cells_per_stage": cells, **changes}
    known = [field.name for field in dataclasses.fields(cls)]
    for name in values:
      errors.check_name("field of a skeleton", name, known)
    return cls(**values)
