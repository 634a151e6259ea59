"""Event loops that end only after everything that was begun in them.

Orbax reads arrays side by side in an event loop of its own, and closes it as
soon as one of them fails. The others then go on without a loop, and print
tracebacks beside the one line that says what is wrong.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

_TIMEOUT = 30.0  # seconds that a read which was begun may take to end
_LOCK = threading.Lock()


class _Finishing(asyncio.SelectorEventLoop):
  """Waits for its tasks before it closes; their own errors are of no use."""

  def close(self) -> None:
    """Closes the loop after its tasks have ended."""
    if not self.is_closed() and not self.is_running():
      self.set_exception_handler(lambda loop, context: None)
      left = asyncio.all_tasks(self)
      if left:
        self.run_until_complete(asyncio.wait(left, timeout=_TIMEOUT))
    super().close()


@contextlib.contextmanager
def finished() -> Iterator[None]:
  """Makes event loops of this thread end only after their tasks."""
  with _LOCK:
    former, ours = asyncio.new_event_loop, threading.get_ident()

    def new_event_loop() -> asyncio.AbstractEventLoop:
      return _Finishing() if threading.get_ident() == ours else former()

    asyncio.new_event_loop = new_event_loop
    try:
      yield
    finally:
      asyncio.new_event_loop = former
