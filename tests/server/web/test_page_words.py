"""Figures and names as the page shows them: as the command writes them, and turning nothing around them."""

import pytest

from alikely.decision import chance_of, shown, shown_apart
from alikely.metrics import percent

pytestmark = pytest.mark.browser


def test_figures_are_written_as_the_command_writes_them(page):
    page.goto("/compare")
    rates = [0.0, 0.0001, 0.00123, 0.01, 0.05, 1 / 3, 0.6018, 0.99996, 0.9999999, 1.0]
    distances = [0.0, 0.001234, 0.05003, 0.1, 0.16197, 1.0, 12.3456]
    chances = [0.001, 0.005, 0.3333, 0.5, 0.9949, 0.996]
    said = page.evaluate(
        """async ([rates, distances, chances]) => {
            const words = await import("/static/words.js");
            return [rates.map(words.percent), distances.map(words.distance), chances.map(words.chance)];
        }""",
        [rates, distances, chances],
    )
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said[0]] == [percent(rate) for rate in rates]
    assert said[1] == [shown(distance) for distance in distances]
    assert said[2] == [chance_of(chance) for chance in chances]


def test_distances_that_differ_look_different_as_the_command_has_them(page):
    page.goto("/compare")
    sentences = [[0.25, 0.5], [0.25, 0.25], [0.11549, 0.1153], [0.1001, 0.09997], [0.3, 0.1 + 0.2], [0.7, 0.75, 0.7502]]
    said = page.evaluate(
        """async (sentences) => {
            const words = await import("/static/words.js");
            return [sentences.map((values) => words.apart(...values)), words.apart(0.5, null, null)];
        }""",
        sentences,
    )
    assert said == [[list(shown_apart(*values)) for values in sentences], ["0.500", *2 * ["\N{EN DASH}"]]]
    assert said[0][2] == ["0.1155", "0.1153"]


def test_a_name_never_turns_what_stands_around_it(service, page):
    page.goto("/compare")
    read = page.evaluate(
        """async () => {
            const {el, legible} = await import("/static/api.js");
            const node = el("p", {title: "a\u202eb"}, "is a\u202eb\u2069 at ", "3", el("b", {}, "\u05d0 5 \u05d1 at"));
            return [node.textContent, node.title, legible("1, déjà")];
        }"""
    )
    assert read == [
        "is a\ufffdb\ufffd at 3\u2068\u05d0 5 \u05d1\u2069 at",
        "a\ufffdb",
        "1, déjà",
    ]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    content = service.pictures[2].read_bytes()
    chooser.value.set_files({"name": "a\u202eb.png", "mimeType": "image/png", "buffer": content})
    page.locator(".file-name").wait_for()
    assert page.locator(".file-name").inner_text() == "a\ufffdb.png"
