"""The whole way on a small shop: who is served how, what is kept, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from alikely.errors import InputError, ModelError, SettingsError, StorageError, TooFewError
from alikely.tasks.recommend import fit_recommender, load_recommender, save_recommender
from tests.tasks.recommend.shop import SMALL, items, likes


@pytest.fixture(scope="module")
def shop():
    return fit_recommender(items(), likes(), SMALL)


def kinds(found):
    return [one.fields["kind"] for one in found]


def test_somebody_new_gets_what_is_of_their_taste(shop):
    answer = shop.for_person(["p1", "p5", "p9"], 5)
    assert kinds(answer.items) == ["kitchen"] * 5
    assert answer.unknown == ()
    assert not answer.by_popularity
    assert [one.match for one in answer.items] == sorted((one.match for one in answer.items), reverse=True)


def test_what_was_liked_is_not_recommended_unless_asked_for(shop):
    history = ["p1", "p5", "p9"]
    assert not {one.item for one in shop.for_person(history, 60).items} & set(history)
    assert len(shop.for_person(history, 60).items) == 57
    assert set(history) < {one.item for one in shop.for_person(history, 60, with_seen=True).items}
    assert "p13" not in {one.item for one in shop.for_person(history, 60, leave_out=["p13"]).items}


def test_the_reason_is_the_liked_item_with_the_largest_share(shop):
    one = shop.for_person(["p2", "p1", "p5"], 1).items[0]
    liked = np.array([2, 1, 5])
    place = shop.catalogue.ids.index(one.item)
    shares = shop.matching.shares(liked, place, shop.of_known)
    assert one.reason == shop.catalogue.ids[liked[shares.argmax()]]
    assert one.share == pytest.approx(shares.max() / shares.clip(min=0).sum())
    titles = {item["id"]: item["title"] for item in items()}
    assert one.sentence() == (f"{one.item} ({titles[one.item]}): because you liked {one.reason} ({titles[one.reason]})")


def test_a_condition_on_a_column_that_is_not_there_names_those_there_are(shop):
    for where in ("colour = 'red'", "stock = 1 and not (kind = 'music' or colour is missing)", "colour in (1, 2)"):
        with pytest.raises(SettingsError, match="no column 'colour'; there are: title, kind, price, stock"):
            shop.for_person(["p1"], where=where)
        with pytest.raises(SettingsError, match="no column 'colour'"):
            shop.like("p1", where=where)
    assert len(shop.for_person(["p1"], 3, where="price > 0 or kind is missing").items) == 3


def test_what_was_learned_is_called_as_the_page_calls_it(shop):
    rows = dict(shop.rows())
    assert set(rows) >= {"penalty of histories", "penalty of characteristics", "nDCG@10 of held-back likes"}
    assert rows["weights for liked items"].startswith("network ")
    assert "histories" in rows["weights for new items"]
    assert not [name for name in rows if "_" in name or "ridge" in name]


def test_shares_and_the_start_are_the_whole_match(shop):
    liked = np.array([2, 1, 5])
    matches = shop.matches([liked])[0]
    start = (shop.matching.vectors @ shop.matching.network.person.start).numpy() * shop.of_known.network
    for place in (0, 17, 42):
        shares = shop.matching.shares(liked, place, shop.of_known)
        assert matches[place] == pytest.approx(start[place] + shares.sum(), rel=1e-3, abs=1e-3)


def test_without_a_history_what_most_people_liked(shop):
    answer = shop.for_person([], 3)
    assert answer.by_popularity
    counts = shop.counts[[shop.catalogue.ids.index(one.item) for one in answer.items]]
    assert counts.tolist() == sorted(shop.counts, reverse=True)[:3]
    assert answer.items[0].reason is None
    assert answer.items[0].sentence().endswith("liked by many")


def test_unknown_items_are_named(shop):
    answer = shop.for_person(["p1", "gone", "p5"], 3)
    assert answer.unknown == ("gone",)
    assert answer.items == shop.for_person(["p1", "p5"], 3).items
    with pytest.raises(InputError, match="none of the items in the history is in the catalogue: gone"):
        shop.for_person(["gone"])


def test_somebody_of_the_histories(shop):
    liked, seen = shop.history_of("v1")
    assert len(liked) == 7
    assert seen == ()
    assert shop.for_somebody((), "v1", 4) == shop.for_person(liked, 4)
    assert shop.for_somebody(("p2",), "v1", 4) == shop.for_person((*liked, "p2"), 4)
    with pytest.raises(InputError, match="no person 'nobody'"):
        shop.history_of("nobody")


def test_only_what_meets_the_condition(shop):
    found = shop.for_person(["p1", "p5"], 60, where="stock = 1 and price < 30").items
    assert found
    assert all(one.fields["stock"] == 1 and one.fields["price"] < 30 for one in found)
    assert shop.for_person(["p1"], where="price > 1000").items == ()
    with pytest.raises(SettingsError):
        shop.for_person(["p1"], where="price is cheap")


def test_diversity_makes_the_items_less_alike(shop):
    def likeness(found):
        vectors = shop.matching.vectors[[shop.catalogue.ids.index(one.item) for one in found]]
        unit = vectors / vectors.norm(dim=1, keepdim=True)
        return (unit @ unit.T).triu(1).sum().item()

    history = ["p1", "p2", "p5"]
    plain, diverse = (shop.for_person(history, 6, diversity=share).items for share in (0.0, 0.8))
    assert plain[0].item == diverse[0].item
    assert likeness(diverse) < likeness(plain)


def test_items_like_an_item(shop):
    found = shop.like("p2", 4)
    assert kinds(found) == ["sport"] * 4
    assert "p2" not in [one.item for one in found]
    assert {one.reason for one in found} == {"p2"}
    with pytest.raises(InputError, match="no item 'gone'"):
        shop.like("gone")


def test_an_item_never_seen_is_recommended_by_its_characteristics(shop):
    new = shop.with_items(
        [{"id": f"new-{kind}", "title": f"{kind} thing", "kind": kind, "price": 1} for kind in ("sport", "music")]
    )
    found = [one.item for one in new.for_person(["p2", "p6", "p10"], 62).items]
    assert found.index("new-sport") < found.index("new-music")
    assert len(shop.catalogue) == 60
    assert new.for_person(["new-sport"], 3).items
    with pytest.raises(InputError, match="'p1' is in the catalogue already"):
        shop.with_items([{"id": "p1", "title": "x", "kind": "y"}])


@pytest.mark.parametrize(("k", "diversity"), [(0, 0.0), (3, 1.5), (3, float("nan"))])
def test_bounds_of_a_question(shop, k, diversity):
    with pytest.raises(SettingsError):
        shop.for_person(["p1"], k, diversity=diversity)


def test_a_single_id_is_no_history(shop):
    with pytest.raises(InputError, match="in a list"):
        shop.for_person("p1")


def test_equal_seeds_give_equal_recommenders(shop):
    again = fit_recommender(items(), likes(), SMALL)
    assert (again.matching.vectors == shop.matching.vectors).all()
    assert again.for_person(["p1"]) == shop.for_person(["p1"])


def test_saved_and_loaded_it_answers_bit_for_bit(shop, tmp_path):
    save_recommender(shop, tmp_path / "shop")
    loaded = load_recommender(tmp_path / "shop")
    assert (loaded.matches(shop.histories.liked) == shop.matches(shop.histories.liked)).all()
    assert loaded.for_person(["p1", "p5"], 9, diversity=0.3) == shop.for_person(["p1", "p5"], 9, diversity=0.3)
    assert loaded.for_somebody((), "v3") == shop.for_somebody((), "v3")
    assert loaded.rows() == shop.rows()
    new = [{"id": "new", "title": "sport thing", "kind": "sport", "price": 1}]
    assert loaded.with_items(new).for_person(["p2"], 60) == shop.with_items(new).for_person(["p2"], 60)
    save_recommender(loaded, tmp_path / "shop")
    assert load_recommender(tmp_path / "shop").rows() == shop.rows()


@pytest.mark.parametrize("file", ["recommender.json", "numbers.safetensors", "words.json", "part-0-tokenizer.json"])
def test_a_damaged_folder_is_refused(shop, tmp_path, file):
    save_recommender(shop, tmp_path / "shop")
    content = (tmp_path / "shop" / file).read_bytes()
    (tmp_path / "shop" / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=file):
        load_recommender(tmp_path / "shop")
    (tmp_path / "shop" / file).unlink()
    with pytest.raises(ModelError, match=file):
        load_recommender(tmp_path / "shop")


def test_what_is_no_recommender_is_neither_read_nor_replaced(shop, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(StorageError, match="is no recommender"):
        save_recommender(shop, tmp_path / "letters")
    with pytest.raises(ModelError, match="no recommender"):
        load_recommender(tmp_path / "letters")
    assert (tmp_path / "letters" / "dear.txt").read_text() == "keep me"


def test_ids_alone(tmp_path):
    shop = fit_recommender([{"id": f"p{i}"} for i in range(60)], likes(), SMALL_IDS)
    found = shop.for_person(["p1", "p5", "p9"], 5)
    assert sum(int(one.item[1:]) % 4 == 1 for one in found.items) >= 4
    save_recommender(shop, tmp_path / "shop")
    assert load_recommender(tmp_path / "shop").for_person(["p1"]) == shop.for_person(["p1"])


def test_characteristics_alone():
    shop = fit_recommender(items(), likes(), replace(SMALL, ids=False))
    assert kinds(shop.for_person(["p1", "p5", "p9"], 4).items) == ["kitchen"] * 4


def test_some_items_are_drawn_where_there_are_many():
    shop = fit_recommender(items(), likes(), replace(SMALL, candidates=20, epochs=2))
    assert kinds(shop.for_person(["p1", "p5", "p9"], 3).items) == ["kitchen"] * 3


def test_no_network():
    shop = fit_recommender(items(), likes(), replace(SMALL, epochs=0))
    assert kinds(shop.for_person(["p1", "p5", "p9"], 3).items) == ["kitchen"] * 3


def test_what_was_only_seen_is_left_out():
    rated = [{**row, "rating": 5} for row in likes()] + [{"person": "v1", "item": "p57", "rating": 1}]
    shop = fit_recommender(items(), rated, replace(SMALL, liked=4.0, epochs=1))
    assert shop.history_of("v1")[1] == ("p57",)
    assert "p57" not in [one.item for one in shop.for_somebody((), "v1", 60).items]
    assert "p57" in [one.item for one in shop.for_somebody((), "v1", 60, with_seen=True).items]


def test_too_few():
    with pytest.raises(TooFewError, match=r"at least 10 people .* got 5 such people"):
        fit_recommender(items(), likes(people=5), SMALL)
    with pytest.raises(TooFewError, match="10 items that somebody liked; got 20 such people and 8 such items"):
        fit_recommender(items(8), likes(people=20, count=8, each=2), SMALL)


SMALL_IDS = replace(SMALL, columns={}, epochs=10)
