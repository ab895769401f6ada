"""Texts -> numbers of tokens: known answers, tokens from the training texts only, and back from the model's files."""

import json
import subprocess
import sys
import time

import pytest
import torch

from alikely.contracts import Preparation
from alikely.data.texts import TextPreparation, draft_texts, texts_from
from alikely.data.texts.ngrams import Ngrams, ngrams_of
from alikely.errors import InputError, ModelError, SettingsError
from tests.pace import slower

TEXTS = [
    "the cat sat on the mat",
    "the dog sat on the log",
    "a cat and a dog",
    "Wer reitet so spät durch Nacht und Wind",
]
SORTS = pytest.mark.parametrize("tokens", ["bpe", "words", "ngrams"])


def fitted(tokens: str, texts: list[str] = TEXTS, **settings: object) -> TextPreparation:
    return draft_texts(texts, {"tokens": tokens, **settings}).fitted(texts, [])


def test_ngrams_by_hand():
    assert ngrams_of("ab c!") == [
        *(" a", "ab", "b ", " ab", "ab ", " ab "),
        *(" c", "c ", " c "),
        *(" !", "! ", " ! "),
    ]
    assert ngrams_of("aaaa aaaa").count("aaa") == 1
    assert ngrams_of("\u4f60\u597d") == [
        " \u4f60",
        "\u4f60\u597d",
        "\u597d ",
        " \u4f60\u597d",
        "\u4f60\u597d ",
        " \u4f60\u597d ",
    ]


def test_ngrams_are_numbered_by_how_many_texts_have_them():
    tokens = Ngrams.counted(["a", "a b", "a b", "c"], 300)
    # Those of "a" stand in 3 texts, those of "b" in 2, those of "c" in one only.
    assert tokens.kept == (" a", " a ", "a ", " b", " b ", "b ")
    assert tokens.often == (3, 3, 3, 2, 2, 2)
    assert tokens.count == 7
    assert tokens.numbers("b") == [4, 6, 5]
    assert tokens.numbers("c") == [0]
    # ln(5 / 1) + 1, ln(5 / 4) + 1, ln(5 / 3) + 1
    assert tokens.facts() == {"tokens": 7, "rarity": [[2.6, 1], [1.2, 3], [1.5, 3]]}
    assert Ngrams.counted(["a b"] * 2, 4).count == 4


def test_words_and_the_one_that_stands_for_all_others():
    preparation = fitted("words")
    the, cat, unknown = (int(preparation.read_one(word)[0]) for word in ("the", "cat", "zebra"))
    assert preparation.read_one("The zebra CAT.").tolist() == [the, unknown, cat, unknown]
    assert unknown == 0
    assert len({the, cat, unknown}) == 3


def test_pieces_of_words_know_everything():
    preparation = fitted("bpe")
    for text in ("the cat", "zyx \u4f60\u597d 🦄", "नमस्ते"):
        numbers = preparation.read_one(text)
        assert 0 <= numbers.min() <= numbers.max() < preparation.facts()["tokens"]
    assert len(preparation.read_one("the cat")) == 2  # both were learned whole
    assert preparation.read_one("the").tolist() == preparation.read_one("The").tolist()
    assert fitted("bpe", lower=False).read_one("the").tolist() != fitted("bpe", lower=False).read_one("The").tolist()


@SORTS
def test_meets_the_contract(tokens):
    draft = draft_texts(TEXTS, {"tokens": tokens})
    assert isinstance(draft, Preparation)
    assert draft.rereads
    assert draft.kind == "text"
    assert draft.read_one("a text").dtype == torch.int64  # it can be checked before anything is learned
    with pytest.raises(InputError, match="is empty"):
        draft.read_one("")
    preparation = draft.fitted(TEXTS, [])
    batch = preparation.join([preparation.read_one(text) for text in TEXTS])
    assert batch.dtype == torch.int64
    assert batch[0, -1] == -1 or batch[3, -1] == -1
    assert 0 <= batch.amax() < preparation.facts()["tokens"]
    assert torch.equal(preparation.finish(batch), batch)
    for row, text in enumerate(TEXTS):
        alone = preparation.read_one(text)
        assert torch.equal(batch[row, : len(alone)], alone)
        assert (batch[row, len(alone) :] == -1).all()


