"""Any compared method: METHOD,SPACE,NUM_TRAIN after a colon.

Methods: default, paper, paper_mlp, paper_onehot, paper_inference, pinat, tnasp,
gmae, neural_predictor, mlp, tgnas_code, tgnas_paper. Spaces: nb101, nb201,
darts. The recipe is that of the method's paper; nasjax/reproduce/recipes.py
says what differs.

  NASJAX_DATA=DIR python train.py --config=configs/method.py:pinat,nb201,156
"""

from nasjax import errors
from nasjax.reproduce import recipes


def get_config(text: str = ""):
  words = text.split(",")
  if len(words) != 3 or not words[2].isdecimal():
    raise errors.UserError(
      "configs/method.py: expected METHOD,SPACE,NUM_TRAIN after a colon, as in "
      f"configs/method.py:pinat,nb201,156, got {text!r}"
    )
  return recipes.recipe(words[0], words[1], int(words[2]))
