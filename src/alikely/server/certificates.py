"""The files of a certificate and its key -> checked: what clients would refuse is told before the service starts."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alikely.errors import ServiceError

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which `ssl` does not name: we compare the dates ourselves, to tell them.
_ANY_TIME = 0x200000


def check_certificate(certificate: Path, private_key: Path) -> None:
    """Raise ServiceError for files that cannot be read, are no such or do not belong together, and for a certificate
    that is not valid now or that clients would refuse for anything but its names and who signed it."""
    for file in (certificate, private_key):
        try:
            with file.open("rb") as opened:
                opened.read(1)
        except OSError as error:
            raise ServiceError(f"{file}: cannot be read ({error.strerror}); name a PEM file") from error
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, private_key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            raise ServiceError(
                f"{private_key}: does not belong to the certificate {certificate}; name the key it was made with"
            ) from error
        raise ServiceError(
            f"{certificate}, {private_key}: are no certificate and its key in PEM ({error.reason or error}); a key "
            "with a password has to be decrypted first"
        ) from error
    try:
        found = _as_a_client_gets_it(server, certificate)
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", None) or error.reason
        raise ServiceError(f"{certificate}: clients would refuse it ({why}); have one made for a server") from error
    check_dates(certificate, _date(found["notBefore"]), _date(found["notAfter"]), datetime.now(UTC))


def check_dates(certificate: Path, begins: datetime, ends: datetime, now: datetime) -> None:
    """Raise ServiceError for a certificate that is not valid now: when it is, and the way out."""
    clock = f"This machine's clock says {_told(now)}; if that is wrong, set it"
    if now > ends:
        raise ServiceError(
            f"{certificate}: has expired: it was valid until {_told(ends)}; have it renewed and name the new file. "
            f"{clock}"
        )
    if now < begins:
        raise ServiceError(
            f"{certificate}: is not valid yet, but from {_told(begins)} on; wait until then or name another. {clock}"
        )


def _no_password() -> str:
    # OpenSSL would ask at the terminal, where nobody may sit.
    return ""


def _as_a_client_gets_it(server: ssl.SSLContext, certificate: Path) -> dict[str, Any]:
    """The certificate's fields: `ssl` tells those of one that the other side has shown and that was trusted, so two
    sides meet in memory, and one trusts just this file."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering, asking, answering, asking):  # TLS 1.2 needs all five, TLS 1.3 three
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return asking.getpeercert() or {}


def _date(said: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(said), UTC)


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
