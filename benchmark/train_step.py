"""Times a training step: one seed and several, in turn.

  python benchmark/train_step.py

Each figure is the time of an epoch (one call of a compiled scan) divided by its
steps. The two programs alternate, so that other work on the machine slows both.
"""

import argparse
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import machine
import numpy as np

from nasjax import config as configs
from nasjax.features import inputs
from nasjax.reproduce import recipes
from nasjax.spaces import registry as spaces
from nasjax.systems import registry
from nasjax.training import loop, losses, optimizers, state


def make_config(args: argparse.Namespace) -> configs.Config:
  """Config of the timed model, with its own loss and optimizer."""
  if args.model == "paper":
    config = recipes.recipe("paper", args.space, args.num_train)
  else:
    config = configs.space_defaults(args.space)
  config.batch_size, config.epochs = args.batch_size, 3
  return config


def make_work(
  config: configs.Config, args: argparse.Namespace, num_seeds: int
) -> tuple[Callable[[], Any], int]:
  """Returns a function that trains one epoch, and its number of steps."""
  space = spaces.get_space(config.space)
  rng = np.random.default_rng(0)
  drawn = space.sample(num_seeds * args.num_train, rng)
  model: Any = registry.create_model(config.model)
  cells = inputs.samples(
    space,
    drawn.reshape(num_seeds, args.num_train, -1),
    model.reads,
    prune=config.prune,
  )
  targets = jnp.asarray(
    rng.normal(size=(num_seeds, args.num_train)), jnp.float32
  )
  plan = loop.make_plan(config, args.num_train)
  optimizer = optimizers.create_optimizer(config.optimizer, plan.num_steps)
  objective = loop.score_objective(model, losses.get_loss(config.loss))
  epoch = loop.make_epoch(objective, optimizer, plan)
  keys = state.member_keys(0, num_seeds, args.members)
  kept = [loop.create_state(model, optimizer, cells, keys)]

  def work():
    kept[0], loss = epoch(kept[0], cells, targets)
    jax.block_until_ready(loss)

  return work, plan.num_batches


def measure(args: argparse.Namespace) -> dict[str, Any]:
  """Alternates one seed and several."""
  config = make_config(args)
  works = {n: make_work(config, args, n) for n in (1, args.seeds)}
  found: dict[int, list[float]] = {n: [] for n in works}
  for work, _ in works.values():
    work()
  for _ in range(args.repeats):
    for num, (work, steps) in works.items():
      seconds = machine.timed(work, 1)[0]
      found[num].append(1e3 * seconds / steps)
  one, many = found[1], found[args.seeds]
  return {
    "space": args.space,
    "model": args.model,
    "batch_size": args.batch_size,
    "members": args.members,
    "seeds": args.seeds,
    "ms_per_step_one_seed": round(min(one), 2),
    "ms_per_step_one_seed_median": round(float(np.median(one)), 2),
    "ms_per_step_all_seeds": round(min(many), 2),
    "ms_per_step_all_seeds_median": round(float(np.median(many)), 2),
    "ratio": round(min(many) / min(one), 2),
    "gemm_gflops": round(machine.gemm_gflops(), 1),
    "peak_memory_mb": round(machine.peak_memory_mb()),
  }


def main(args: argparse.Namespace) -> None:
  """Prints what `measure` found."""
  result = measure(args)
  text = (
    "{model} on {space}, batch {batch_size}: {ms_per_step_one_seed} ms a step "
    "for one seed, {ms_per_step_all_seeds} ms for {seeds}: {ratio} x"
  )
  print(text.format_map(result))
  machine.finish(result, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb201", choices=spaces.space_names())
  parser.add_argument("--model", default="paper", choices=("paper", "default"))
  parser.add_argument("--batch_size", type=int, default=10)
  parser.add_argument("--num_train", type=int, default=300)
  parser.add_argument("--seeds", type=int, default=5)
  parser.add_argument("--members", type=int, default=1)
  parser.add_argument("--repeats", type=int, default=5)
  machine.run(parser, main)
