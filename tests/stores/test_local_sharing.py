"""One store used by several threads and processes: each sees whole states, one at a time writes."""

import json
import os
import threading
import time
from contextlib import closing

import pytest

from alikely.errors import GalleryError
from alikely.stores.local import FRESH, create_local, open_local
from tests.naive_store import check_same, made_up
from tests.stores.filled import QUERIES, SMALL, filled


def test_a_second_writer_waits_and_is_then_told_who_writes(tmp_path):
    folder = tmp_path / "store"
    filled(folder, 10)
    with closing(open_local(folder, SMALL)) as first, closing(open_local(folder, SMALL, wait=0.3)) as second:
        with first._database.writing():
            start = time.perf_counter()
            with pytest.raises(GalleryError, match=rf"process {os.getpid()} on .*Nothing was written"):
                second.put(made_up([77]))
            assert time.perf_counter() - start >= 0.25
            assert second.count() == 10  # Reading goes on meanwhile.
        assert second.put(made_up([77])) == 1
        assert first.count() == 11
        second_waits = open_local(folder, SMALL, wait=30.0)
        held = first._database.writing()
        held.__enter__()
        ender = threading.Timer(0.3, lambda: held.__exit__(None, None, None))
        ender.start()
        assert second_waits.put(made_up([78])) == 1
        ender.join()
        second_waits.close()


def test_a_reader_sees_what_another_process_wrote(tmp_path):
    folder = tmp_path / "store"
    naive = filled(folder, 100)
    with closing(open_local(folder, SMALL)) as reader, closing(open_local(folder, SMALL)) as writer:
        for step in range(8):
            check_same(reader, naive, QUERIES[:3], 7, recall=0.9)
            given = made_up(range(40 * step, 40 * step + 60), seed=step, fields=lambda number: {"number": number})
            assert writer.put(given) == naive.put(given)
            check_same(reader, naive, QUERIES[:3], 7, "number > 50", recall=0.9)
            assert writer.remove(identities=[f"p{step}"]) == naive.remove(identities=[f"p{step}"])
            time.sleep(2 * FRESH)
            assert set(reader.search(QUERIES[:1], 400).keys[0].tolist()) - {None} == set(naive.kept)


def test_readers_see_whole_states_while_another_writes(tmp_path):
    folder = tmp_path / "store"
    create_local(folder, 8, "euclidean", {}, SMALL).close()
    ended, problems = threading.Event(), []

    def read():
        with closing(open_local(folder, SMALL)) as reader:
            while not ended.is_set():
                # Each write puts 10 of one batch together, and removes 10 together.
                found = reader.search(QUERIES[:1], 400, with_fields=True)
                batches = [fields["batch"] for fields in found.fields[0] if fields]
                whole = all(batches.count(batch) == 10 for batch in set(batches))
                if not whole or len(set(found.keys[0, : len(batches)])) != len(batches):
                    problems.append(batches)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    with closing(open_local(folder, SMALL)) as writer:
        for batch in range(30):
            writer.put(made_up(range(10 * batch, 10 * batch + 10), fields=lambda number: {"batch": number // 10}))
            if batch % 5 == 4:
                writer.remove([f"k{number}" for number in range(10 * batch - 20, 10 * batch - 10)])
    ended.set()
    for reader in readers:
        reader.join(30)
    assert not problems


def test_a_search_with_a_condition_or_fields_sees_one_state(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    monkeypatch.setattr("alikely.stores.local.FRESH", 3600.0)
    naive = filled(folder, 30)
    with closing(open_local(folder, SMALL)) as reader, closing(open_local(folder, SMALL)) as writer:
        reader.search(QUERIES, 3)
        given = made_up(range(20, 50), seed=1, fields=lambda number: {"number": number})
        assert writer.put(given) == naive.put(given)
        assert writer.remove(["k3"]) == naive.remove(["k3"])
        # It need not look whether others have written; but what it finds and their fields are of the same state.
        check_same(reader, naive, QUERIES, 5, "number > 10")
        check_same(reader, naive, QUERIES, 5)


def test_many_threads_may_share_a_store(tmp_path):
    naive = filled(tmp_path / "store", 300)
    with closing(open_local(tmp_path / "store", SMALL)) as store:
        answers, problems = [], []

        def ask():
            try:
                for _ in range(10):
                    answers.append(store.search(QUERIES[:2], 3).keys.tolist())
            except Exception as error:  # told below
                problems.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert len({json.dumps(answer) for answer in answers}) == 1
        check_same(store, naive, QUERIES, 3, recall=0.9)
