"""Makes a part of `mini201`; the program is in `nasjax.commands`."""
