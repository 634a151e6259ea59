"""A predictor of the accuracy of a cell on a data set known by its images.

Wang et al. 2024, section 3.3. Dimensions besides those of `nasjax`: `T` data
sets, `V` draws of images of each, `C` classes, `P` images of each, `D` width of
an embedding.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files, scoring
from nasjax import config as configs
from nasjax import labels as label_numbers
from nasjax.config import checks
from nasjax.images import sample as samples
from nasjax.images.encoders import registry as encoders
from nasjax.predictors import fitting, predictor, saved, saved_space
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.systems.architecture import conditioned, multitask
from nasjax.training import checkpoint, loop, model_folders

PRETRAINED = predictor.PRETRAINED / "images"
_WIDTH = 64
_HEADS = 4


def pretrained_spaces() -> tuple[str, ...]:
  """Spaces whose predictor that sees images comes with nasjax."""
  folders = PRETRAINED.glob("*/model.json")
  return tuple(sorted(path.parent.name for path in folders))


def reads_images(path: files.PathLike) -> bool:
  """Says whether a folder holds a predictor that `DatasetPredictor` saved."""
  try:
    return saved.sees_images(model_folders.read(path))
  except errors.UserError:
    return False


def make_model(
  config: configs.Config, sees_dataset: bool = True
) -> conditioned.ConditionedPredictor:
  """Puts a dataset encoder before the predictor of a config.

  Args:
    config: `model.*`, an architecture-enhanced predictor.
    sees_dataset: False makes the same predictor for every data set.

  Raises:
    UserError: the config names another model.
  """
  if config.model.name != "architecture":
    raise errors.UserError(
      "config.model.name: expected 'architecture', the predictor whose graph "
      f"has a node for the data set, got {errors.quote(config.model.name)}"
    )
  return conditioned.ConditionedPredictor(
    models.create_model(config.model),  # pyright: ignore[reportArgumentType]
    width=_WIDTH,
    num_heads=_HEADS,
    sees_dataset=sees_dataset,
  )


class OnDataset:
  """The predictor of one data set: `predict` of architectures alone.

  Attributes:
    card: what is known of the model.
  """

  def __init__(self, owner: "DatasetPredictor", model: Any, params: Any):
    """Keeps what `DatasetPredictor.on` made."""
    self._model, self._params = model, params
    self._space, self._prune = owner.space, owner.config.prune
    self.card = owner.card

  def predict(self, archs: Any) -> np.ndarray:
    """Scores architectures on the data set; higher = better.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.

    Returns:
      Scores `[n]` float64, in standard deviations within a data set.

    Raises:
      UserError: an architecture is bad.
    """
    genotypes = predictor.as_genotypes(self._space, archs)
    raw = scoring.score(
      self._model,
      self._params,
      self._space,
      genotypes,
      prune=self._prune,
    )
    return raw.mean(axis=0, dtype=np.float64)


@dataclasses.dataclass(frozen=True)
class _State:
  """All that a predictor is, so that one assignment replaces it.

  Attributes:
    config: the config of the training, or of the next one before it.
    model: the module of cells and data sets.
    params: leaves `[R, ...]`; None before a training.
    sample: classes, images of each and width that it was trained on.
    card: what is known of the model.
  """

  config: configs.Config
  model: conditioned.ConditionedPredictor
  params: Any
  sample: tuple[int, ...]
  card: dict[str, Any]


class DatasetPredictor:
  """Predicts which cells of a space are good on a given image set.

  Attributes:
    config: all fields; see `nasjax.config.default`.
    space: the search space.
    card: what is known of the model (data, label, score, command).
  """

  def __init__(self, config: configs.Config):
    """Makes an untrained predictor.

    Raises:
      UserError: a name in the config is unknown, or a value is out of its
        range (`nasjax.config.checks`).
    """
    checks.check(config)
    self.config: configs.Config = config.copy_and_resolve_references()
    self.space = spaces.get_space(config.space)
    kept = config.copy_and_resolve_references()
    self._state = _State(kept, make_model(kept), None, (), {})

  @property
  def card(self) -> dict[str, Any]:
    """Facts on the model (data, label, split, scores); empty after `fit`."""
    return self._state.card

  @card.setter
  def card(self, card: dict[str, Any]) -> None:
    self._state = dataclasses.replace(self._state, card=card)

  @property
  def _model(self) -> conditioned.ConditionedPredictor:
    return self._state.model

  @property
  def params(self) -> Any:
    """Parameters of the trained members, leaves `[R, ...]`.

    Raises:
      UserError: nothing was fitted or loaded yet.
    """
    if self._state.params is None:
      raise errors.UserError(
        "this predictor is not trained: call fit or load first"
      )
    return self._state.params

  @compiler.own_numbers()
  def fit(
    self,
    archs: Any,
    labels: Any,
    embeddings: np.ndarray,
    mask: np.ndarray,
  ) -> "DatasetPredictor":
    """Trains on cells whose accuracies on several data sets are known.

    A former training stays as it was until the new one is complete.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      labels: `[n, T]`, higher = better, any unit; NaN, or masked, is no label.
      embeddings: narrow embeddings (`images.narrow`), `[T, V, C, P, D]`.
      mask: `[T, V, C, P]`, 1 on real images.

    Returns:
      Itself, with an empty card.

    Raises:
      UserError: shapes do not fit, or the training diverged.
    """
    genotypes = predictor.as_genotypes(self.space, archs)
    expected = len(genotypes), len(embeddings)
    labels = label_numbers.read(labels, expected, missing=True)
    if embeddings.ndim != 5 or embeddings.shape[:-1] != mask.shape:
      raise errors.UserError(
        "embeddings: expected [T, V, C, P, D] with a mask [T, V, C, P], got "
        f"{list(embeddings.shape)} and {list(mask.shape)}"
      )
    config = fitting.resolve(checks.check(self.config), self.space)
    model = make_model(config)
    sets = multitask.EmbeddedSets(jnp.asarray(embeddings), jnp.asarray(mask))
    with loop.progress_bar(config, len(genotypes)) as bar:
      trained = fitting.train(
        config,
        self.space,
        genotypes[None],
        multitask.normalize_within(labels)[None],
        model=model,
        **multitask.how(config, model, sets),
        on_epoch=lambda *_: bar.update(1),
      )
    params = jax.tree.map(lambda leaf: leaf[0], trained.params)
    for leaf in jax.tree.leaves(params):
      fitting.check_finite(np.asarray(leaf))
    sample = tuple(embeddings.shape[2:])
    self._state = _State(config, model, params, sample, {})
    return self

  @compiler.own_numbers()
  def on(self, images: samples.ClassEmbeddings) -> OnDataset:
    """Fixes the data set.

    Args:
      images: embeddings `[C, P, D]` of `embed_classes` by the default encoder,
        or narrow ones like those that were trained on.

    Raises:
      UserError: nothing was fitted or loaded yet, or the width is another.
    """
    params = self.params
    embeddings, width = images.embeddings, self._state.sample[-1]
    wide = encoders.get_encoder(encoders.DEFAULT).width
    if embeddings.shape[-1] == wide:
      embeddings = samples.narrow(embeddings, width)
    if embeddings.shape[-1] != width:
      raise errors.UserError(
        f"embeddings: expected width {width}, or {wide} of the encoder "
        f"{encoders.DEFAULT!r}, got {embeddings.shape[-1]}; embed the images "
        "with that encoder"
      )
    model = self._model

    def bind(member):
      return conditioned.bind(model, member, embeddings, images.mask)

    bind_all = compiler.jit(jax.vmap(bind))
    return OnDataset(self, conditioned.bound_model(model), bind_all(params))

  def save(self, path: files.PathLike, *, readme: str | None = None) -> None:
    """Writes parameters, config and card to a folder.

    A new or an empty folder is filled, a saved model is replaced in one step;
    a folder that holds anything else is refused and stays as it is.

    Args:
      path: the folder.
      readme: content of a `README.md` in it; none where None.

    Raises:
      UserError: nothing was fitted, the folder holds something else or cannot
        be written, or the card is not JSON.
    """
    kept, params = self._state, self.params
    space = saved_space.describe(self.space, kept.model.reads)
    meta = saved.make_meta(
      kept.config, params, kept.card, sample=kept.sample, space=space
    )
    checkpoint.save_model(path, params, meta, readme)

  @classmethod
  def load(cls, path: files.PathLike) -> "DatasetPredictor":
    """Reads a saved predictor.

    Raises:
      UserError: nothing is there, it is damaged, it was changed after it was
        saved, or it reads no images.
    """
    found = saved.load(path)
    if not found.sample:
      raise errors.UserError(
        f"{errors.quote(str(path))} is a predictor that reads no images: "
        "expected one that DatasetPredictor saved; use Predictor.load"
      )
    made = cls(found.config)
    reads = made._model.reads
    saved_space.check_same(path, found.space, made.space, reads)
    params = saved.load_params(
      path, found, lambda: made._template(found.sample)
    )
    made._state = dataclasses.replace(
      made._state, params=params, sample=found.sample, card=found.card
    )
    return made

  @classmethod
  def pretrained(cls, space: str) -> "DatasetPredictor":
    """Loads the predictor of a space that comes with nasjax.

    Raises:
      UserError: none comes with nasjax for that space.
    """
    names = pretrained_spaces()
    errors.check_name("predictor that sees images, of space", space, names)
    return cls.load(PRETRAINED / space)

  def _template(self, sample: tuple[int, ...]) -> Any:
    """Shapes of the parameters with a leading axis of members."""
    embeddings = jax.ShapeDtypeStruct(sample, jnp.float32)
    mask = jax.ShapeDtypeStruct(sample[:-1], jnp.float32)
    return fitting.template(
      self._model,
      self.space,
      self.config.num_members,
      self.config.prune,
      (embeddings, mask),
    )
