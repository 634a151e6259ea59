"""The space that docs/spaces.md writes: its source, its use, its class."""

import pathlib
import re

_TEXT = (
  pathlib.Path(__file__).parent.parent / "docs" / "spaces.md"
).read_text()
_SECTION = _TEXT[_TEXT.index("## Your own space") :]
SOURCE, USE = re.findall(r"^```python\n(.*?)^```$", _SECTION, re.M | re.S)[:2]
COMMANDS = re.findall(r"^python (.*)$", _SECTION, re.M)

_module = {"__name__": "my_space"}
exec(compile(SOURCE, "docs/spaces.md", "exec"), _module)
Chain = _module["Chain"]
