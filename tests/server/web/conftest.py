"""A running service of digits, and a browser that fails a test on whatever its page complains of."""

from importlib.resources import files

import pytest
from playwright.sync_api import expect

from tests.server.web.services import PATIENCE, Service, make_parts, serving, wait_until

expect.set_options(timeout=1000 * PATIENCE)
SERIOUS = ("serious", "critical")
# With --slow-page: each request waits that many milliseconds, and the processor is that many times as slow.
SLOW_LINE = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
SLOW_PROCESSOR = {"rate": 3}


@pytest.fixture(scope="session")
def parts(tmp_path_factory):
    """The folders of a small model, the gallery "people", the detector "normal" and items of digits."""
    return make_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="session")
def service(parts, tmp_path_factory):
    """A service with all of them: `.url`, `.served`, `.pictures` (digits that are in no part of it, two of each)."""
    with serving(parts, parts.folders, tmp_path_factory.mktemp("state") / "state") as running:
        running.served.pictures.found.wait()
        yield running


class Complaints(list):
    """What a page complained of: must be empty when the test ends."""

    page = None  # the newest that is watched

    def expect(self, text: str) -> None:
        """There is one with this text, now or soon: `expect("422")` for a request that was meant to fail. They go."""
        wait_until(self.page, lambda: any(text in one for one in self), found=lambda: f"{text}: {list(self)}")
        self[:] = [complaint for complaint in self if text not in complaint]


@pytest.fixture
def complaints():
    """Errors of the console, exceptions that nobody caught, answers of 400 and above, requests to anywhere else."""
    return Complaints()


@pytest.fixture
def open_page(chromium, complaints, request):
    """Opens a window at a service, 1280 wide; after the test nothing may have been complained of."""
    contexts = []

    def opened(running: Service, width: int = 1280, height: int = 900, **options):
        context = chromium.new_context(
            base_url=running.url, viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        if request.config.getoption("--slow-page"):
            devtools = context.new_cdp_session(page)
            devtools.send("Network.emulateNetworkConditions", SLOW_LINE)
            devtools.send("Emulation.setCPUThrottlingRate", SLOW_PROCESSOR)
        page.set_default_timeout(1000 * PATIENCE)
        watch(page, running.url, complaints)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page, service):
    """A fresh window at the service: `page.goto("/compare")`."""
    return open_page(service)


def watch(page, url, complaints):
    """Note all that goes wrong on a page of the service at this address."""
    complaints.page = page

    def console(message):
        # That an answer was an error is noted below, with its address. How slow drawing is says the machine's driver.
        known = message.text.startswith("Failed to load resource") or "GL Driver Message" in message.text
        if message.type in ("error", "warning") and not known:
            complaints.append(f"console: {message.text}")

    def failed(request):
        # Who leaves a page, or types on, ends requests that are under way: no mistake.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.method} {request.url}: {request.failure}")

    def asked(request):
        if not request.url.startswith((url, f"blob:{url}", "data:")):
            complaints.append(f"asked for {request.url}")

    def answered(response):
        if response.status >= 400:
            complaints.append(f"{response.status}: {response.request.method} {response.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on("requestfailed", failed)
    page.on("request", asked)
    page.on("response", answered)


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, which finds what shuts people out."""
    return files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def check_accessible(axe):
    """Call it with a page: in light and in dark, axe-core finds nothing serious or critical."""

    def check(page):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            serious = [
                (finding["id"], finding["help"], node["target"], node.get("failureSummary"))
                for finding in found["violations"]
                if finding["impact"] in SERIOUS
                for node in finding["nodes"]
            ]
            assert serious == [], f"{scheme}: {serious}"
        page.emulate_media(color_scheme="light")

    return check


@pytest.fixture
def check_narrow():
    """Call it with a page: 360 pixels wide, as on a phone, nothing scrolls sideways."""

    def check(page):
        before = page.viewport_size
        page.set_viewport_size({"width": 360, "height": 740})
        wide = page.evaluate(
            """() => [...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""
        )
        scrolls = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert scrolls <= 0, f"{scrolls} px too wide: {wide}"
        page.set_viewport_size(before)

    return check
