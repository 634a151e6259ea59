"""Learns the predictor of any network from all families, and keeps it.

  python -m nasjax.pretrained.gennape

It takes no arguments, reads the tables of NASJAX_DATA, and replaces what is
there. It needs the extra `baselines` (scikit-learn).
"""

import argparse
import time
from collections.abc import Mapping, Sequence

import numpy as np

from nasjax import files, progress
from nasjax.commands import arguments, command
from nasjax.computation import measures
from nasjax.experiments import provenance
from nasjax.reproduce.gennape import data, learning
from nasjax.systems.gennape import ranker, whole_network
from nasjax.training import metrics

_WEIGHTS = (0.3, 0.6, 1.0, 1.5, 2.0, 3.0)


def card(
  samples: Mapping[str, data.Sample],
  found: ranker.Ranker,
  seconds: float,
) -> str:
  """Returns the card (Markdown) of a ranker."""
  pairs = [
    (sample, found.members[key])
    for key in found.members
    for sample in samples.values()
    if sample.name in key.split("+")
  ]
  labels = [
    f"{each.networks.family.title} ({each.networks.label}"
    f"{', SURROGATE' if each.networks.family.is_surrogate else ''})"
    for each in samples.values()
  ]
  return _TEXT.format(
    labels="; ".join(labels),
    most=data.MOST,
    sizes=", ".join(whole_network.SIZES),
    weight=whole_network.LINE,
    measures=len(measures.NAMES),
    draws=", ".join(map(str, learning.DRAWS)),
    trees=learning.TREES,
    leaf=learning.LEAF,
    members=len(found.members),
    seconds=seconds,
    commit=provenance.commit(),
    rows="\n".join(_line(*pair) for pair in pairs),
    weights="\n".join(_weighed(pairs, weight) for weight in _WEIGHTS),
  )


Pair = tuple[data.Sample, whole_network.WholeNetwork]
"""Networks of a family, and the member that has not seen it."""


def _line(sample: data.Sample, member: whole_network.WholeNetwork) -> str:
  """Spearman on a family by what has not seen it, beside the counts."""
  values = _correlations((sample, member), whole_network.LINE)
  cells = " | ".join(f"{value:.3f}" for value in values)
  return f"| {sample.networks.family.title} | {len(sample)} | {cells} |"


def _weighed(pairs: Sequence[Pair], weight: float) -> str:
  """The mean over families with a weight of the line, and what it beats."""
  found = [_correlations(pair, weight) for pair in pairs]
  mean = np.mean([ours for ours, *_ in found])
  beaten = sum(ours > max(counts) for ours, *counts in found)
  return f"| {weight} | {mean:.3f} | {beaten} of {len(found)} |"


def _correlations(pair: Pair, weight: float) -> list[float]:
  """Spearman of a member, of parameters and of multiply-adds."""
  sample, member = pair
  scores = (
    member.predict(sample.measures, weight),
    *(
      sample.measures[:, measures.NAMES.index(name)]
      for name in ("log params", "log macs")
    ),
  )
  truth = sample.networks.values
  return [metrics.spearman_rho(each, truth) for each in scores]


_TEXT = """# gennape

`ranker.npz` scores any network that is given as a computation graph
(`nasjax rank`, `nasjax.systems.gennape.ranker`). It comes from no paper: its
measures and its two parts are ours. GENNAPE of Mills et al. (AAAI 2023) is
another predictor, which `python -m nasjax.reproduce gennape` trains beside it.

| | |
|---|---|
| learnt from | {labels} |
| networks | of each family at most {most:,}, drawn with seed 0 |
| target | normal score of the rank of the label within its family |
| reads | {measures} measures (`nasjax/computation/measures.py`) |
| line | mean of {sizes}; weight {weight} |
| trees | extremely randomised, {trees} of each draw; weight 1 |
| draws | of {draws} networks of a family; leaves of {leaf} |
| members | {members}, each learnt without one family; the score is their mean |
| time | {seconds:.0f} s |
| commit | {commit} |

Command:

    python -m nasjax.pretrained.gennape

Spearman rho on each family of the member that has not seen it, parameters and
multiply-adds beside it:

| family | networks | ours | parameters | multiply-adds |
|---|---:|---:|---:|---:|
{rows}

What had been seen: the measures were chosen once; the parts and their weights
with all rows of this table printed. Other weights of the line, the mean of
Spearman rho over families, and on how many both counts are beaten:

| weight | mean | both beaten |
|---:|---:|---:|
{weights}

On the 300 networks of each family that `docs/gennape.md` tests, three seeds, it
is seven families from the weight 1 on, which was taken.

NAS-Bench-201, the NATS size space (its cell in other widths) and
TransNAS-Bench-101 (its cells without pooling) are related; the member that has
not seen one of them has learnt from the other two.

On what it fails: families in which networks differ in depth and in the kind of
block at once, or in channels alone, where one count ranks better; DARTS cells,
where its rank correlation is low. Scores of networks of different families are
compared by size, for no label compares them: image size, data set and training
do not enter. It has seen convolutional classifiers of images alone; `novelty`
above 1 says that a network is unlike all of them. Labels are of CIFAR-10,
ImageNet and Taskonomy.
"""


def _main(argv: Sequence[str]) -> None:
  arguments.Parser(
    prog="python -m nasjax.pretrained.gennape",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  ).parse_args(argv[1:])
  samples = data.load()
  began = time.monotonic()
  for sample in samples.values():
    np.asarray(sample.measures)
  with progress.phase("learning from all families"):
    found = learning.learn_all(samples, seed=0)
  ranker.save(ranker.FOLDER / ranker.FILE, found)
  text = card(samples, found, time.monotonic() - began).encode()
  path = ranker.FOLDER / "README.md"
  files.write_atomic(path, lambda file: file.write(text))
  print(f"written to {ranker.FOLDER}")


main = command.guard(_main)
