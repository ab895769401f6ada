"""Long lists: asked in as many requests as the service takes, answered in their order, and what happens half-way."""

import asyncio
import re
import time
from pathlib import Path

import httpx2
import numpy as np
import pytest

from alikely.client import AsyncClient, Client
from alikely.errors import BadItemsError, InputError, ServiceError, SettingsError
from alikely.server import ServeSettings, open_served, serving
from alikely.storage import load_model
from tests.client.parted import LOST, Parted, refused
from tests.tasks.anomaly.normal import anomaly_of, normal_of

TEXTS = [str(number) for number in range(10)]


@pytest.fixture(scope="module")
def small(uses, tmp_path_factory):
    """The address of a service that takes three items at once."""
    with serving(
        open_served(uses.folders, ServeSettings(port=0, items=3, state=tmp_path_factory.mktemp("few")))
    ) as url:
        yield url


@pytest.fixture(params=["one by one", "asyncio"])
def embed(request):
    """Embeds texts by either client of a service in place of the network."""

    async def awaited(service, items, **named):
        async with AsyncClient("http://x", transport=service.transport, retries=2) as client:
            return await client.embed(items, **named)

    def plain(service, items, **named):
        with Client("http://x", transport=service.transport, retries=2) as client:
            return client.embed(items, **named)

    return plain if request.param == "one by one" else lambda *args, **named: asyncio.run(awaited(*args, **named))


def test_a_list_is_cut_into_requests_and_joined_in_its_order(embed):
    service, told = Parted(), []
    rows = embed(service, TEXTS, progress=lambda *said: told.append(said))
    assert rows.tolist() == [[number] for number in range(10)]
    assert sorted(map(len, service.asked)) == [1, 3, 3, 3]
    assert service.limits_asked == 1
    assert told == [("embedding", done, 10) for done in (3, 6, 9, 10)]


def test_an_iterator_is_taken_as_it_is_needed(embed):
    service, taken, told = Parted(), [], []

    def endless():
        for number in range(50):
            # What is asked, and the part that is being filled; with asyncio four parts are under way.
            assert number - sum(map(len, service.asked)) <= 3 * 5 + 1
            taken.append(number)
            yield str(number)

    rows = embed(service, endless(), progress=lambda *said: told.append(said))
    assert rows[:, 0].tolist() == taken
    assert told[-1] == ("embedding", 50, 50)


def test_bytes_of_a_request_are_bounded_too(embed):
    service = Parted(items=100, megabytes=0.0001)  # 95 bytes for items
    embed(service, ["0" * 30] * 6)
    assert sorted(map(len, service.asked)) == [2, 2, 2]
    embed(service, ["0" * 300] * 2)
    assert list(map(len, service.asked))[3:] == [1, 1]


def test_a_single_item_needs_no_limits(embed):
    service = Parted()
    assert embed(service, ["7"]).tolist() == [[7]]
    assert (service.limits_asked, service.asked) == (0, [["7"]])


def test_limits_are_asked_once_and_again_when_they_do_not_hold():
    service = Parted(after={2: refused(413, "too_many")})
    with Client("http://x", transport=service.transport) as client:
        client.embed(TEXTS[:4])
        with pytest.raises(ServiceError, match="refused"):
            client.embed(TEXTS)
        assert service.limits_asked == 1
        service.items = 2
        client.embed(TEXTS)
    assert service.limits_asked == 2
    assert len(service.asked[-1]) == 2


def test_all_items_that_cannot_be_read_are_named_by_their_places(embed):
    bad = refused(422, "bad_items", ("text 2", "is blank"), ("'a' (item 3)", "is odd"))
    service = Parted(after={0: bad, 2: refused(422, "bad_items", ("text 1", "is bad"))})
    with pytest.raises(ServiceError, match="text 7: is bad") as error:
        embed(service, TEXTS)
    assert error.value.problems == (("text 2", "is blank"), ("'a' (item 3)", "is odd"), ("text 7", "is bad"))
    assert (error.value.status, error.value.code, len(service.asked)) == (422, "bad_items", 4)


def test_items_that_cannot_be_sent_are_named_beside_the_others(embed):
    service = Parted(after={1: refused(422, "bad_items", ("text 2", "is blank"))})
    some = ["0", Path("not/there.png"), "2", "3", "4", ["a"], "6"]
    with pytest.raises(ServiceError, match=r"3 items cannot be read") as error:
        embed(service, some)
    assert [name for name, _ in error.value.problems] == ["not/there.png", "item 6", "text 7"]
    assert error.value.problems[0][1].startswith("cannot be opened")

    none = Parted()
    with pytest.raises(BadItemsError, match=r"not/there.png: cannot be opened"):
        embed(none, [Path("not/there.png")])
    assert none.asked == []


