import contextlib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alikely.gallery import Gallery
from alikely.gallery.live import Live, append_live, read_live
from alikely.server.drifting import SECONDS, Drifts
from alikely.server.meter import Meter
from tests.models import small_model
from tests.server.small import model_service, pngs


def figures(text: str) -> dict[tuple, float]:
    """All samples: (name, labels) -> value; fails for what Prometheus could not read."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_a_service_did_in_figures(tmp_path):
    client = model_service(tmp_path)
    left, right = pngs()[:2]
    verdict = client.post("/v1/compare", files={"left": left, "right": right}).json()["verdict"]
    client.post("/v1/compare", files={"left": left})
    client.get("/v1/galleries/nobody/identities")
    client.get("/nowhere/123")
    client.get("/nowhere/456")
    found = figures(client.get("/metrics").text)

    def answered(route, status):
        return found[("alikely_request_seconds_count", (("route", route), ("status", status)))]

    assert answered("/v1/compare", "200") == 1
    assert answered("/v1/compare", "422") == 1
    assert answered("/v1/galleries/{name}/identities", "404") == 1
    assert answered("other", "404") == 2  # not one figure for each address that somebody tries
    assert found[("alikely_verdicts_total", (("asked", "compare"), ("verdict", verdict)))] == 1
    assert found[("alikely_distance_count", (("asked", "compare"),))] == 1
    assert found[("alikely_batch_items_sum", ())] == 2
    assert found[("alikely_queue", ())] == 0
    assert found[("alikely_requests_in_flight", ())] == 0
    assert found[("process_resident_memory_bytes", ())] > 1e7


def test_services_do_not_share_figures():
    one, other = Meter(), Meter()
    one.batch(3)

    assert figures(other.text().decode())[("alikely_batch_items_count", ())] == 0


def test_a_figure_that_is_said_again_is_the_later_one():
    meter = Meter()
    for value in (1.0, 2.0):
        meter.watch("alikely_x", "x", lambda value=value: value)
        meter.watch_each("alikely_y", "y", ("name",), lambda value=value: {("a",): value})
    found = figures(meter.text().decode())

    assert found[("alikely_x", ())] == 2
    assert found[("alikely_y", (("name", "a"),))] == 2


def test_drift_is_looked_at_once_a_minute_and_is_left_out_where_unknown(tmp_path):
    model, now, log = small_model(), [0.0], tmp_path / "log.jsonl"
    with contextlib.ExitStack() as stack:

        def gallery(name, model, log):
            Gallery.create(tmp_path / name, model).close()
            return stack.enter_context(Gallery.open(tmp_path / name, model, log))

        galleries = {
            "people": gallery("people", model, log),
            "unlogged": gallery("unlogged", model, None),
            "uncalibrated": gallery("uncalibrated", small_model(calibrated=False), log),
        }
        drifts = Drifts(galleries, lambda: now[0])
        assert drifts() == {}
        curve = model.calibration.curve
        middle = float(curve.thresholds[len(curve.thresholds) // 2])
        append_live(log, [Live("different", middle)] * 200)
        assert drifts() == {}  # not yet again
        now[0] = SECONDS
        found = drifts()

        assert list(found) == [("people", "different")]
        assert found["people", "different"] > 0.25
        log.write_text("no log\n")
        now[0] = 2 * SECONDS
        assert drifts() == {}


def test_of_a_long_log_only_the_end_is_read(tmp_path):
    log = tmp_path / "log.jsonl"
    append_live(log, [Live("different", n / 1000) for n in range(1000)])
    found = read_live(log, 50)

    assert 50 <= len(found) < 200
    assert found == read_live(log)[-len(found) :]
    assert read_live(log, 10_000) == read_live(log)


@pytest.mark.parametrize("distance", [0.0, 1e9])
def test_distances_beyond_the_histogram_count(distance):
    meter = Meter()
    meter.verdict("compare", "same", distance)

    assert figures(meter.text().decode())[("alikely_distance_count", (("asked", "compare"),))] == 1
