"""Texts -> what each means beside the others: paraphrases, groups of one meaning, answers that are known.

corpus       a file with a text a line, a table or a list -> texts, each once, and their embeddings
paraphrases  a corpus -> its paraphrases, and its groups of one meaning
"""

from alikely.tasks.sentences.corpus import read_corpus
from alikely.tasks.sentences.paraphrases import group_texts, paraphrases

__all__ = ["paraphrases", "group_texts", "read_corpus"]
