"""Every field at the value that it has where nothing sets it.

`nasjax/config/fields.py` shows all of them with their meaning.

  python train.py --config=configs/default.py --config.epochs=100
    --config.model.width=32
"""

from nasjax import config


def get_config() -> config.Config:
  return config.default()
