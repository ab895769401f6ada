"""Gallery > Enrol with tables of embeddings: whether their first line is one of them or names the columns."""

import pytest
from playwright.sync_api import expect

from tests.server.web.test_gallery_many import enrol_many, send, templates
from tests.server.web.written import serving_written

pytestmark = pytest.mark.browser
FIVE = "0.5,0.25,1,2,{}\n"


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory):
    with serving_written("embedding", tmp_path_factory.mktemp("embeddings"), enrolled=False) as running:
        yield running


@pytest.fixture
def enrolling(open_page, embeddings, tmp_path):
    """Chooses a table with this text; the page, the field that says what its first line is, and what was understood."""

    def chosen(text):
        (tmp_path / "table.csv").write_text(text, encoding="utf-8")
        page = open_page(embeddings)
        enrol_many(page, tmp_path / "table.csv")
        return page, page.get_by_label("The first line is"), page.locator(".understood caption")

    return chosen


def test_a_first_line_of_numbers_is_an_embedding(enrolling, embeddings, check_accessible):
    page, first, understood = enrolling(FIVE.format(3) + FIVE.format(4) + FIVE.format(5))
    expect(understood).to_contain_text("first 3 of 3 embeddings")
    expect(first).to_be_hidden()
    check_accessible(page)
    page.get_by_label("Who or what they show").fill("all three")
    assert send(page) == "3 embeddings enrolled as all three."
    assert len(templates(embeddings, "all three")) == 3


@pytest.mark.parametrize(
    ("head", "taken", "shown"),
    [
        ("ada," + FIVE.format(3), "item", "first 2 of 2 embeddings"),  # a name and numbers that nobody counts by
        ("who is it,0,1,2,3,4\n", "names", "first 1 of 1 embedding"),  # numbered, as programs write tables
    ],
)
def test_what_may_be_either_is_said_and_can_be_said_otherwise(enrolling, head, taken, shown):
    _, first, understood = enrolling(head + "zoe," + FIVE.format(4))
    expect(first).to_have_value(taken)
    expect(understood).to_contain_text(shown)
    first.select_option("names" if taken == "item" else "item")
    expect(understood).to_contain_text("1 of 1" if taken == "item" else "2 of 2")


@pytest.mark.parametrize("head", ["label,1,2,3,4,5\n", "a,b,c,d,e,f\n"])
def test_where_the_names_are_plain_nothing_is_asked(enrolling, head):
    _, first, understood = enrolling(head + "7," + FIVE.format(4))
    expect(understood).to_contain_text("1 of 1 embedding")
    expect(first).to_be_hidden()


def test_names_beside_a_first_line_that_is_an_embedding(enrolling, embeddings):
    page, _, understood = enrolling("ada," + FIVE.format(3) + "zoe," + FIVE.format(4))
    expect(understood).to_contain_text("2 of 2")
    page.get_by_label("Who or what each belongs to").select_option("column 1")
    assert send(page) == "2 embeddings enrolled."
    assert len(templates(embeddings, "ada")) == len(templates(embeddings, "zoe")) == 1


def test_a_column_without_a_name_is_no_part_of_an_embedding(enrolling, embeddings):
    """Programs write the numbers of the rows so."""
    page, first, _ = enrolling(",0,1,2,3,4\n0," + FIVE.format(9))
    expect(first).to_have_value("names")
    page.get_by_label("Who or what they show").fill("numbered")
    assert send(page) == "1 embedding enrolled as numbered."
    assert len(templates(embeddings, "numbered")) == 1


def test_numbers_in_one_cell_are_an_embedding_too(enrolling, embeddings):
    page, first, understood = enrolling("0.5 0.25 1 2 7\n0.5 0.25 1 2 8\n")
    expect(understood).to_contain_text("2 of 2")
    expect(first).to_be_hidden()
    page.get_by_label("Who or what they show").fill("in one cell")
    assert send(page) == "2 embeddings enrolled as in one cell."
    assert len(templates(embeddings, "in one cell")) == 2
