"""A small predictor of the DARTS space that learns from the pretrained one.

Train label: the pretrained predictor's score of 10,000 cells. Test label: as in
configs/darts.py.

  NASJAX_DATA=DIR python train.py --config=configs/student_darts.py

Score: Kendall tau-b .9070 on all labelled cells, one seed; its teacher: .9067.
Time: 116 s to train on a CPU (nasjax/pretrained/darts_student/README.md).

Sets, on top of `default`:

  batch_size = 256
  benchmark = "nb301"
  epochs = 60
  kernel.linear = True
  kernel.power = 1.0
  kernel.weight = 0.0
  model.edges = True
  model.encoder_layers = 0
  model.feature_dropout_rate = 0.0
  model.gcn_width = 64
  model.graph = "inference"
  model.head_width = 128
  model.num_heads = 4
  model.num_layers = 0
  model.width = 32
  num_seeds = 1
  num_train = 10000
  optimizer.learning_rate = 0.003
  optimizer.weight_decay = 0.0
  space = "darts"
  teacher = "darts"
  test_label = "val"
  train_label = "predicted"
"""

from nasjax import config as defaults


def get_config():
  return defaults.student_defaults("darts")
