"""How a service runs: where it listens, what it accepts, what it keeps. All limits are here."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alikely.errors import SettingsError


class ServeSettings(BaseModel):
    """Settings of a service. Raises SettingsError for one that does not exist or is out of bounds.

    host, port: where it listens; port 0 takes one that is free. Anywhere but on this machine itself it takes keys.
    names: further names under which clients may address it (the host in their URL).
    state: the folder in which it keeps keys, the audit log, labels, operating points.
    keep_items: whether small copies of pictures that clients enrol, and what detectors find, are kept there.
    batch: items embedded at once, at most. wait_ms: milliseconds that the first of them waits for others.
    queue: requests that are answered or wait at once; one more is refused with 503.
    upload_mb: megabytes (10 ** 6 bytes) of a request; pixels: millions in a picture; items: in a request.
    rate: requests a minute for each key; 0: any number.
    drain_seconds: how long what was accepted may take at a shutdown.
    certificate, private_key: PEM files; with both, it speaks HTTPS.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    names: tuple[str, ...] = ()
    state: Path = Path("alikely-service")
    keep_items: bool = False
    batch: Annotated[int, Field(ge=1, le=4096)] = 64
    wait_ms: Annotated[float, Field(ge=0, le=1000)] = 2.0
    queue: Annotated[int, Field(ge=1, le=100_000)] = 256
    upload_mb: Annotated[float, Field(gt=0, le=1000)] = 10.0
    pixels: Annotated[float, Field(gt=0, le=100)] = 25.0
    items: Annotated[int, Field(ge=1, le=10_000)] = 64
    rate: Annotated[int, Field(ge=0)] = 0
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    certificate: Path | None = None
    private_key: Path | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, values: Any, checked: Callable[[Any], "ServeSettings"]) -> "ServeSettings":
        try:
            made = checked(values)
        except ValidationError as error:
            lines = [
                f"{'.'.join(map(str, one['loc']))} = {one['input']!r}: {one['msg']}"
                for one in error.errors(include_url=False)
            ]
            raise SettingsError("\n".join(lines)) from None
        if (made.certificate is None) != (made.private_key is None):
            raise SettingsError("a certificate and its private_key go together; give both, or none for HTTP")
        return made

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False
