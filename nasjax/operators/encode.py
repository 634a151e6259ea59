"""`python -m nasjax.operators.encode`: writes `sentence_vectors.npz` again."""

import sys

import numpy as np

from nasjax import errors, files
from nasjax.operators import built_in, sentence_encoder, sentences

_SIZES = (1, 2, 3, 4, 5, 6, 7, 9, 11)


def corpus() -> list[built_in.Operator]:
  """Operators whose sentences have vectors that come with nasjax.

  Those of `built_in`, and convolutions and poolings of further sizes.
  """
  others = []
  for size in _SIZES:
    others.append(built_in.conv("conv", size))
    others.append(built_in.conv("sep_conv", size, depthwise=True))
    others.append(built_in.conv("dil_conv", size, dilation=2, depthwise=True))
    if size > 1:
      others.append(built_in.pool("max_pool", size, "max"))
      others.append(built_in.pool("avg_pool", size, "avg"))
  known = {each.short for each in built_in.BUILT_IN}
  return [*built_in.BUILT_IN, *(o for o in others if o.short not in known)]


def texts(operators) -> list[str]:
  """Sentences of operators at every length, in lower case, without repeats."""
  return list(
    dict.fromkeys(
      sentences.sentence(operator, length).lower()
      for operator in operators
      for length in sentences.LENGTHS
    )
  )


def arrays() -> dict[str, np.ndarray]:
  """What `sentence_vectors.npz` holds, computed.

  Raises:
    UserError: the extra `text` is not installed.
  """
  known = texts(corpus())
  found = sentence_encoder.encode(known)
  mean = found.mean(axis=0, dtype=np.float64)
  axes = np.linalg.svd(found - mean, full_matrices=False)[2]
  axes = axes[: sentences.ENCODERS["minilm_pca64"]].T
  signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
  return {
    "sentences": np.array(known),
    "vectors": found,
    "mean": mean.astype(np.float32),
    "axes": (axes * signs).astype(np.float32),
  }


def main() -> int:
  """Encodes the corpus; returns the exit status."""
  return errors.exit_status(_encode_all)


def _encode_all() -> None:
  errors.no_arguments(
    "python -m nasjax.operators.encode",
    f"Encodes the sentences of operators into {sentences.PATH}.",
  )
  files.save_npz(sentences.PATH, **arrays())


if __name__ == "__main__":
  sys.exit(main())
