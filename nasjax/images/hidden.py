"""Hidden files, and files that operating systems leave behind."""

_LEFT_BEHIND = {
  "#recycle",
  "$recycle.bin",
  "@eadir",
  "@recycle",
  "__macosx",
  "lost+found",
  "system volume information",
}


def is_hidden(name: str) -> bool:
  """Tells whether a path is hidden, or left by macOS, Windows or a NAS."""
  return any(
    part.startswith(".") or part.lower() in _LEFT_BEHIND
    for part in name.split("/")
  )
