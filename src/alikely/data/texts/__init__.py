"""TEXTS -> NUMBERS OF TOKENS: read and checked, cut into tokens that the training texts gave."""

from alikely.data.texts.preparation import TextPreparation, draft_texts, texts_from
from alikely.data.texts.settings import TextSettings

__all__ = ["TextPreparation", "TextSettings", "draft_texts", "texts_from"]
