"""A small predictor of NAS-Bench-201 that learns from the pretrained one.

Train label: the pretrained predictor's score of 12,000 cells. Test label: as in
configs/nb201.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_nb201.py
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("nb201")
