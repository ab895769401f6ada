"""Questions in several wordings, and a small model that has learned from some of them."""

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.training.progress import Silent

VERBS = ("cancel", "change", "return", "insure", "track", "print", "repair", "sell", "share", "rename")
NOUNS = ("order", "password", "ticket", "address", "invoice", "account", "parcel", "voucher", "photo", "phone")


def wordings(verb: str, noun: str) -> list[str]:
    return [
        f"How do I {verb} my {noun}?",
        f"{verb} {noun}: how?",
        f"I would like to {verb} the {noun}, please.",
        f"Please help, my {noun} is what I want to {verb}!",
    ]


def texts_of(pairs: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """All wordings, and what each asks."""
    texts = [text for pair in pairs for text in wordings(*pair)]
    return texts, [f"{verb} {noun}" for verb, noun in pairs for _ in wordings(verb, noun)]


def all_pairs() -> list[tuple[str, str]]:
    return [(verb, noun) for verb in VERBS for noun in NOUNS]


def trained() -> SiameseModel:
    """A bag of words that knows which words count; calibrated on wordings that it has not learned from."""
    texts, labels = texts_of(all_pairs())
    settings = TrainSettings(encoder="bag", preparation={"tokens": "ngrams"}, distance="cosine", epochs=3)
    return alikely.train(alikely.examples_from(texts, labels=labels, kind="text"), settings, reporter=Silent()).model
