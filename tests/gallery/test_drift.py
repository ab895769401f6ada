import numpy as np
import pytest

from alikely.errors import CalibrationError, GalleryError, SettingsError
from alikely.gallery.drift import drift_of_live
from alikely.gallery.live import Live, append_live, read_live
from tests.gallery.galleries import calibrated, embeddings, gallery_of, passing_model, people

MODEL = calibrated(passing_model(8), identities=60)


def pairs_of(seed: int, noise: float = 0.3, count: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Distances of items of one person, and of two people."""
    rows, _ = people(count, 2, noise=noise, seed=seed)
    return np.linalg.norm(rows[::2] - rows[1::2], axis=1), np.linalg.norm(rows[::2] - np.roll(rows[1::2], 1, 0), axis=1)


def log_of(same: np.ndarray, different: np.ndarray, threshold: float | None) -> list[Live]:
    accepted = [
        Live("accepted" if threshold is None or place <= threshold else "refused", float(place), threshold)
        for place in same
    ]
    return accepted + [Live("different", float(place)) for place in different]


@pytest.mark.parametrize("threshold", [None, 1.2])
def test_no_drift_is_found_where_there_is_none(threshold):
    calibration = MODEL.calibration
    assert calibration is not None
    found = [drift_of_live(log_of(*pairs_of(seed), threshold), calibration) for seed in range(100, 140)]

    assert sum(one.verdict != "no drift" for one in found) <= 2
    assert all(row.count >= 50 for one in found for row in one.rows)
    assert found[0].exit_code == 0
    assert found[0].sentence().startswith("no drift")


@pytest.mark.parametrize(("noise", "threshold"), [(0.6, None), (0.5, 1.7)])
def test_items_that_have_become_noisier_are_found(noise, threshold):
    calibration = MODEL.calibration
    assert calibration is not None
    found = drift_of_live(log_of(*pairs_of(1, noise=noise, count=400), threshold), calibration)

    assert found.verdict == "calibrate anew"
    assert found.rows[0].direction is not None
    assert found.rows[0].direction > 0
    assert found.exit_code == 1
    assert "distances of same pairs have become larger" in found.sentence()
    assert found.to_dict()["rows"][0]["verdict"] == "calibrate anew"


def test_psi_and_ks_by_hand():
    calibration = MODEL.calibration
    assert calibration is not None
    middle = float(np.interp(0.1, 1 - calibration.curve.fnmr, calibration.curve.thresholds))
    found = drift_of_live([Live("accepted", middle)] * 100, calibration).rows[0]

    # All live distances lie where a tenth of the calibration's lies below.
    assert found.ks == pytest.approx(0.9)
    full, empty = 100.5 / 102.5, 0.5 / 102.5
    assert found.psi == pytest.approx((full - 0.2) * np.log(full / 0.2) + 4 * (empty - 0.2) * np.log(empty / 0.2))
    assert found.direction == pytest.approx(-0.4)


def test_too_few_distances_say_nothing():
    calibration = MODEL.calibration
    assert calibration is not None
    found = drift_of_live([Live("accepted", 1.0)] * 49, calibration)

    assert (found.verdict, found.exit_code) == ("too few", 0)
    assert found.sentence() == "too few distances to tell: 49 of a kind, it takes 50"
    assert found.cells()[0] == ("same", "49", "", "", "", "too few")


def test_labelled_items_show_drift_without_a_log():
    gallery = gallery_of(MODEL)
    same, noisier = (embeddings(*people(120, 3, noise=noise, seed=8)) for noise in (0.3, 0.8))

    assert gallery.drift(source=same).verdict == "no drift"
    assert gallery.drift(source=noisier).verdict == "calibrate anew"


def test_a_log_goes_through_its_file(tmp_path):
    entries = [Live("accepted", 0.5, 1.0), Live("different", 2.0)]
    append_live(tmp_path / "log", entries[:1])
    append_live(tmp_path / "log", entries[1:])

    assert read_live(tmp_path / "log") == entries
    gallery = gallery_of(MODEL)
    assert gallery.drift(log=tmp_path / "log").verdict == "too few"


def test_a_log_grows_no_further_than_twice_its_bound_and_the_newest_stay(tmp_path, monkeypatch):
    monkeypatch.setattr("alikely.gallery.live.LARGEST", 1000)
    log, numbers = tmp_path / "log", range(300)
    for number in numbers:
        append_live(log, [Live("different", float(number))])
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2200
        kept = [entry.distance for entry in read_live(log)]
        assert kept == [float(place) for place in numbers[number + 1 - len(kept) : number + 1]]
        assert len(kept) >= min(number + 1, 15)
        assert read_live(log, 5)[-1].distance == number
        assert len(read_live(log, 5)) >= min(number + 1, 5)
    assert {file.name for file in tmp_path.iterdir()} == {"log", "log.older"}


def test_logs_that_are_none_are_refused(tmp_path):
    gallery = gallery_of(MODEL)
    log = tmp_path / "log"

    with pytest.raises(GalleryError, match="no distances were kept"):
        gallery.drift(log=log)
    with pytest.raises(SettingsError, match="is no folder of a gallery"):
        gallery.drift()
    (tmp_path / "log.older").write_bytes(b"\xff\n")
    with pytest.raises(GalleryError, match=r"log.older: cannot be read"):
        gallery.drift(log=log)
    (tmp_path / "log.older").unlink()
    log.write_text('{"what": "accepted", "distance": 0.5}\n{"what": "accepted", "distance": -1}\n')
    with pytest.raises(GalleryError, match="line 2"):
        gallery.drift(log=log)
    with pytest.raises(CalibrationError):
        gallery_of(passing_model()).drift(log=log)


def test_of_several_templates_no_distance_is_called_accepted_at_a_threshold(tmp_path):
    """What is accepted by the nearest of them is not known to lie within it for the one that is drawn."""
    rows, labels = people(30, 3, noise=0.05)
    gallery = gallery_of(MODEL)
    gallery.enrol(embeddings(rows[labels > 0], labels[labels > 0]))  # three of each
    gallery.enrol(embeddings(rows[:1], labels[:1]))  # one
    gallery.log = tmp_path / "log"
    gallery.identify_all(embeddings(rows[[1, 4]]), fpir=0.1, confidence=0.0)

    accepted = [entry.threshold is not None for entry in read_live(gallery.log) if entry.what == "accepted"]
    assert accepted == [True, False]
