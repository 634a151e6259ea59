"""A study of Optuna with several workers, one of which is killed.

  pip install -e '.[optuna]'
  python examples/optuna_study.py

Workers share one SQLite file. A trial looks the accuracy of its cell up, where
yours would train it. One worker is killed in the middle; another one goes on
with what is in the file.
"""

import importlib.util
import multiprocessing
import pathlib
import sys
import tempfile
import time

import nasjax

STUDY, TRIALS = "nb201", 36


def objective(trial, sampler, benchmark) -> float:
  """Test accuracy of the cell of a trial, in percent."""
  arch = sampler.suggest(trial)
  time.sleep(0.1)  # a training
  cells = benchmark.space.parse([arch])
  return float(benchmark.lookup(cells, "cifar10/test")[0])


def work(storage: str) -> None:
  """Runs trials until the study has enough of them."""
  import optuna

  optuna.logging.set_verbosity(optuna.logging.WARNING)
  benchmark = nasjax.get_benchmark("nb201_analog")  # installed with nasjax
  sampler = nasjax.integrations.optuna.NasSampler("nb201", seed=0)
  study = optuna.load_study(study_name=STUDY, storage=storage, sampler=sampler)
  states = (optuna.trial.TrialState.COMPLETE,)
  enough = optuna.study.MaxTrialsCallback(TRIALS, states=states)
  study.optimize(
    lambda trial: objective(trial, sampler, benchmark), callbacks=[enough]
  )


def main() -> None:
  """Starts workers, kills one, starts another, and shows the best cell."""
  if importlib.util.find_spec("optuna") is None:
    sys.exit("this example needs Optuna: run pip install -e '.[optuna]'")
  import optuna

  optuna.logging.set_verbosity(optuna.logging.WARNING)
  with tempfile.TemporaryDirectory() as folder:
    storage = f"sqlite:///{pathlib.Path(folder) / 'study.db'}"
    study = optuna.create_study(
      study_name=STUDY, storage=storage, direction="maximize"
    )
    processes = multiprocessing.get_context("spawn")
    workers = [processes.Process(target=work, args=(storage,)) for _ in "ab"]
    for worker in workers:
      worker.start()
    while len(study.get_trials(deepcopy=False)) < 12:
      time.sleep(0.1)
    workers[0].kill()
    workers[0].join()
    print(f"a worker was killed after {len(study.trials)} trials began")
    workers.append(processes.Process(target=work, args=(storage,)))
    workers[-1].start()
    for worker in workers[1:]:
      worker.join()
    archs = [trial.user_attrs.get("arch") for trial in study.trials]
    cells = [arch for arch in archs if arch is not None]
    print(f"{len(cells)} trials, {len(set(cells))} different cells")
    best = study.best_trial
    print(
      f"{best.value:.2f} % in trial {best.number}: {best.user_attrs['arch']}"
    )


if __name__ == "__main__":
  main()
