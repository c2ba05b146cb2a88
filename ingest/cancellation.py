"""Cancellation that is not lost."""

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError if this task was asked to end, however long ago.

    To be called after a wait of a library that uses `asyncio.wait_for`: up to Python 3.11 that
    returns, and forgets the request, when what it waits for is done as the request comes
    (https://github.com/python/cpython/issues/86296). A task group cancels its tasks only once, and
    would wait for ever for the one that forgot.

    A task that leaves the body of a task group of its own before one in it fails counts that as a
    request, up to Python 3.12; it must wait within the body.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
