"""Times what chooses the next trainings: the regression alone, and a question.

  python benchmark/next_trainings.py [--space nb201] [--num_train 300]
    [--repeats 5]

`fit` and `score` are those of `Predictor(space, model={"name": "regression"})`
on random labels: the whole space is scored, or 20,000 samples of DARTS. `ask`
is one question of the strategy `model` for 5 cells, after as many trainings.
"""

import argparse

import machine
import numpy as np

import nasjax
from nasjax.search import base


def main(args: argparse.Namespace) -> None:
  """Times a fit, a call of `predict`, and a question."""
  space = nasjax.get_space(args.space)
  rng = np.random.default_rng(0)
  cells = base.sample_distinct(space, args.num_train, rng)
  labels = rng.normal(size=len(cells))
  every = space.sample(20_000, rng)
  if space.size is not None:
    every = space.enumerate()
  model = nasjax.Predictor(space, model={"name": "regression"})
  strategy = nasjax.get_strategy("model")
  state = strategy.init(space, 0, args.num_train + 5)
  state = strategy.learn(state, cells, labels)
  found = {
    "fit": machine.timed(lambda: model.fit(cells, labels), args.repeats),
    "score": machine.timed(lambda: model.predict(every), args.repeats),
    "ask": machine.timed(lambda: strategy.ask(state, 5), args.repeats),
  }
  for name, seconds in found.items():
    print(f"{name:<6} {machine.spread(seconds)} s")
  facts = {
    "space": args.space,
    "num_train": len(cells),
    "num_scored": len(every),
  }
  machine.finish({**facts, "seconds": found}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb201")
  parser.add_argument("--num_train", type=int, default=300)
  parser.add_argument("--repeats", type=int, default=5)
  machine.run(parser, main)