@SORTS
def test_comes_back_from_settings_and_files(tokens):
    preparation = fitted(tokens, longest=50)
    again = texts_from(json.loads(json.dumps(preparation.settings())), preparation.files())
    assert again == preparation
    assert again.facts() == preparation.facts()
    for text in (*TEXTS, "something else, entirely"):
        assert torch.equal(again.read_one(text), preparation.read_one(text))


def test_equal_texts_give_equal_tokens_in_another_process():
    many = [f"{text} {number % 17} {number % 5}" for number in range(50) for text in TEXTS]
    program = (
        "import json, sys; from alikely.data.texts import draft_texts; texts = json.load(sys.stdin);"
        "made = [draft_texts(texts, {'tokens': t}).fitted(texts, []).files() for t in ('bpe', 'words', 'ngrams')];"
        "print(json.dumps([{name: content.decode() for name, content in files.items()} for files in made]))"
    )
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, input=json.dumps(many), capture_output=True, text=True, check=True)
    for tokens, files in zip(("bpe", "words", "ngrams"), json.loads(answer.stdout), strict=True):
        assert {name: content.decode() for name, content in fitted(tokens, many).files().items()} == files


@SORTS
def test_a_text_of_a_million_characters_is_cut_before_time_is_spent(tokens):
    preparation = fitted(tokens)
    begin = time.process_time()
    for text in ("the cat sat " * 90_000, "x" * 1_000_000):
        assert 1 <= len(preparation.read_one(text)) <= preparation.chosen.longest
    assert time.process_time() - begin < 2 * slower()
    assert len(fitted(tokens, longest=7).read_one("the cat sat on the mat " * 10)) <= 7


def test_all_ngrams_of_a_text_that_is_cut_are_used():
    text = "abcdef.!?ghij"
    preparation = fitted("ngrams", [text] * 2, longest=39)  # 39 / 3 characters
    assert len(preparation.read_one(text)) == len(ngrams_of(text)) <= 39
    assert len(fitted("ngrams", [text] * 2, longest=18).read_one(text)) == len(ngrams_of(text[:6]))


def test_vocabulary_bounds_the_number_of_tokens():
    many = [f"word{number} word{number}" for number in range(400)] * 2
    for tokens in ("bpe", "words", "ngrams"):
        assert fitted(tokens, many, vocabulary=300).facts()["tokens"] <= 300


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"token": "bpe"}, "texts have no setting 'token'; they have tokens, vocabulary, longest, lower"),
        ({"tokens": "wordpiece"}, "tokens must be one of bpe, words, ngrams, got 'wordpiece'"),
        ({"tokens": 3}, "tokens must be one of bpe, words, ngrams, got 3"),
        ({"vocabulary": 10}, "vocabulary must be a whole number from 300 to 2000000, got 10"),
        ({"vocabulary": 1e4}, "vocabulary must be a whole number from 300 to 2000000, got 10000.0"),
        ({"longest": True}, "longest must be a whole number from 4 to 65536, got True"),
        ({"lower": "no"}, "lower must be true or false, got 'no'"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(SettingsError, match=message):
        draft_texts(TEXTS, settings)


def test_no_texts_give_no_tokens():
    with pytest.raises(InputError, match="tokens cannot be learned without texts"):
        fitted("bpe", [])


@SORTS
def test_damaged_models_are_told(tokens):
    preparation = fitted(tokens)
    (name,) = preparation.files()
    settings = preparation.settings()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        texts_from(settings, {})
    for content in (b"", b"{}", b"\xff\xfe", b'{"ngrams": ["a"], "texts": 1, "often": []}'):
        with pytest.raises(ModelError, match=f"{name} is damaged"):
            texts_from(settings, {name: content})
    with pytest.raises(ModelError, match=r"no setting 'casing'.*newer version"):
        texts_from({**settings, "casing": 1}, preparation.files())


@pytest.mark.parametrize(("characters", "vocabulary"), [(0, 300), (30_099, 300), (30_100, 301), (10_000_000, 8000)])
def test_the_vocabulary_of_pieces_of_words_goes_with_how_much_text_there_is(characters, vocabulary):
    texts = ["a" * (characters - characters // 2), "b" * (characters // 2)]
    assert draft_texts(texts, {}).chosen.vocabulary == vocabulary
    assert draft_texts(texts, {"vocabulary": 500}).chosen.vocabulary == 500
    assert draft_texts(texts, {"tokens": "words"}).chosen.vocabulary == 30_000
