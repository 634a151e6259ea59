"""The config `paper_nb301`; `nasjax/configs/paper_nb301.py` holds it.

python train.py --config=configs/paper_nb301.py
"""

from nasjax.configs.paper_nb301 import get_config

__all__ = ["get_config"]
