"""The config `tgnas/code`; `nasjax/configs/tgnas/code.py` holds it.

python train.py --config=configs/tgnas/code.py
"""

from nasjax.configs.tgnas.code import get_config

__all__ = ["get_config"]
