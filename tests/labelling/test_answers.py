"""The file of answers: several at once, undoing, crashes, damage, bad names; nothing is lost and nothing made up."""

import json
import os
import subprocess
import sys
import threading

import pytest

from alikely.errors import GalleryError, InputError, StorageError
from alikely.labelling.answers import AnswerFile, Asked
from alikely.labelling.kept import kept_item


def asked(one, other, **further):
    return Asked(kept_item(one, "text", one), kept_item(other, "text", other), "unsure", **further)


def said(file):
    return [(answer.number, answer.who, answer.answer) for answer in file.answers()]


def test_answers_come_back_as_they_were_given(tmp_path):
    file = AnswerFile(tmp_path / "labels")
    assert file.answers() == []
    assert not (tmp_path / "labels").exists()
    given = file.add(asked("a", "b", probability=0.25, known=True), "same", "  Ann   Ö ", 2.345)
    assert (given.number, given.who, given.seconds) == (1, "Ann Ö", 2.35)
    again = AnswerFile(tmp_path / "labels")
    assert again.answers() == [given]
    assert again.items()[given.left].said == {"text": "a"}
    assert given.pair == tuple(sorted([given.left, given.right]))


def test_the_later_of_two_answers_to_a_pair_counts_from_whichever_side(tmp_path):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    file.add(asked("b", "a"), "different", "Ann")
    file.add(asked("a", "b"), "skip", "Ben")
    assert said(file) == [(2, "Ann", "different"), (3, "Ben", "skip")]


def test_undoing_takes_back_ones_own_last_answer_and_is_a_line_too(tmp_path):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    file.add(asked("a", "c"), "same", "Ann")
    file.add(asked("a", "c"), "same", "Ben")
    assert file.undo("Ann").number == 2
    assert file.undo("Ann").number == 1
    with pytest.raises(GalleryError, match="Ann has given no answer"):
        file.undo("Ann")
    file.add(asked("a", "b"), "different", "Ann")
    assert said(file) == [(3, "Ben", "same"), (6, "Ann", "different")]
    assert sum("undo" in json.loads(line) for line in file.path.read_text().splitlines()) == 2


def test_what_fails_before_an_answer_is_taken_back_leaves_it(tmp_path):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    file.add(asked("a", "c"), "skip", "Ann")
    told = []

    def full(last):
        told.append((last, file.path.read_text()))
        raise StorageError("the disk is full")

    with pytest.raises(StorageError, match="full"):
        file.undo("Ann", full)
    ((last, written),) = told
    assert last.number == 2
    assert file.path.read_text() == written
    assert file.undo("Ann", told.append) == told[-1] == last
    assert said(file) == [(1, "Ann", "same")]


def test_what_another_process_adds_is_seen_and_numbers_never_repeat(tmp_path):
    here = AnswerFile(tmp_path)
    here.add(asked("a", "b"), "same", "Ann")
    code = (
        "from tests.labelling.test_answers import *\n"
        f"file = AnswerFile(__import__('pathlib').Path({str(tmp_path)!r}))\n"
        "for number in range(20): file.add(asked('x', str(number)), 'same', 'Ben')\n"
    )
    others = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda name=name: [here.add(asked("y", str(n)), "skip", name) for n in range(20)])
        for name in ("Cy", "Dan")
    ]
    for thread in threads:
        thread.start()
    for one in [*threads, *others]:
        one.join() if isinstance(one, threading.Thread) else one.wait()
    assert [other.returncode for other in others] == [0, 0]
    lines = [json.loads(line) for line in here.path.read_text().splitlines()]
    numbers = [line["answer"]["number"] for line in lines if "answer" in line]
    assert numbers == list(range(1, 82))
    items = [line["item"]["id"] for line in lines if "item" in line]
    assert len(items) == len(set(items))
    # Both processes answered the same pairs by the same name: the later counts.
    assert len(here.answers()) == 1 + 20 + 20 + 20


def test_a_line_that_a_crash_cut_off_was_never_said(tmp_path):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    with file.path.open("ab") as opened:
        opened.write(b'{"answer": {"number": 2, "left"')
    again = AnswerFile(tmp_path)
    assert said(again) == [(1, "Ann", "same")]
    again.add(asked("a", "c"), "different", "Ann")
    assert said(AnswerFile(tmp_path)) == [(1, "Ann", "same"), (2, "Ann", "different")]


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"answer": {"number": 1}}',
        '{"undo": {}}',
        "[]",
        '{"answer": {"number": 1, "left": "x", "right": "y", "answer": "same", "who": "a", "time": "", "seconds": 0,'
        ' "drawn": "unsure"}}',
    ],
)
def test_a_damaged_line_is_named(tmp_path, line):
    (tmp_path / "answers.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=r"answers\.jsonl, line 1: is no answer"):
        AnswerFile(tmp_path).answers()


def test_a_file_that_was_taken_from_a_copy_is_read_anew(tmp_path):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    before = file.path.read_bytes()
    file.add(asked("a", "c"), "same", "Ann")
    file.path.write_bytes(before)
    assert said(file) == [(1, "Ann", "same")]
    file.path.unlink()
    assert said(file) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a;b", "=1+1", "+a", " @a", "-a", "a\u0007b", "\ud800"])
def test_names_that_are_none(tmp_path, name):
    with pytest.raises(InputError, match="a labeller's name"):
        AnswerFile(tmp_path).add(asked("a", "b"), "same", name)


def test_a_disk_that_refuses_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")

    def half(handle, text):
        os.pwrite(handle, text[:10], os.lseek(handle, 0, os.SEEK_CUR))
        raise OSError(28, "No space left on device")

    before = file.path.read_bytes()
    monkeypatch.setattr("alikely.labelling.answers._write_all", half)
    with pytest.raises(StorageError, match="No space left"):
        file.add(asked("a", "c"), "same", "Ann")
    assert file.path.read_bytes() == before
    monkeypatch.undo()
    assert file.add(asked("a", "c"), "same", "Ann").number == 2


def test_an_answer_that_did_not_reach_the_disk_is_not_kept(tmp_path, monkeypatch):
    file = AnswerFile(tmp_path)
    file.add(asked("a", "b"), "same", "Ann")
    before = file.path.read_bytes()

    def refuse(handle):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        for say in (lambda: file.add(asked("a", "c"), "same", "Ann"), lambda: file.undo("Ann")):
            with pytest.raises(StorageError, match="Input/output error"):
                say()
    assert file.path.read_bytes() == before
    assert said(file) == said(AnswerFile(tmp_path)) == [(1, "Ann", "same")]
