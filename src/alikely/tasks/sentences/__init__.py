"""Texts -> what each means beside the others: paraphrases, groups of one meaning, answers that are known.

corpus       a file with a text a line, a table or a list -> texts, each once, and their embeddings
paraphrases  a corpus -> its paraphrases, and its groups of one meaning
questions    a table of questions and answers -> the questions, each with its answer as its label
limit        these and a share of wrong answers -> how near a question must be to get an answer
answers      these kept in a folder -> the answer to a question in other words, or that none is known
"""

from alikely.tasks.sentences.answers import Answers, Learned, Reply, learn_answers
from alikely.tasks.sentences.corpus import read_corpus
from alikely.tasks.sentences.paraphrases import group_texts, paraphrases

__all__ = ["paraphrases", "group_texts", "learn_answers", "Answers", "Reply", "Learned", "read_corpus"]
