"""Where a service is, and with which key and certificates it is asked -> checked, as the client of HTTP takes them."""

import ssl
from pathlib import Path

import httpx2

from alikely.errors import SettingsError

# The service closes a connection that was idle for 5 seconds: what is sent at that moment would be lost.
KEPT = httpx2.Limits(keepalive_expiry=2.0)


def checked(url: str) -> str:
    """An address. Raises SettingsError for what is none."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as problem:
        raise SettingsError(f"{url!r} is no address ({problem}); give one such as http://127.0.0.1:8000") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SettingsError(f"{url!r} is no address of a service; give one such as http://127.0.0.1:8000")
    return url


def headers(key: str | None) -> dict[str, str]:
    """The header that carries a key. Raises SettingsError for what cannot be one."""
    if key is None:
        return {}
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise SettingsError("the key holds signs that no key has; give it as `alikely keys add` printed it")
    return {"Authorization": f"Bearer {key}"}


def verified(verify: bool | Path | ssl.SSLContext) -> ssl.SSLContext | bool:
    """How the certificate of a service is checked. Raises SettingsError for a file that holds none to check it by."""
    if not isinstance(verify, Path):
        return verify
    try:
        return ssl.create_default_context(cafile=verify)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsError(f"{verify}: holds no certificates that can be read ({problem})") from None
