"""An answer's headers -> the same with those that keep a browser from doing more with it than it should."""

from collections.abc import Iterable

Header = tuple[bytes, bytes]

CONTENT = b"; ".join(
    (
        b"default-src 'self'",
        b"img-src 'self' data: blob:",
        b"media-src 'self' blob:",
        b"style-src 'self'",
        b"script-src 'self'",
        b"connect-src 'self'",
        b"object-src 'none'",
        b"base-uri 'none'",
        b"form-action 'self'",
        b"frame-ancestors 'none'",
    )
)
ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Those that an answer may have otherwise: its own counts. Nothing that somebody asked is kept by a browser.
UNLESS_SAID: tuple[Header, ...] = ((b"content-security-policy", CONTENT), (b"cache-control", b"no-store"))
# With TLS: a browser that was here once speaks nothing else with this name for half a year.
TLS: Header = (b"strict-transport-security", b"max-age=15768000")


def with_headers(said: Iterable[Header], tls: bool) -> list[Header]:
    """The headers of an answer (names in small letters) with ours."""
    headers = list(said)
    names = {name for name, _ in headers}
    headers += ALWAYS
    headers += (header for header in UNLESS_SAID if header[0] not in names)
    if tls:
        headers.append(TLS)
    return headers
