"""The kernel regression alone: a predictor that is fitted within a second."""

from nasjax.systems import system
from nasjax.systems.regression import features_only

SYSTEMS = {
  "regression": system.System(
    features_only.FeaturesOnly,
    check=features_only.check,
    trained=False,
    # Not signals, which take minutes for a whole space.
    keeps=("paths", "edges", "functions", "extra_kinds"),
    fields={"num_members": 1},
  ),
}
