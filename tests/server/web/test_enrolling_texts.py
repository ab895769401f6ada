"""Gallery > Enrol with texts: the first line of a table, what stood twice, and texts that are kept to be shown."""

import pytest
from playwright.sync_api import expect

from tests.server.web.test_gallery_many import enrol_many, send, templates
from tests.server.web.written import serving_written

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    with serving_written("text", tmp_path_factory.mktemp("texts"), enrolled=False) as running:
        yield running


def test_a_first_line_that_names_no_column_is_a_text_as_all_others(open_page, texts, tmp_path, check_accessible):
    table = tmp_path / "people.csv"
    table.write_text("hans meier,ulm\nhans maier,ulm\nkarl kunz,bern\n", encoding="utf-8")
    page = open_page(texts)
    enrol_many(page, table)
    first = page.get_by_label("The first line is")
    expect(first).to_have_value("item")
    expect(page.locator(".understood caption")).to_contain_text("first 3 of 3 texts")
    check_accessible(page)
    first.select_option("names")
    expect(page.locator(".understood caption")).to_contain_text("first 2 of 2 texts")
    expect(page.get_by_label("Which column has the texts")).to_have_value("hans meier")
    first.select_option("item")
    assert send(page) == "3 texts enrolled."
    assert len(templates(texts, "hans meier,ulm")) == 1

    # One cell a line: without its quotes. With the name of a column there is nothing to ask.
    table.write_text('"red, old"\ngreen\n', encoding="utf-8")
    enrol_many(page, table)
    assert send(page) == "2 texts enrolled."
    assert len(templates(texts, "red, old")) == 1
    table.write_text("city,Name\nulm,hans\n", encoding="utf-8")
    enrol_many(page, table)
    expect(page.locator(".understood caption")).to_contain_text("first 1 of 1 text")
    expect(first).to_be_hidden()


def test_what_stood_twice_is_counted(open_page, texts):
    page = open_page(texts)
    lines = [f"street {number}" for number in range(9)]
    enrol_many(page, pasted="\n".join([lines[0], *lines, lines[0]]))
    assert send(page) == "9 texts enrolled, 2 stood twice in what was sent."


def test_texts_are_kept_with_them_and_shown(open_page, texts, check_accessible, check_narrow):
    page = open_page(texts)
    long = "so long a way " * 50
    enrol_many(page, pasted=f"K1250 has a crack\n{long}")
    keep = page.get_by_label("Keep the text with it")
    expect(keep).to_be_hidden()  # each is its own name
    page.get_by_label("Who or what each belongs to").select_option("all")
    expect(keep).to_be_checked()
    page.get_by_label("Who or what they show").fill("K1250")
    assert send(page) == "2 texts enrolled as K1250."
    assert sorted(len(one["fields"]["text"]) for one in templates(texts, "K1250")) == [17, 500]
    page.get_by_role("button", name="Look at K1250").click()
    expect(page.locator("#templates h3", has_text="K1250 has a crack")).to_be_visible()
    check_accessible(page)
    check_narrow(page)
    page.goto("/search?k=100")
    expect(page.locator("#cards article", has_text="K1250 has a crack").first).to_be_visible()
    expect(page.locator("#choosers").get_by_text("text", exact=True)).to_have_count(0)

    # One alone, and without.
    page.goto("/gallery?view=enrol")
    expect(keep).to_be_hidden()
    page.get_by_label("Who or what they show").fill("K1251")
    page.get_by_role("textbox", name="A text").fill("a dent")
    keep.uncheck()
    assert send(page) == "1 text enrolled as K1251."
    (template,) = templates(texts, "K1251")
    assert template["fields"] == {}
    page.get_by_role("textbox", name="A text").fill("a scratch")
    keep.check()
    send(page)
    assert [one["fields"] for one in templates(texts, "K1251") if one["fields"]] == [{"text": "a scratch"}]


def test_a_broken_file_goes_when_the_next_is_chosen(open_page, texts, tmp_path):
    (tmp_path / "broken.json").write_text("[", encoding="utf-8")
    (tmp_path / "good.txt").write_text("a bench\n", encoding="utf-8")
    page = open_page(texts)
    enrol_many(page, tmp_path / "broken.json")
    expect(page.locator('.file-list [data-state="bad"]')).to_have_count(1)
    page.set_input_files("#enrol-items input[type=file]", tmp_path / "good.txt")
    expect(page.locator(".file-list .name")).to_have_text(["good.txt"])
