"""Embeds the image sets of `mini201`; users then need no images.

    python -m nasjax.benchmarks.mini201_embed --images DIR --out FILE.npz

Needs the extra `images` for the weights of the encoder.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from nasjax import errors, files
from nasjax.benchmarks import mini201_images
from nasjax.commands import arguments as command_line
from nasjax.images import sample
from nasjax.images.encoders import registry
from nasjax.io import replacing

NUM_DRAWS = 3


def embed(
  images: files.PathLike, out: files.PathLike, num_draws: int = NUM_DRAWS
) -> None:
  """Writes narrow embeddings of draws of the training images.

  Arrays: `embeddings` `[T, V, C, P, D]` float16, `mask` `[T, V, C, P]` uint8,
  `image_sets`, `digests`, `encoder`.

  Args:
    images: folder of the sources, see `mini201_images`.
    out: the `.npz` to write.
    num_draws: `V`.

  Raises:
    UserError: a source or the encoder's weights are missing, or another file
      has the name.
  """
  former = replacing.has_arrays("embeddings", "digests")
  replacing.check_file(out, former, "a file of such embeddings")
  sets = mini201_images.load_all(images)
  drawn = []
  for each in sets:
    images_of = each.train_images, each.train_labels
    drawn += [
      sample.embed_arrays(*images_of, seed=draw) for draw in range(num_draws)
    ]
  stacked = sample.stack(drawn)
  shape = len(sets), num_draws, *stacked.mask.shape[1:]
  narrow = sample.narrow(stacked.embeddings)
  files.save_npz(
    out,
    embeddings=narrow.astype(np.float16).reshape(*shape, -1),
    mask=stacked.mask.astype(np.uint8).reshape(shape),
    image_sets=np.array([each.name for each in sets]),
    digests=np.array([each.digest() for each in sets]),
    encoder=np.array(registry.DEFAULT),
  )


def main(arguments: Sequence[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  return errors.exit_status(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> None:
  parser = command_line.Parser(
    prog="python -m nasjax.benchmarks.mini201_embed",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--images", required=True, help="folder of the sources")
  parser.add_argument("--out", required=True, help="the .npz to write")
  flags = parser.parse_args(arguments)
  files.check_writable(flags.out)
  embed(flags.images, flags.out)
