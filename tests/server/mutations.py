"""A seed -> requests that are nearly right: cut, bits turned, of another type, huge, deep, wrongly encoded."""

import base64
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alikely.types import Kind
from tests.kinds import examples_of
from tests.server.small import png

BOUNDARY = "alikely-boundary"
PATHS = (
    "/etc/passwd",
    "../../etc/passwd",
    "file:///etc/passwd",
    "C:\\Windows\\win.ini",
    "\\\\host\\share",
    "~/.ssh/id_rsa",
)
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**400,
    -(2**63),
    2**64,
    1e308,
    "",
    " ",
    "\x00",
    "\U0001f600" * 9,
    "a" * 100_000,
    [],
    {},
    [[]],
    [[[1.0]]],
    [1, "2", None],
    [True, False],
    [[1.0], [1.0, 2.0]],
    [0.0] * 3000,
    [[0.1, 0.2]] * 3000,
    {"": 1},
    {"a": {"b": [1]}},
    {"amount": 10**300, "colour": "x" * 5000, "paid": "perhaps", "day": "2026-13-45"},
    {"path": "/etc/passwd", "file": "file:///etc/passwd", "colour": "/etc/passwd"},
    "data:image/png;base64,AAAA",
    "data:text/html,<script>",
    "data:,",
    *PATHS,
)
# What no library writes as JSON, put where a value stood.
RAW = (
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"1" * 5000,
    b'"\\ud800"',
    b'"\\u0000"',
    b"[" * 5000,
    b'{"a":' * 2000,
    b"'x'",
    b"\xff\xfe",
    b"+1",
)
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "multipart/form-data",
    f"multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded",
    "text/plain",
    "image/png",
    "image/svg+xml",
    "",
    "x" * 3000,
)


@dataclass(frozen=True)
class Sent:
    """A request, and what was done to it."""

    done: str
    path: str
    headers: dict[str, str]
    body: bytes


def said_of(kind: Kind) -> list[Any]:
    """Two items as JSON has them."""
    items = examples_of(kind, identities=2, each=1).items
    if kind == "picture":
        return [base64.b64encode(content).decode() for content in files_of(kind)]
    if kind == "row":
        return [{name: None if cell is None else str(cell) for name, cell in item.items()} for item in items]
    return list(items) if kind == "text" else [item.tolist() for item in items]


def files_of(kind: Kind) -> list[bytes]:
    """Two items as files of a form."""
    if kind == "picture":
        return [png(item) for item in examples_of(kind, identities=2, each=1).items]
    return [(one if isinstance(one, str) else json.dumps(one)).encode() for one in said_of(kind)]


def right_ones(kind: Kind) -> list[tuple[str, dict[str, Any]]]:
    """Requests that are right: addresses and what is asked there."""
    one, other = said_of(kind)
    people = "/v1/galleries/people"
    return [
        ("/v1/embed", {"items": [one, other]}),
        ("/v1/compare", {"left": one, "right": other, "fmr": 0.1, "prior": 0.5}),
        (f"{people}/enrol", {"items": [one], "identity": "ann", "fields": {"price": 3}}),
        (f"{people}/enrol", {"each": [{"item": other, "identity": "ben", "fields": {"shop": "B"}}]}),
        (f"{people}/verify", {"item": one, "identity": "ann"}),
        (f"{people}/identify", {"items": [one], "fpir": 0.5, "k": 2}),
        (f"{people}/search", {"item": one, "k": 3, "where": "price > 1"}),
    ]


