"""The skeletons of the networks that proxies look at."""

import dataclasses

import jax

from nasjax import errors


@dataclasses.dataclass(frozen=True)
class Skeleton:
  """How a network is stacked from its cells, and what it is shown.

  Three stages; between them the image is halved and the channels are doubled:
  by the residual block of NAS-Bench-201, or by average pooling, ReLU, a 1 x 1
  convolution and batch normalisation, so that the cells count for more.

  Attributes:
    channels: channels of the first stage.
    cells_per_stage: cells of a stage; a reduction cell comes in addition.
    image_size: height and width of the images.
    batch: number of images.
    is_residual: whether residual blocks stand between the stages.
    is_smooth: whether noise is averaged over 3 x 3 pixels, since neighbours are
      alike in images.
    gain: variance of an initial weight times its number of inputs.
    is_uniform: whether weights are uniform, else normal.
    num_classes: width of the classifier.
    image_channels: channels of the images.
    step: networks between two notes of progress, after each of which what was
      measured is kept.
  """

  channels: int
  cells_per_stage: int
  image_size: int
  batch: int
  is_residual: bool = False
  is_smooth: bool = True
  gain: float = 2.0
  is_uniform: bool = False
  num_classes: int = 10
  image_channels: int = 3
  step: int = 64

  def draw(self, key: jax.Array, shape: tuple[int, ...], fan_in: int):
    """Draws initial weights, float32."""
    scale = (self.gain / fan_in) ** 0.5
    if self.is_uniform:
      bound = 3**0.5 * scale
      return jax.random.uniform(key, shape, minval=-bound, maxval=bound)
    return scale * jax.random.normal(key, shape)


SKELETONS = {
  "mini": Skeleton(8, 1, 8, 16),
  "deep": Skeleton(8, 5, 8, 32),
  "official": Skeleton(16, 5, 32, 64, True, False, 1 / 3, True, step=2),
}
"""By name. `mini` and `deep` have normal weights of He et al. (2015), and
`official` those that PyTorch draws by default, as the published scores of
NAS-Bench-201."""


def get(name: str) -> Skeleton:
  """Returns the skeleton of that name.

  Raises:
    UserError: there is none.
  """
  errors.check_name("skeleton", name, SKELETONS)
  return SKELETONS[name]
