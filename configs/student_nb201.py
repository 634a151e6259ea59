"""The config `student_nb201`; `nasjax/configs/student_nb201.py` holds it.

python train.py --config=configs/student_nb201.py
"""

from nasjax.configs.student_nb201 import get_config

__all__ = ["get_config"]
