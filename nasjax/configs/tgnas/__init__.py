"""Configs of TG-NAS: `train.py --config=tgnas/code`."""
