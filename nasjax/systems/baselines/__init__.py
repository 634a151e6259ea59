"""The predictors that others published, for comparison."""

from nasjax.models import heads
from nasjax.systems import system
from nasjax.systems.baselines import (
  gmae,
  mlp,
  neural_predictor,
  pinat,
  pretrain,
  tnasp,
)

SYSTEMS = {
  "mlp": system.System(mlp.MLP),
  "neural_predictor": system.System(
    neural_predictor.NeuralPredictor, start=pretrain.start_state
  ),
  "tnasp": system.System(
    tnasp.TNASP, check=heads.check, start=pretrain.start_state
  ),
  "pinat": system.System(
    pinat.PINAT, check=pinat.check, start=pretrain.start_state
  ),
  "gmae": system.System(gmae.GMAE, start=pretrain.start_state),
}
