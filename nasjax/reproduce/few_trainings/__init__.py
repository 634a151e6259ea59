"""Which architecture to train next: search strategies under one protocol.

The compared methods are strategies as in `nasjax.search`, written after the
descriptions of their papers. They stand here, and not in the registry of
strategies, because they are measured and not offered.
"""
