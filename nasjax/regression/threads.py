"""How many threads linear algebra on the host may use."""

import contextlib

SMALL = 1000
"""Rows of a matrix up to which one thread is as fast as several."""


def for_rows(num: int) -> contextlib.AbstractContextManager:
  """Returns a context in which matrices of `num` rows are worked on.

  Threads of BLAS wait for each other in loops. On a machine that others use
  too, a decomposition of 300 rows takes ten times as long with two threads as
  with one; on an idle machine the second thread gains nothing.

  Args:
    num: rows of the matrices; beyond `SMALL` all threads are used.
  """
  if num > SMALL:
    return contextlib.nullcontext()
  import threadpoolctl

  return threadpoolctl.threadpool_limits(1, user_api="blas")
