"""Items read once, by position, whatever their length."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from alikely.data.reading import prepare, read_batch
from alikely.errors import BadItemsError, InputError
from alikely.types import Examples


@dataclass(frozen=True)
class Letters:
    """Texts as the numbers of their letters; an empty one cannot be read."""

    kind: ClassVar = "text"
    rereads: ClassVar = False

    def read_one(self, item):
        if not item:
            raise InputError("empty: write something")
        return torch.tensor([ord(letter) for letter in item])

    def join(self, read):
        return pad_sequence(list(read), batch_first=True, padding_value=-1)

    def fitted(self, items, read):
        return self

    def finish(self, batch):
        return batch

    def facts(self) -> dict[str, Any]:
        return {}

    def settings(self) -> dict[str, Any]:
        return {}

    def files(self) -> dict[str, bytes]:
        return {}


def texts(*items):
    return Examples(items, tuple(f"text {number}" for number in range(len(items))), kind="text")


@pytest.mark.parametrize("memory_gb", [1.0, 0.0])
def test_items_of_unlike_length_come_padded_whether_kept_or_read_anew(memory_gb):
    items, problems = prepare(texts("abc", "d", "ef"), Letters(), memory_gb)

    assert problems == []
    assert (items.stored is None) == (memory_gb == 0)
    assert items.take(np.array([2, 0])).tolist() == [[101, 102, -1], [97, 98, 99]]
    assert items.select(np.array([1])).take(np.array([0])).tolist() == [[100]]
    assert [item.tolist() for item in items.each(np.array([1, 2]))] == [[100], [101, 102]]


def test_items_of_one_length_lie_in_one_tensor():
    items, _ = prepare(texts("ab", "cd"), Letters())
    assert items.stored.tolist() == [[97, 98], [99, 100]]
    assert items.by_length().tolist() == [0, 1]


def test_items_of_like_length_stand_together():
    items, _ = prepare(texts("abc", "d", "efg", "h"), Letters())
    assert items.by_length().tolist() == [1, 3, 0, 2]
    assert items.select(np.array([0, 3])).by_length().tolist() == [1, 0]


def test_bad_items_are_named_all_at_once_or_left_out():
    with pytest.raises(BadItemsError, match="text 1"):
        prepare(texts("a", "", "c"), Letters())
    items, problems = prepare(texts("a", "", "c"), Letters(), skip_bad=True)
    assert items.examples.items == ("a", "c")
    assert problems == [("text 1", "empty: write something")]
    with pytest.raises(InputError, match="empty"):
        read_batch(Letters(), ["a", ""])


@pytest.mark.parametrize(("bad", "more"), [(20, ""), (21, "... and 1 more ("), (438, "... and 418 more (")])
def test_of_many_bad_items_the_message_lists_the_first_and_the_error_has_all(bad, more):
    with pytest.raises(BadItemsError) as caught:
        prepare(texts("a", *[""] * bad), Letters())
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{bad} items cannot be read:"
    assert "text 20:" in lines[20]
    assert "--skip-bad" in lines[-1]
    assert len(lines) == 22 + bool(more)
    assert more in lines[-2]
    assert len(caught.value.problems) == bad


@pytest.mark.parametrize("memory_gb", [1.0, 0.0])
def test_the_fingerprint_follows_the_items(memory_gb):
    read = (prepare(texts("ab", last), Letters(), memory_gb)[0] for last in ("c", "c", "d"))
    first, again, other = (items.fingerprint() for items in read)
    assert first == again != other