def test_an_item_that_is_too_large_by_itself_is_named(embed):
    service = Parted(megabytes=0.0001, after={1: refused(413, "too_large")})
    with pytest.raises(ServiceError, match=r"^item 3: refused$") as error:
        embed(service, ["1", "2", "0" * 300, "4"])
    assert (error.value.problems, error.value.done) == ((("item 3", "refused"),), 4)
    assert (error.value.status, service.asked[2]) == (413, ["4"])


def test_a_service_that_is_gone_half_way_is_waited_for(slept):
    service = Parted(after={1: LOST, 2: LOST})
    with Client("http://x", transport=service.transport) as client:
        assert client.embed(TEXTS).shape == (10, 1)
    assert slept == [1, 2]


@pytest.mark.parametrize("after", [{0: LOST}, {1: httpx2.ReadTimeout("slow")}])
def test_what_was_never_there_or_is_too_slow_is_not(slept, after):
    with Client("http://x", transport=Parted(after=after).transport) as client, pytest.raises(ServiceError):
        client.embed(TEXTS)
    assert slept == []


def test_the_error_says_what_was_done(embed, slept):
    service = Parted(after={2: refused(500, "odd")})
    with pytest.raises(ServiceError, match="refused\nbefore, 6 of 10 items were answered") as error:
        embed(service, TEXTS)
    assert (error.value.done, error.value.status, error.value.code) == (6, 500, "odd")
    with pytest.raises(ServiceError) as error:
        embed(Parted(after={0: refused(500, "odd")}), TEXTS)
    assert (str(error.value), error.value.done) == ("refused", 0)


def test_an_enrolment_that_ends_half_way_says_what_is_kept(slept):
    lost = dict.fromkeys(range(1, 9), LOST)
    with (
        Client("http://x", transport=Parted(after=lost).transport) as client,
        pytest.raises(ServiceError, match=r"3 of 10 items are done, .* is enrolled; enrol all again") as error,
    ):
        client.gallery("people").enrol(TEXTS, "somebody")
    assert (error.value.done, error.value.code, slept) == (3, "unreachable", [1, 2, 4, 8, 16])


def test_who_stops_an_enrolment_is_told_what_is_kept():
    def stop(doing, done, total):
        if done == 6:
            raise KeyboardInterrupt

    service = Parted()
    with (
        Client("http://x", transport=service.transport) as client,
        pytest.raises(KeyboardInterrupt, match="6 of 10 items are done"),
    ):
        client.gallery("people").enrol(TEXTS, "somebody", progress=stop)


def test_requests_are_under_way_at_once_and_not_more():
    service, now, most, wanted = Parted(), [0], [0], [0]

    async def answer(request):
        now[0] += 1
        most[0] = max(most[0], now[0])
        until = time.monotonic() + 60
        while "embed" in request.url.path and most[0] < wanted[0] and time.monotonic() < until:
            await asyncio.sleep(0.001)  # until as many are under way as may be
        number = int(httpx2.Request.read(request)[11:13].strip(b'"') or 0) if "embed" in request.url.path else 0
        for _ in range(100 - number):  # the last are answered first
            await asyncio.sleep(0)
        now[0] -= 1
        return service(request)

    async def go(at_once):
        most[0], wanted[0] = 0, at_once
        transport = httpx2.MockTransport(answer)
        async with AsyncClient("http://x", transport=transport, at_once=at_once) as client:
            return await client.embed([str(number) for number in range(30)])

    for at_once in (1, 3):
        assert asyncio.run(go(at_once))[:, 0].tolist() == list(range(30))
        assert most[0] == at_once
    with pytest.raises(SettingsError, match="at_once is 0"):
        AsyncClient("http://x", at_once=0)


def test_a_real_service_embeds_and_identifies_what_it_does_not_take_at_once(small, uses):
    paths = [path for number in range(4) for path in uses.pictures(number)]
    with Client(small) as client:
        assert client.models().limits.items == 3
        np.testing.assert_allclose(client.embed(iter(paths)), load_model(uses.folders.model).embed(paths), atol=1e-5)
        people = client.gallery("people")
        answers = people.identify([*paths[:4], paths[4].read_bytes()], fpir=0.4, confidence=0.0)
        assert [one.item for one in answers] == [*map(str, paths[:4]), "picture 5"]
        assert [one.identity for one in answers[:2]] == ["id00", "id00"]
        found = people.search_all([*paths[:2], paths[4].read_bytes()], k=1)
        assert [one.item for one in found[:2]] == [str(path) for path in paths[:2]]
        assert [one.found[0].identity for one in found] == ["id00", "id00", "id01"]


