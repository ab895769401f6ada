"""Compare with items that are written: texts, rows, sequences, embeddings."""

from dataclasses import replace

import pytest

from alikely.storage import save_model
from tests.server.models_of_kinds import model_of
from tests.server.web.comparing import verdict_of
from tests.server.web.services import serving, wait_until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("kind", ["text", "row", "sequence", "embedding"])
def test_items_that_are_written(open_page, parts, tmp_path, kind, check_accessible, check_narrow):
    model, examples = model_of(kind)
    save_model(model, tmp_path / "model")
    folders = replace(parts.folders, model=tmp_path / "model", galleries=(), detectors=(), items=None)
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/compare")
        for name, item in zip(("Left", "Right"), examples.items[2:4], strict=True):
            if kind == "row":
                group = page.get_by_role("group", name=name)
                for column, cell in item.items():
                    group.get_by_label(column).fill("" if cell is None else str(cell))
            elif kind == "sequence":
                page.get_by_label(f"{name} {kind}").fill("\n".join(" ".join(str(x) for x in step) for step in item))
            elif kind == "embedding":
                page.get_by_label(f"{name} {kind}").fill(", ".join(str(float(x)) for x in item))
            else:
                page.get_by_label(f"{name} {kind}").fill(item)
        decision = model.compare(*examples.items[2:4])
        verdict_of(page)

        def written():
            return float(page.locator(".figures dd").first.inner_text().split("\n")[0])

        # Of a row whose cells come slowly, the page compares what is there already.
        wait_until(page, lambda: written() == pytest.approx(decision.distance, abs=2e-3), found=written)
        assert verdict_of(page).lower() == decision.verdict
        assert page.get_by_role("button", name="Why?").count() == 0
        check_accessible(page)
        check_narrow(page)
        if kind == "embedding":
            page.get_by_label("Left embedding").fill("1, two, 3")
            page.get_by_text("“two” is no number.").wait_for()
            assert page.get_by_label("Left embedding").get_attribute("aria-invalid") == "true"
