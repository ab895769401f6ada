"""Gallery > Enrol with many texts, rows, sequences or embeddings at once, and what goes wrong."""

import json

import pytest
from playwright.sync_api import expect

from tests.server.web.services import wait_until
from tests.server.web.written import AT_ONCE, serving_written

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    with serving_written("text", tmp_path_factory.mktemp("texts")) as running:
        yield running


def enrol_many(page, files=None, pasted=None):
    """Go there, choose these files, or paste; wait until they are read."""
    page.goto("/gallery?view=enrol")
    page.locator("#enrol-items label", has_text="Many").click()
    if files:
        page.set_input_files("#enrol-items input[type=file]", files)
        expect(page.locator(".file-list li")).to_have_count(len(files) if isinstance(files, list) else 1)
    if pasted:
        page.get_by_label("Or paste").fill(pasted)
        page.locator(".understood").wait_for()


def send(page) -> str:
    page.locator("#enrol button.primary").click()
    page.locator("#enrolled .notice").wait_for()
    return page.locator("#enrolled .notice p").inner_text()


def templates(service, identity):
    return service.served.galleries["things"].described(identity=identity)


def bad_ones(page):
    rows = page.locator(".bad-ones tbody tr")
    return {row.locator("th").inner_text(): row.locator("td").inner_text() for row in rows.all()}


