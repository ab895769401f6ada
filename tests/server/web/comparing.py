"""Compare, as a person uses it: choose a file for a side, read the verdict."""

LEFT, RIGHT = 0, 1


def choose(page, side: int, path) -> None:
    """Choose a file as a person does: by the button, which opens the browser's dialogue."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    chooser.value.set_files(path)
    page.locator(".drop").nth(side).locator("img").wait_for()


def verdict_of(page) -> str:
    """The verdict that is shown, once there is one (it may still be that of other items)."""
    chip = page.locator(".verdict-head .verdict")
    chip.wait_for()
    return chip.inner_text().strip()
