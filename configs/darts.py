"""The config `darts`; `nasjax/configs/darts.py` holds it.

python train.py --config=configs/darts.py
"""

from nasjax.configs.darts import get_config

__all__ = ["get_config"]