def test_bad_files_are_called_by_their_names(small, uses, tmp_path):
    bad = tmp_path / "süß.png"
    bad.write_bytes(b"no picture")
    good = uses.pictures(0)
    with Client(small) as client:
        people = client.gallery("people")
        for ask in (
            lambda: client.embed([*good, bad]),
            lambda: people.identify([*good, bad], fpir=0.4, confidence=0.0),
            lambda: client.score([*good, bad], detector="patches"),
            lambda: client.compare(good[0], bad),
            lambda: people.search(bad),
            lambda: people.search_all([good[0], bad]),
            lambda: people.verify(bad, "id00"),
        ):
            with pytest.raises(ServiceError, match=re.escape(f"{bad}: is not a picture")) as error:
                ask()
            assert error.value.problems == ((str(bad), error.value.problems[0][1]),)
        with pytest.raises(ServiceError, match="picture 5: is not a picture"):
            client.embed([*good, b"no picture"])


def test_findings_have_the_names_of_files_and_places_in_the_list(small, uses, tmp_path):
    odd, bad = uses.root / "odd.png", tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    # A part of which nothing can be read is left out like single items.
    many = [*[uses.root / "calm.png"] * 3, bad, bad, bad, odd]
    with Client(small) as client:
        scores = client.score(many, detector="patches", skip_bad=True)
        assert [one.item for one in scores.items] == [*[str(uses.root / "calm.png")] * 3, str(odd)]
        assert [name for name, _ in scores.skipped] == [str(bad)] * 3
        assert scores.anomalies == sum(one.anomalous for one in scores.items) >= 1
        with pytest.raises(ServiceError, match="3 items cannot be read"):
            client.score([bad] * 3, detector="patches", skip_bad=True)
        rows = [*normal_of("row", count=4).items, anomaly_of("row")]
        assert client.score(rows, detector="rows").items[4].item == "row 5"
    found = httpx2.get(f"{small}/v1/findings").json()["findings"]
    assert {one["name"] for one in found} >= {"odd.png", "row 5"}


def test_an_enrolment_goes_on_past_what_is_bad_and_can_be_asked_again(small, uses, tmp_path):
    good = [*uses.pictures(4), *uses.pictures(5)]
    with Client(small) as client:
        people = client.gallery("people")
        first = people.enrol(good[:5], "again")
        assert (first.new, first.there) == (5, 0)
        done = people.enrol([*good, b"no picture", tmp_path / "none.png"], "again")
        assert (done.new, done.there) == (3, 5)
        assert [name for name, _ in done.problems] == [str(tmp_path / "none.png"), "picture 9"]
        assert people.remove("again").templates == 8
        with pytest.raises(BadItemsError, match=r"none.png: cannot be opened"):
            people.enrol([tmp_path / "none.png"], "again")


def test_items_are_enrolled_with_an_identity_and_fields_each(small, uses):
    paths = uses.pictures(4)
    with Client(small) as client:
        people = client.gallery("people")
        done = people.enrol_each(paths, ["one", "two", "three", "four"], [{"price": n} for n in range(len(paths))])
        assert done.new == 4
        (hit,) = people.search(paths[3], k=1, where="price >= 3")
        assert (hit.identity, hit.fields) == ("four", {"price": 3})
        assert people.enrol_each(paths, ["one", "two", "three", "four"]).there == 4
        for name in ("one", "two", "three", "four"):
            people.remove(name)
        with pytest.raises(InputError, match="4 items, 1 identities"):
            people.enrol_each(paths, ["one"])


def test_what_stands_twice_in_a_list_is_sent_once_with_its_last_fields(small, uses):
    one, *others = uses.pictures(4)
    items, names = [one, *others, one, one], ["twice", *"bcd", "twice", "twice"]
    fields = [*({"n": n} for n in range(5)), {}]

    async def awaited():
        async with AsyncClient(small) as client:
            return await client.gallery("people").enrol_each(items, names, fields)

    with Client(small) as client:
        people = client.gallery("people")
        for ask in (lambda: people.enrol_each(items, names, fields), lambda: asyncio.run(awaited())):
            done = ask()
            assert (done.new, done.there, done.repeated) == (4, 0, 2)
            assert [one.fields for one in people.templates("twice").templates] == [{"n": 4}]
            for name in ("twice", *"bcd"):
                people.remove(name)
        assert people.enrol([one, *others, one], "again").repeated == 1
        people.remove("again")
