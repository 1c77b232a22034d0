"""TLS between nodes: who may speak, and that nobody else listens.

Both sides show a certificate of one lab CA, over TLS 1.3, and a certificate names the node that it is for (its subject
alternative name is the node's id). A node that claims another id than its certificate's is refused. A directory holds
what a node needs: `ca.pem`, `<id>.pem` and `<id>.key`; `labkit certificates` makes it.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from labkit.errors import LabkitError


class Tls:
    """The certificates of one node, from a directory. Raises LabkitError if they are not there, or not its own."""

    def __init__(self, directory: str | Path, id: str):
        self._directory, self._id = Path(directory), id
        self._server = self._context(ssl.PROTOCOL_TLS_SERVER)
        self._client = self._context(ssl.PROTOCOL_TLS_CLIENT)

    def server(self) -> ssl.SSLContext:
        """For connections that were taken."""
        return self._server

    def client(self) -> ssl.SSLContext:
        """For connections that this node dials."""
        return self._client

    def _context(self, side: ssl._SSLMethod) -> ssl.SSLContext:
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # the name is the node's id, not its host: the endpoint checks it, on both sides
        context.verify_mode = ssl.CERT_REQUIRED
        paths = [self._directory / name for name in ("ca.pem", f"{self._id}.pem", f"{self._id}.key")]
        for path in paths:
            if not path.is_file():
                raise LabkitError(
                    f"{path} is not there: `labkit certificates {self._directory} {self._id}` makes certificates"
                )
        try:
            context.load_verify_locations(paths[0])
            context.load_cert_chain(paths[1], paths[2])
        except (ssl.SSLError, OSError) as error:
            raise LabkitError(f"the certificates of {self._id} in {self._directory} cannot be used: {error}") from None
        return context


def names_in(certificate: dict[str, Any] | None) -> list[str]:
    """The node ids that a certificate is for, as `getpeercert` gives it."""
    return [name for kind, name in (certificate or {}).get("subjectAltName", ()) if kind == "DNS"]
