"""Write-back while a file is received, so that little is left to wait for when it is closed."""

from __future__ import annotations

import os
import threading

# Bytes between two write-backs.
_STRIDE = 64 << 20


class Flusher:
    """Starts the write-back of an open file now and then, in a thread, without waiting for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None
        self._next = _STRIDE

    def wrote(self, size: int) -> None:
        """Called with the file's size in bytes as it grows."""
        if size < self._next or (self._thread and self._thread.is_alive()):
            return
        self._next = size + _STRIDE
        self._thread = threading.Thread(target=self._flush)
        self._thread.start()

    def settle(self) -> None:
        """Wait for the write-back that is under way. Raises the OSError that any of them ended in.

        The system reports a failed write-back once: a sync that comes later would call it a success.
        """
        if self._thread:
            self._thread.join()
        if self._error:
            raise self._error

    def _flush(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._error = error
