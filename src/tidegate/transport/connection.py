"""Plain connections that let the kernel send what lies in a file (sendfile(2))."""

from __future__ import annotations

from typing import Any

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from tidegate.errors import SourceChanged
from tidegate.oci.ranges import FileRange


class SendfileConnection(HTTPConnection):
    """An HTTP connection whose body may hold file ranges beside bytes."""

    def send(self, data: Any) -> None:
        """Raises SourceChanged when a file has become shorter."""
        if not isinstance(data, FileRange):
            super().send(data)
            return
        if self.sock.sendfile(data.file, data.offset, data.size) < data.size:
            raise SourceChanged(f"{data.file.name}: became shorter while it was read")


class SendfilePool(HTTPConnectionPool):
    """A pool of them."""

    ConnectionCls = SendfileConnection
