"""Your own labels: a CSV file with the header `arch,value`.

`arch` is the official notation of the space, `value` any number (higher =
better). Five predictors with the defaults of the space are trained on 80 % of
the rows and tested on the rest; the predictor that is kept is trained on all
rows. Labels that are no accuracies, as latency or energy, need
`--config.target=cost` (docs/data.md).

  python train.py --config=configs/custom.py --config.space=nb201
    --config.table=FILE.csv

`--config.space` brings the defaults of that space; `custom.py:nb101` is the
same as `--config.space=nb101`.
"""

from nasjax import config as defaults


def get_config(space: str = "nb201"):
  config = defaults.space_defaults(space)
  config.benchmark = ""
  config.table = "FILE.csv"
  config.num_train = 0
  config.refit = True
  return config
