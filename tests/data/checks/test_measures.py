"""What one look at an item gives."""

import numpy as np
import pytest
from PIL import Image

from alikely.data.checks import check_examples
from alikely.data.checks.measures import measure
from alikely.data.checks.pictures import SIDE
from alikely.data.sources import examples_from
from tests.data.checks.faults import of, patterns


def test_statistics_by_hand(tmp_path):
    # 4 wide, 3 high: a border of 200 but for one 0, and 100 and 101 inside.
    picture = np.full((3, 4), 200, np.uint8)
    picture[0, 0], picture[1, 1], picture[1, 2] = 0, 100, 101
    Image.fromarray(picture).save(tmp_path / "a.png")
    Image.fromarray(np.stack([picture] * 3, axis=2)).save(tmp_path / "b.bmp")
    found = measure(examples_from([tmp_path / "a.png", tmp_path / "b.bmp", picture])).statistics
    mean = (9 * 200 + 0 + 100 + 101) / 12
    expected = {
        "width": 4,
        "height": 3,
        "aspect": 4 / 3,
        "mean_grey": mean,
        "background_grey": 200,
        "border_grey": 200,
        "darkest_pixel": 0,
        "lightest_pixel": 200,
        "contrast": np.sqrt((9 * (200 - mean) ** 2 + mean**2 + (100 - mean) ** 2 + (101 - mean) ** 2) / 12),
    }
    for name, value in expected.items():
        assert found[name].tolist() == pytest.approx([value] * 3), name
    assert found["format"].tolist() == ["PNG", "BMP", ""]
    assert found["colour_mode"].tolist() == ["L", "RGB", "L"]
    sizes = [(tmp_path / name).stat().st_size / 12 for name in ("a.png", "b.bmp")]
    assert found["bytes_per_pixel"][:2].tolist() == pytest.approx(sizes)
    assert np.isnan(found["bytes_per_pixel"][2])


def test_thumbnails_are_means_over_areas():
    picture = np.arange(64 * 64).reshape(64, 64) // 16
    (thumbnail,) = measure(examples_from([picture.astype(np.uint8)])).thumbnails
    assert thumbnail.shape == (SIDE, SIDE)
    blocks = picture.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(thumbnail - blocks).max() <= 0.5


def test_items_that_cannot_be_read_are_all_listed(tmp_path):
    paths = []
    for number in range(30):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(b"no picture" * number)
    Image.new("L", (8, 8)).save(paths[3])
    told = []
    found = check_examples(
        examples_from(paths, [i // 2 for i in range(30)]), progress=lambda done, total: told.append((done, total))
    )
    (finding,) = of(found, "unreadable")
    assert (finding.severity, finding.count) == ("error", 29)
    assert finding.items == tuple(str(path) for i, path in enumerate(paths) if i != 3)
    assert f"{paths[0]}: is empty" in finding.what
    assert told[-1] == (30, 30)
    (empty,) = of(found, "empty")
    assert (empty.severity, empty.items) == ("warning", (str(paths[3]),))


def test_a_file_that_is_gone_by_now_is_unreadable(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "1.png")
    examples = examples_from([tmp_path / "1.png", *patterns(3)], [0, 0, 1, 1])
    (tmp_path / "1.png").unlink()
    (finding,) = of(check_examples(examples), "unreadable")
    assert finding.items == (str(tmp_path / "1.png"),)
