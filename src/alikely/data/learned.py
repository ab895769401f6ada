"""The items that a model learned from <-> a short text, kept with it, that tells whether others are among them."""

from base64 import b64decode, b64encode

import numpy as np
from jaxtyping import UInt64
from PIL import Image

from alikely.data.checks.looks import digest_of_file_or_array, hashed
from alikely.data.checks.words import look_at_row
from alikely.data.texts.reading import cleaned
from alikely.types import Examples, Item, Kind

BYTES = 6  # of the hash of an item's content: one in 280 trillion agrees by chance
MOST = 100_000  # items, those with the smallest hashes: 0.8 MB of text


def learned_text(examples: Examples) -> str:
    """Hashes of what the items hold, whatever they are called. Of more than 100,000, those with the smallest hashes."""
    kept = _hashes(examples)[:MOST]
    return b64encode(kept.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - BYTES :].tobytes()).decode()


def learned_among(text: str, examples: Examples) -> int | None:
    """How many items, equal ones counted once, are among those of `learned_text`; None where none could be looked up.

    None comes of a text that holds only a share of what was learned from, and items whose hashes it does not reach.
    Raises ValueError for a text that is none.
    """
    rows = np.frombuffer(b64decode(text, validate=True), np.uint8).reshape(-1, BYTES)
    kept = np.concatenate([np.zeros((len(rows), 8 - BYTES), np.uint8), rows], axis=1).view(">u8").ravel()
    asked = _hashes(examples)
    if len(kept) >= MOST:
        asked = asked[asked <= kept[-1]]
    return None if len(asked) == 0 else int(np.isin(asked, kept).sum())


def _hashes(examples: Examples) -> UInt64[np.ndarray, " different"]:
    """Of all items that hold anything, each once, ascending."""
    found = {_digest(item, examples.kind) for item in examples.items} - {None}
    return np.array(sorted(int.from_bytes(digest[:BYTES], "big") for digest in found if digest), np.uint64)


def _digest(item: Item, kind: Kind) -> bytes | None:
    if kind == "text":
        return hashed("text", cleaned(str(item)).encode(errors="surrogatepass"))
    if kind == "row":
        return look_at_row(item).digest
    if isinstance(item, Image.Image):
        return hashed(f"picture {item.mode} {item.size}", item.tobytes())
    return digest_of_file_or_array(item)
