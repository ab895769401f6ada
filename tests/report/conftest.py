"""A whole report of made-up faces, and a window to look at it with."""

import numpy as np
import pytest

from alikely.calibration import calibrate
from alikely.data.checks.findings import Finding
from alikely.evaluation import judge
from alikely.model import distances_of_examples
from alikely.report import EpochPoint, Learning, report_of_model, write_report
from alikely.types import Examples
from tests.models import small_model

IDENTITIES, ITEMS = 12, 4
LABEL = "person <script>document.title = 'taken over'</script> {}"


def faces() -> Examples:
    """Twelve identities with four noisy pictures each; labels that want to be a script; light by turns."""
    draw = np.random.default_rng(0)
    bases = draw.integers(0, 256, (IDENTITIES, 16, 16))
    noisy = [base + draw.integers(-30, 30, (16, 16)) for base in bases for _ in range(ITEMS)]
    items = [np.clip(picture, 0, 255).astype(np.uint8) for picture in noisy]
    labels = np.array([LABEL.format(number) for number in range(IDENTITIES) for _ in range(ITEMS)])
    light = np.array(["day", "night"])[np.arange(len(items)) % 2]
    names = tuple(f"set/{'abcdefghijkl'[place // ITEMS]}/{place}.png" for place in range(len(items)))
    return Examples(tuple(items), names, labels, columns={"light": light})


@pytest.fixture(scope="session")
def measured():
    """The model, the faces, their embeddings, distances and figures."""
    model, given = small_model(), faces()
    embeddings = model.embed(given.items)
    pairs = distances_of_examples(embeddings, given, model.distance)
    model = model.with_calibration(calibrate(pairs, model.distance_name, model.fingerprint(), fmr=0.1))
    return model, given, embeddings, pairs, judge(model, pairs)


@pytest.fixture(scope="session")
def whole(measured):
    """A report with every part."""
    given = measured[1]
    side_by_side = ((given.items[0], given.items[5]),)
    finding = Finding("identical", "two alike", "warning", pairs=(("0.png", "5.png"),), shown=side_by_side)
    points = (EpochPoint(1, 0.9, 0.4), EpochPoint(2, 0.5, 0.2))
    learning = Learning(points, best=2, ended="all epochs", alarms=("the loss stands still",))
    return report_of_model("faces", *measured, notes=("made up",), learning=learning, findings=[finding])


@pytest.fixture(scope="session")
def page_file(whole, tmp_path_factory):
    """That report as a file."""
    return write_report(whole, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def opened(chromium, page_file):
    """Opens the report in a window, without a network; whatever it complains of or asks for fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note(request.url, page_file.as_uri(), complaints))
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(url, allowed, complaints):
    if url.partition("#")[0] != allowed and not url.startswith("data:"):
        complaints.append(f"asked for {url}")
