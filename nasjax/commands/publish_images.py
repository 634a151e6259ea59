"""Trains the predictor that sees images, on all of mini201, and keeps it.

  python -m nasjax.pretrained.images

It takes no arguments, and replaces the one that is there.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np

from nasjax import config as configs
from nasjax.benchmarks import mini201
from nasjax.commands import arguments, command
from nasjax.experiments import provenance
from nasjax.images import sample as samples
from nasjax.predictors import dataset_predictor
from nasjax.training import checkpoint, metrics


def train(config: configs.Config) -> dataset_predictor.DatasetPredictor:
  """Trains on every cell and image set of mini201."""
  benchmark, images = mini201.load(), mini201.load_embeddings()
  labels = [benchmark.values(f"{name}/test") for name in images.names]
  model = dataset_predictor.DatasetPredictor(config)
  model.fit(
    benchmark.genotypes,
    np.stack(labels, axis=1),
    images.embeddings,
    images.mask,
  )
  model.card = {
    "space": "nb201",
    "benchmark": mini201.NAME,
    "source": benchmark.source,
    "label": f"test accuracy on {len(images.names)} image sets of mini201",
    "split": "all cells",
    "num_train": int(np.isfinite(labels).sum()),
    "seed": config.seed,
    "commit": provenance.commit(),
  }
  return model


def model_card(
  model: dataset_predictor.DatasetPredictor, seconds: float
) -> str:
  """Returns the card (Markdown) of the predictor that was trained."""
  benchmark, images = mini201.load(), mini201.load_embeddings()
  rows = []
  for place, name in enumerate(images.names):
    truth = benchmark.values(f"{name}/test")
    known = np.flatnonzero(np.isfinite(truth))
    seen = samples.ClassEmbeddings(
      images.embeddings[place, 0], images.mask[place, 0]
    )
    scores = model.on(seen).predict(benchmark.genotypes[known])
    tau = metrics.kendall_tau(scores, truth[known])
    rows.append(f"| {name} | {tau:.4f} |")
  card, config = model.card, model.config
  lines = "\n".join(rows)
  return f"""# images/nb201

Predictor of the space `nb201` that sees images of the data set (encoder
`efficientnet_lite0`, narrowed to 128 numbers), trained by nasjax.

| | |
|---|---|
| benchmark | mini201: {len(benchmark)} cells, {len(images.names)} image sets |
| train label | mean test accuracy of 2 seeds, within each image set |
| split | all cells and image sets; seed {config.seed} |
| members | {config.num_members} |
| loss | {config.loss}, {config.epochs} epochs, batch {config.batch_size} |
| time to train | {seconds:.0f} s |
| commit | {card["commit"]} |

Command:

    python -m nasjax.pretrained.images

Kendall tau-b on what it was trained on, which says that it fits and no more;
what it is worth on an image set that it never saw is measured in
`docs/results/transfer.md`:

| image set | tau |
|---|---|
{lines}
"""


def _main(argv: Sequence[str]) -> None:
  arguments.Parser(
    prog="python -m nasjax.pretrained.images",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  ).parse_args(argv[1:])
  target = dataset_predictor.PRETRAINED / "nb201"
  checkpoint.check_target(target)
  began = time.monotonic()
  model = train(configs.images_defaults())
  seconds = time.monotonic() - began
  model.save(target, readme=model_card(model, seconds))
  print(f"written to {target}")


main = command.guard(_main)
