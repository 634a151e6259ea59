"""The kernel regression beside a network: its layer and its solver."""
