"""Your own labels: a CSV file with the header `arch,value`.

`arch` is the official notation of the space, `value` any number (higher =
better). Five predictors with the defaults of the space are trained on 80 % of
the rows and tested on the rest; the predictor that is kept is trained on all
rows. For labels that are no accuracies, such as a latency or an energy, add
`--config.target=cost` (docs/data.md).

  python train.py --config=configs/custom.py --config.space=nb201
    --config.table=FILE.csv

`--config.space` brings the defaults of that space; `custom.py:nb101` is the
same as `--config.space=nb101`. Score and time are those of your labels;
docs/tutorial.md shows a run.

Sets, on top of `default` and for the space `nb201`:

  kernel.weight = 0.75
  max_steps = 2500
  model.functions = True
  num_members = 2
  num_train = 0
  refit = True
  table = "FILE.csv"
"""

from nasjax import config as defaults


def get_config(space: str = "nb201"):
  config = defaults.space_defaults(space)
  config.benchmark = ""
  config.table = "FILE.csv"
  config.num_train = 0
  config.refit = True
  return config
