"""The config `student_darts`; `nasjax/configs/student_darts.py` holds it.

python train.py --config=configs/student_darts.py
"""

from nasjax.configs.student_darts import get_config

__all__ = ["get_config"]
