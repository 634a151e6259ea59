"""Training: losses, metrics, state, the jitted epoch, checkpoints."""
