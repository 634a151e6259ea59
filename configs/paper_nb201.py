"""The config `paper_nb201`; `nasjax/configs/paper_nb201.py` holds it.

python train.py --config=configs/paper_nb201.py
"""

from nasjax.configs.paper_nb201 import get_config

__all__ = ["get_config"]
