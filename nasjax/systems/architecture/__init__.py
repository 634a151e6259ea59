"""The architecture-enhanced predictor of Wang et al. 2024."""
