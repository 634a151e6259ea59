"""The config `paper_nb101`; `nasjax/configs/paper_nb101.py` holds it.

python train.py --config=configs/paper_nb101.py
"""

from nasjax.configs.paper_nb101 import get_config

__all__ = ["get_config"]
