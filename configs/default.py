"""All fields and their defaults: NAS-Bench-201 on CIFAR-10, 156 labels."""

from nasjax import config as defaults


def get_config():
  return defaults.default()
