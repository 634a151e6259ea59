"""Published tables and figures, measured again: `python -m nasjax.reproduce`.

Nothing else in nasjax imports this package.
"""
