"""The bytes of a form (multipart/form-data) -> its parts: texts, and the bytes of files. Nothing goes to the disk."""

import logging
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from alikely.server.problems import RefusedError

# It logs a warning at every damaged form: any client could fill the log of the service.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

MOST_PARTS = 1000
LONGEST_NAME = 200


@dataclass
class _Part:
    """A part as it comes in."""

    heads: dict[bytes, bytes] = field(default_factory=dict)
    content: list[bytes] = field(default_factory=list)


class _Parts:
    """Called by the parser; holds what it found."""

    def __init__(self) -> None:
        self.whole: list[_Part] = []
        self.ended = False
        self._part = _Part()
        self._name = self._value = b""

    def begin(self) -> None:
        if len(self.whole) >= MOST_PARTS:
            raise _refused(f"the form has more than {MOST_PARTS} parts")
        self._part = _Part()

    def data(self, content: bytes, start: int, end: int) -> None:
        self._part.content.append(content[start:end])

    def end(self) -> None:
        self.whole.append(self._part)

    def head_name(self, content: bytes, start: int, end: int) -> None:
        self._name += content[start:end]

    def head_value(self, content: bytes, start: int, end: int) -> None:
        self._value += content[start:end]

    def head_end(self) -> None:
        self._part.heads[self._name.lower()] = self._value
        self._name = self._value = b""

    def all_end(self) -> None:
        self.ended = True


def read_form(content: bytes, media: str) -> list[tuple[str, str | bytes, str]]:
    """The parts in their order: (name, a text or the bytes of a file, what the client calls the file).

    `media`: the header Content-Type.

    Raises RefusedError (400) for what is no whole form, for texts that are no UTF-8, and for too many parts.
    """
    boundary = parse_options_header(media)[1].get(b"boundary")
    if not boundary:
        raise _refused("the form has no boundary; let your HTTP library set Content-Type by itself")
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_header_field": parts.head_name,
                "on_header_value": parts.head_value,
                "on_header_end": parts.head_end,
                "on_end": parts.all_end,
            },
        )
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise _refused(f"the form cannot be read ({error})") from None
    if not parts.ended:
        raise _refused("the form is cut short; send all of it")
    return [_read(part) for part in parts.whole]


def _read(part: _Part) -> tuple[str, str | bytes, str]:
    kind, options = parse_options_header(part.heads.get(b"content-disposition", b""))
    name = _text(options.get(b"name", b""), "the name of a part")
    if kind != b"form-data" or not name:
        raise _refused('a part of the form has no name; it needs Content-Disposition: form-data; name="..."')
    if len(name) > LONGEST_NAME:
        raise _refused(f"a part of the form has a name of more than {LONGEST_NAME} characters")
    content = b"".join(part.content)
    if b"filename" not in options:
        return name, _text(content, name), ""
    return name, content, options[b"filename"].decode("utf-8", "replace")


def _text(content: bytes, called: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(f"{called} is no UTF-8; send texts of a form as UTF-8, and pictures as files") from None


def _refused(message: str) -> RefusedError:
    return RefusedError(400, "body", message)
