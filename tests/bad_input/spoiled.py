"""A folder of pictures -> its first one, spoiled in all the ways that a file can be."""

import os
import struct
import zlib


def first_picture(source, identity="id03"):
    return sorted((source / identity).iterdir())[0]


def png_that_claims(width, height):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def zero_bytes(path):
    path.write_bytes(b"")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:80])


def no_picture(path):
    path.write_text("these are words")


def bomb(path):
    path.write_bytes(png_that_claims(60_000, 60_000))


def folder_with_a_pictures_name(path):
    path.unlink()
    os.mkfifo(path)


def link_to_nowhere(path):
    path.unlink()
    path.symlink_to("nowhere.png")


BAD_FILES = [
    (zero_bytes, "is empty (zero bytes); copy it again or remove it"),
    (cut_short, "cut short"),
    (no_picture, "is not a picture that can be read; give a JPEG, PNG"),
    (bomb, "has more than 100 million pixels (a decompression bomb?); make it smaller"),
    (folder_with_a_pictures_name, "is not a plain file; give a picture file"),
    (link_to_nowhere, "is not there; check the path"),
]
