"""ITEMS AND WHAT PEOPLE LIKED -> what they may like next, and why.

catalogue, histories    tables -> items, and who liked which
characteristics, tower  items -> what is known of them, prepared -> one vector each
people                  liked items -> one vector a person, by attention
losses, network         both learn to match
between, content        what histories and characteristics say in closed form
matching, choosing      all of it blended, by weights that held-back likes choose
recommender, diversity  the answers
conditions              which items may be among them
fitting, storage        all of it made; a recommender <-> a folder
"""

from alikely.tasks.recommend.fitting import fit_recommender
from alikely.tasks.recommend.recommender import Recommendation, Recommendations, Recommender
from alikely.tasks.recommend.settings import RecommendSettings
from alikely.tasks.recommend.storage import load_recommender, save_recommender

__all__ = [
    "Recommendation",
    "Recommendations",
    "RecommendSettings",
    "Recommender",
    "fit_recommender",
    "load_recommender",
    "save_recommender",
]
