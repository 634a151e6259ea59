"""The config `custom`; `nasjax/configs/custom.py` holds it.

python train.py --config=configs/custom.py
"""

from nasjax.configs.custom import get_config

__all__ = ["get_config"]
