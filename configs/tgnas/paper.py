"""The config `tgnas/paper`; `nasjax/configs/tgnas/paper.py` holds it.

python train.py --config=configs/tgnas/paper.py
"""

from nasjax.configs.tgnas.paper import get_config

__all__ = ["get_config"]