def test_a_table_of_texts_takes_several_requests_and_bad_lines_are_named(
    open_page, texts, tmp_path, complaints, check_accessible, check_narrow
):
    table = tmp_path / "firms.csv"
    lines = [f"old house {number},firm {number % 3},{number},no. 0{number}" for number in range(2 * AT_ONCE + 1)]
    lines += [",blank,1,a", "too,many,cells,in,it", f"a long name,{'x' * 501},1,a"]
    table.write_text("Text,Label,price,code\n" + "\n".join(lines) + "\n", encoding="utf-8")
    page = open_page(texts)
    enrol_many(page, table)
    who = page.get_by_label("Who or what each belongs to")
    expect(who).to_have_value("column label")
    expect(page.locator("#identity-field")).to_be_hidden()
    expect(page.locator("#enrol-items")).to_contain_text("10 texts to send; 2 cannot be used")
    check_accessible(page)
    check_narrow(page)
    sizes = []
    page.on("request", lambda sent: sizes.append(len(json.loads(sent.post_data)["each"])) if sent.post_data else None)
    assert send(page) == "9 texts enrolled, 3 could not be enrolled."
    # The last request was refused as a whole, and its two halves were sent.
    assert sizes == [AT_ONCE, AT_ONCE, 2, 1, 1]
    complaints.expect("422")
    bad = bad_ones(page)
    assert bad["firms.csv, line 11"] == "has no text in the column “text”"
    assert bad["firms.csv, line 12"] == "has 5 cells; the first line names 4"
    assert "500 signs" in bad["firms.csv, line 13"]
    assert len(bad) == 3
    assert [one["fields"] for one in templates(texts, "firm 0")] == [
        {"text": f"old house {number}", "price": number, "code": f"no. 0{number}"} for number in (0, 3, 6)
    ]
    check_accessible(page)
    check_narrow(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save this list").click()
    assert saved.value.path().read_text(encoding="utf-8").splitlines()[0] == '"where","problem"'

    # The same once more, without its bad lines: nothing is enrolled twice, and the fields come off.
    table.write_text("Text,Label,price,code\n" + "\n".join(lines[:4]) + "\n", encoding="utf-8")
    enrol_many(page, table)
    page.get_by_label("Keep price, code to filter by").uncheck()
    assert send(page) == "4 there already."
    page.get_by_role("button", name="Look at all that are enrolled").click()
    expect(page.locator("#identities h3", has_text="firm 1")).to_be_visible()


def test_lines_of_texts_get_one_name_or_are_their_own(open_page, texts):
    page = open_page(texts)
    enrol_many(page, pasted="a red house, old\n\nthe green bridge\n")
    who = page.get_by_label("Who or what each belongs to")
    expect(who).to_have_value("itself")
    assert send(page) == "2 texts enrolled."
    assert len(templates(texts, "a red house, old")) == len(templates(texts, "the green bridge")) == 1
    # What was enrolled is gone from the form; another name for all of them is asked for.
    expect(page.get_by_label("Or paste")).to_have_value("")
    page.get_by_label("Or paste").fill("a red house, old\nthe green bridge")
    page.locator(".understood").wait_for()
    who.select_option("all")
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrol-problem")).to_contain_text("Write who or what it shows")
    page.get_by_label("Who or what they show").fill("both")
    assert send(page) == "2 texts enrolled as both."
    expect(page.locator("#enrolled")).to_contain_text("under several names")
    page.get_by_role("button", name="Look at both").click()
    expect(page.locator("#templates article")).to_have_count(2)


def test_cells_of_a_spreadsheet_are_pasted_with_their_names(open_page, texts):
    page = open_page(texts)
    enrol_many(page, pasted='what\tText\nblue\t"tea, and ""cake"""\ngreen\ttwo cats\n')
    page.get_by_label("Who or what each belongs to").select_option("column what")
    assert send(page) == "2 texts enrolled."
    assert len(templates(texts, "blue")) == len(templates(texts, "green")) == 1


def test_what_cannot_be_read_is_said_where_it_was_chosen(open_page, texts, tmp_path):
    files = {
        "latin.csv": "text\ncafé\n".encode("latin-1"),
        "empty.txt": b" \n",
        "broken.json": b'[{"text": "a"',
        "open.csv": b'text,label\n"never closed,x\n',
        "twice.csv": b"text,text\na,b\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    page = open_page(texts)
    enrol_many(page, [tmp_path / name for name in files])
    expect(page.locator('.file-list [data-state="bad"]')).to_have_count(len(files))
    said = page.locator(".file-list .state").all_inner_texts()
    for wanted, words in zip(
        ("UTF-8", "is empty", "is no JSON", "quote in line 2", "two columns called “text”"), said, strict=True
    ):
        assert wanted in words
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrol-problem")).to_contain_text("there is nothing to enrol yet")
    page.get_by_role("button", name="Leave out latin.csv").click()
    expect(page.locator(".file-list li")).to_have_count(len(files) - 1)


def test_who_stops_it_is_told_what_was_not_sent_and_goes_on_later(open_page, texts):
    page = open_page(texts)
    enrol_many(page, pasted="\n".join(f"house number {number}" for number in range(3 * AT_ONCE)))
    held = []
    page.route("**/enrol", lambda route: held.append(route))
    page.locator("#enrol button.primary").click()
    page.get_by_role("button", name="Stop").click()
    wait_until(page, lambda: len(held) == 1)
    held[0].continue_()
    expect(page.locator("#enrolled .notice p")).to_have_text(
        f"{AT_ONCE} texts enrolled, {2 * AT_ONCE} not sent yet: press Enrol to go on."
    )
    page.unroute("**/enrol")
    page.locator("#enrolled .notice").evaluate("one => one.remove()")
    assert send(page) == f"{2 * AT_ONCE} texts enrolled, {AT_ONCE} there already."


def test_a_service_that_is_busy_is_asked_again_and_one_that_fails_is_told(open_page, texts, complaints):
    page = open_page(texts)
    enrol_many(page, pasted="\n".join(f"river {number}" for number in range(2 * AT_ONCE)))
    busy = {"status": 503, "code": "busy", "detail": "ask again in a second"}
    page.route("**/enrol", lambda route: route.fulfill(status=503, json=busy, headers={"Retry-After": "1"}), times=1)
    assert send(page) == f"{2 * AT_ONCE} texts enrolled."
    complaints.expect("503")
    enrol_many(page, pasted="a stone\n")
    refused = {"status": 403, "code": "right", "detail": "the key me has the right read; this takes enrol"}
    page.route("**/enrol", lambda route: route.fulfill(status=403, json=refused))
    assert send(page) == "1 not sent yet: press Enrol to go on."
    expect(page.locator("#enrol-problem")).to_contain_text("this takes enrol")
    complaints.expect("403")


def test_rows_take_their_names_and_fields_from_columns(open_page, tmp_path, check_accessible):
    with serving_written("row", tmp_path) as running:
        table = tmp_path / "people.jsonl"
        rows = [
            {"Who": "zoe", "amount": 1.5, "colour": "red", "paid": True, "day": "2026-01-03", "shop": "Bern"},
            {"Who": "zoe", "amount": None, "colour": "blue", "paid": False, "day": None, "shop": "Chur"},
            {"Who": "zoe", "amount": "much", "colour": "blue", "paid": False, "day": None, "shop": "Chur"},
            {"Who": "", "amount": 1, "colour": "blue", "paid": False, "day": None, "shop": "Chur"},
        ]
        table.write_text("\n".join(map(json.dumps, [*rows, 7])), encoding="utf-8")
        other = tmp_path / "other.csv"
        other.write_text("a,b\n1,2\n", encoding="utf-8")
        page = open_page(running)
        enrol_many(page, [table, other])
        expect(page.get_by_label("Who or what each belongs to")).to_have_value("column who")
        expect(page.locator(".understood")).to_contain_text("amount: 1.5")
        assert send(page) == "2 rows enrolled, 4 could not be enrolled."
        bad = bad_ones(page)
        assert "'much' is no number" in bad["people.jsonl, line 3"]
        assert bad["people.jsonl, line 4"] == "has no name in the column “who”"
        assert bad["people.jsonl, line 5"] == "is no object with a name for each value"
        assert bad["other.csv"].startswith("has none of the columns that are looked at: amount")
        assert [one["fields"] for one in templates(running, "zoe")] == [{"shop": "Bern"}, {"shop": "Chur"}]
        check_accessible(page)
        # Their cards are as those of other kinds: nothing is set in the middle.
        page.get_by_role("button", name="Look at all that are enrolled").click()
        expect(page.locator("#identities article").first).to_have_css("align-items", "normal")
        # The same row by the form with a field for each column is the same template.
        page.goto("/gallery?view=enrol")
        for name, cell in (("amount", "1.5"), ("colour", "red"), ("paid", "true"), ("day", "2026-01-03")):
            page.get_by_role("group", name="A row").get_by_label(name).fill(cell)
        page.get_by_label("Who or what they show").fill("zoe")
        assert send(page) == "1 there already."


def test_files_of_sequences_are_named_by_their_files_or_by_a_column(open_page, tmp_path):
    with serving_written("sequence", tmp_path) as running:
        (tmp_path / "walk.csv").write_text("x,y\n1,2\n3,4\n5,9\n", encoding="utf-8")
        (tmp_path / "run.json").write_text("[[2, 1], [4, 3], [9, 6]]", encoding="utf-8")
        (tmp_path / "cut.json").write_text("[[2, 1], [4]]", encoding="utf-8")
        page = open_page(running)
        enrol_many(page, [tmp_path / name for name in ("walk.csv", "run.json", "cut.json")])
        page.get_by_label("Who or what each belongs to").select_option("file")
        assert send(page) == "2 sequences enrolled, 1 could not be enrolled."
        assert "differ in length" in bad_ones(page)["cut.json"]
        assert len(templates(running, "walk")) == len(templates(running, "run")) == 1

        # Steps of many in one table, in any order of their times; the first is the walk of above.
        steps = "id,label,t,x,y\na,zoe,2,5,9\na,zoe,0,1,2\nb,yan,1,4,4\na,zoe,1,3,4\nb,yan,0,7,7\nc,yan,0,1,high\n"
        (tmp_path / "steps.csv").write_text(steps, encoding="utf-8")
        enrol_many(page, tmp_path / "steps.csv")
        expect(page.get_by_label("Who or what each belongs to")).to_have_value("column label")
        assert send(page) == "2 sequences enrolled, 1 could not be enrolled."
        assert bad_ones(page) == {"steps.csv, id c": "holds something else than numbers in line 7"}
        (walked,) = templates(running, "walk")
        (zoe,) = templates(running, "zoe")
        assert walked["key"].split("-")[0] == zoe["key"].split("-")[0]


def test_embeddings_stand_in_columns_or_in_lists(open_page, tmp_path):
    with serving_written("embedding", tmp_path) as running:
        (tmp_path / "table.csv").write_text("label;e1;e2;e3;e4;e5\nzoe;1;2;3;4;5\nzoe;1;2;x;4;5\n", encoding="utf-8")
        listed = [{"label": "yan", "embedding": [5, 4, 3, 2, 1]}, {"label": "yan", "embedding": [1, 2]}]
        (tmp_path / "lists.json").write_text(json.dumps(listed), encoding="utf-8")
        page = open_page(running)
        enrol_many(page, [tmp_path / "table.csv", tmp_path / "lists.json"])
        assert send(page) == "2 embeddings enrolled, 2 could not be enrolled."
        bad = bad_ones(page)
        assert bad["table.csv, line 3"] == "“x” is no number"
        assert "lists.json, record 2" in bad
        assert len(templates(running, "zoe")) == len(templates(running, "yan")) == 1