def form_of(asked: dict[str, Any], kind: Kind) -> bytes:
    """The same as a form: items as files."""
    files = iter(files_of(kind) * 3)
    parts = []
    for name, value in asked.items():
        for one in value if name == "items" else [value]:
            item = name in ("items", "item", "left", "right")
            content = next(files) if item else (one if isinstance(one, str) else json.dumps(one)).encode()
            named = f'; name="{name}"' + ('; filename="x"' if item else "")
            parts.append(f"--{BOUNDARY}\r\nContent-Disposition: form-data{named}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def mutated(kind: Kind, count: int, seed: int) -> Iterator[Sent]:
    """So many requests that are nearly right; the same ones for the same seed."""
    draw = random.Random(f"{kind} {seed}")
    right = [(path, asked, form_of(asked, kind)) for path, asked in right_ones(kind)]
    bombs = [
        forged_png(*size) for size in ((50_000, 50_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1), (0, 0), (6000, 4000))
    ]
    for _ in range(count):
        path, asked, form = draw.choice(right)
        name = draw.choice(CHANGES)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        body = form
        if draw.random() < 0.5:
            body, headers = json.dumps(asked).encode(), {"Content-Type": "application/json"}
        if name == "cut":
            body = body[: draw.randrange(len(body))]
        elif name == "bits":
            turned = bytearray(body)
            for _ in range(draw.choice((1, 3, 30))):
                turned[draw.randrange(len(turned))] ^= 1 << draw.randrange(8)
            body = bytes(turned)
        elif name == "piece":
            begin, end = sorted(draw.randrange(len(body)) for _ in range(2))
            body = body[:begin] + draw.choice((b"", body[begin:end] * 2, draw.randbytes(50))) + body[end:]
        elif name == "type":
            headers = {"Content-Type": draw.choice(TYPES)}
        elif name == "value":
            changed = json.loads(json.dumps(asked))
            put_somewhere(changed, draw.choice(STRANGE), draw)
            body, headers = json.dumps(changed).encode(), {"Content-Type": "application/json"}
        elif name == "raw":
            changed = json.loads(json.dumps(asked))
            put_somewhere(changed, "HERE", draw)
            body = json.dumps(changed).encode().replace(b'"HERE"', draw.choice(RAW))
            headers = {"Content-Type": "application/json"}
        elif name == "name":
            changed = dict(asked)
            changed[draw.choice(("", "x", "items ", "__class__", "\x00", "a" * 5000, "Items"))] = draw.choice(STRANGE)
            body, headers = json.dumps(changed).encode(), {"Content-Type": "application/json"}
        elif name == "twice":
            text = json.dumps(asked)
            body, headers = (text[:-1] + ", " + text[1:]).encode(), {"Content-Type": "application/json"}
            if draw.random() < 0.5:
                body = form.replace(f"--{BOUNDARY}--".encode(), form)
                headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        elif name == "encoding":
            text = json.dumps(asked, ensure_ascii=False)
            coding = draw.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp037"))
            body, headers = text.encode(coding), {"Content-Type": "application/json"}
            if draw.random() < 0.2:
                body, headers["Content-Encoding"] = zlib.compress(body), "gzip"
        elif name == "bomb":
            files = [draw.choice(bombs) for _ in range(2)]
            body = json.dumps({"items": [base64.b64encode(one).decode() for one in files]}).encode()
            path, headers = "/v1/embed", {"Content-Type": "application/json"}
        elif name == "address":
            path = draw.choice(
                ("/v1/galleries/%00/verify", "/v1/galleries/..%2f..%2fetc/enrol", "/v1/galleries/%ff/search")
            )
        elif name == "many":
            field = draw.choice(("items", "item", "left", "x"))
            part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n1\r\n'.encode()
            body = part * draw.choice((65, 1001, 5000)) + f"--{BOUNDARY}--\r\n".encode()
            headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        elif name == "heads":
            head = draw.choice(
                (
                    b"Content-Disposition: form-data",
                    b'Content-Disposition: form-data; name=""',
                    b'Content-Disposition: form-data; name="\xff"',
                    b'Content-Disposition: attachment; name="items"',
                    b"Content-Disposition: form-data; name=items; filename*=utf-8''%2Fetc%2Fpasswd",
                    b'Content-Disposition: form-data; name="items"; filename="../../etc/passwd"',
                    b"X: " + b"y" * 20_000,
                    b"\r\n" * 3,
                    b"",
                )
            )
            body = b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\nx\r\n--" + BOUNDARY.encode() + b"--\r\n"
            headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        yield Sent(name, path, headers, body)


def mutated_json(asked: dict[str, Any], count: int, seed: int) -> Iterator[bytes]:
    """Bodies of JSON that are nearly this one."""
    draw = random.Random(f"{sorted(asked)} {seed}")
    for number in range(count):
        changed = json.loads(json.dumps(asked)) or {"x": 1}
        put_somewhere(changed, "HERE" if number % 3 == 0 else draw.choice(STRANGE), draw)
        body = json.dumps(changed).encode().replace(b'"HERE"', draw.choice(RAW))
        if number % 5 == 0:
            body = body[: draw.randrange(len(body))]
        yield body


CHANGES = (
    "cut",
    "bits",
    "bits",
    "piece",
    "type",
    "value",
    "value",
    "value",
    "raw",
    "name",
    "twice",
    "encoding",
    "bomb",
    "address",
    "many",
    "heads",
)


def put_somewhere(asked: Any, value: Any, draw: random.Random) -> None:
    """Replace one value, at any depth."""
    name = draw.choice(list(asked) if isinstance(asked, dict) else range(len(asked)))
    inside = asked[name]
    if isinstance(inside, dict | list) and inside and draw.random() < 0.6:
        put_somewhere(inside, value, draw)
    else:
        asked[name] = value


def forged_png(width: int, height: int) -> bytes:
    """A PNG whose head says that it is so large, and that holds next to nothing."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
