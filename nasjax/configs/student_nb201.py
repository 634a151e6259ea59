"""A small predictor of NAS-Bench-201 that learns from the pretrained one.

Train label: the pretrained predictor's score of 12,000 cells. Test label: as in
configs/nb201.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_nb201.py

Score: Kendall tau-b .8950 on all labelled cells, one seed; its teacher: .8949.
Time: 150 s to train on a CPU (nasjax/pretrained/nb201_student/README.md).

Sets, on top of `default`:

  batch_size = 256
  benchmark = "nb201"
  epochs = 100
  kernel.weight = 0.0
  model.encoder_layers = 0
  model.feature_dropout_rate = 0.0
  model.functions = True
  model.gcn_width = 64
  model.graph = "inference"
  model.head_width = 128
  model.num_heads = 4
  model.num_layers = 0
  model.width = 32
  num_seeds = 1
  num_train = 12000
  optimizer.learning_rate = 0.003
  optimizer.weight_decay = 0.0
  teacher = "nb201"
  train_label = "predicted"
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("nb201")
