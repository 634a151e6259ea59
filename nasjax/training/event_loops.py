"""Event loops that end only after everything that was begun in them.

Orbax reads arrays side by side in an event loop of its own, and closes it as
soon as one of them fails. The others then go on without a loop, and print
tracebacks beside the one line that says what is wrong.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any

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

  def call_soon_threadsafe(
    self,
    callback: Callable[..., object],
    *args: Any,
    context: contextvars.Context | None = None,
  ) -> asyncio.Handle:
    """Calls a function in the loop; of a closed one, nobody waits for it.

    A read that was cancelled ends in a thread of its own, at any later time.
    """
    try:
      return super().call_soon_threadsafe(callback, *args, context=context)
    except RuntimeError:
      if not self.is_closed():
        raise
      return asyncio.Handle(callback, args, self, context)


@contextlib.contextmanager
def finished() -> Iterator[None]:
  """Makes event loops of this thread end only after their tasks."""
  with _LOCK:
    former, ours = asyncio.new_event_loop, threading.get_ident()
    # Orbax makes loops itself, or through `asyncio.run`.
    places: tuple[Any, ...] = asyncio, asyncio.events

    def new_event_loop() -> asyncio.AbstractEventLoop:
      return _Finishing() if threading.get_ident() == ours else former()

    for place in places:
      place.new_event_loop = new_event_loop
    try:
      yield
    finally:
      for place in places:
        place.new_event_loop = former
