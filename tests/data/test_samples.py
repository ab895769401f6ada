"""The digits are what scikit-learn has, and come back the same from a folder."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from alikely.data.pictures import open_picture
from alikely.data.samples import digits, write_digits
from alikely.data.sources import read_source
from alikely.errors import StorageError


def test_digits():
    examples = digits()
    pictures, numbers = load_digits(return_X_y=True)
    assert len(examples) == 1797
    assert examples.labels.tolist() == [str(number) for number in numbers]
    assert examples.names[16] == f"digit {numbers[16]}, picture 17"
    assert {item.dtype for item in examples.items} == {np.dtype(np.uint8)}
    assert {item.shape for item in examples.items} == {(8, 8)}
    # 0 ink is 0, 16 is 255, 8 is 127.5.
    for ink, shade in [(0, 0), (16, 255), (8, 128), (4, 64)]:
        assert {
            int(v) for item, raw in zip(examples.items, pictures, strict=True) for v in item[raw.reshape(8, 8) == ink]
        } == {shade}


def test_digits_in_a_folder(tmp_path):
    write_digits(tmp_path / "new" / "digits")
    found, expected = read_source(tmp_path / "new" / "digits"), digits()
    assert (
        np.unique(found.labels, return_counts=True)[1].tolist()
        == np.unique(expected.labels, return_counts=True)[1].tolist()
    )
    for item, label in list(zip(found.items, found.labels, strict=True))[::100]:
        place = int(item.stem) - 1
        assert expected.labels[place] == label
        assert np.array_equal(open_picture(item), expected.items[place])


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="choose a folder"):
        write_digits(tmp_path / "file" / "digits")
