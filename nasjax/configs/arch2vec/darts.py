"""arch2vec (Yan et al. 2020).

Representations of the cells of 50,000 random architectures of DARTS.

No label is read. The workdir gets embeddings.npz and embedder/, which
`nasjax.Embedder.load` reads (docs/arch2vec.md).

  python train.py --config=configs/arch2vec/darts.py

Fields that it has or sets otherwise than `default`; those of predictors are
refused:

  checkpoint_every = 1
  clip_norm = 5.0
  epochs = 2
  kl_weight = 0.005
  learning_rate = 0.002
  model.decoder = "bilinear"
  model.dropout_rate = 0.0
  model.encoder = "gin"
  model.latent = 16
  model.name = "arch2vec"
  model.num_layers = 5
  model.width = 128
  num_cells = 50000
  space = "darts"
  variational = True
"""

from nasjax.config import representation


def get_config():
  return representation.space_defaults("darts")
