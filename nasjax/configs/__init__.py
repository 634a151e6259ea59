"""The configs that come with nasjax, by name: `train.py --config=nb201`.

Nothing imports them but the files of the same names in `configs/`.
"""
