"""Small checkpoints that nasjax trained, each with a model card."""
