"""What simple methods recommend, told the same as ours: popularity, ItemKNN, EASE; of new films, by their content.

Each takes a table people x films of likes (1, else 0) and gives a table of the same shape, larger where it fits better.
"""

import numpy as np
from jaxtyping import Bool, Float

Likes = Float[np.ndarray, "people films"]
NEIGHBOURS = 50
EASE_RIDGE = 300.0


def popularity(likes: Likes) -> Likes:
    """How many people liked each film, for everybody."""
    return np.asarray(np.tile(likes.sum(axis=0), (len(likes), 1)))


def item_knn(likes: Likes) -> Likes:
    """The sum of the cosines with the liked films, of each film's 50 nearest (Deshpande, Karypis 2004)."""
    lengths = np.sqrt(likes.sum(axis=0)) + 1e-9
    cosines = (likes.T @ likes) / lengths[:, None] / lengths[None, :]
    np.fill_diagonal(cosines, 0)
    least = np.partition(cosines, -NEIGHBOURS, axis=0)[-NEIGHBOURS]
    return np.asarray(likes @ np.where(cosines >= least, cosines, 0))


def ease(likes: Likes, ridge: float = EASE_RIDGE) -> Likes:
    """Steck 2019, eq. 8, by way of the people, who are fewer than the films."""
    table = likes.astype(np.float64)
    solved = np.linalg.solve(table @ table.T + ridge * np.eye(len(table)), table)
    diagonal = (1 - (table * solved).sum(axis=0)) / ridge
    # `solved` is also likes @ P, with (X'X + ridge)^-1 = P.
    return np.asarray(table - solved / diagonal)


def genre_profile(likes: Likes, genres: Float[np.ndarray, "films genres"]) -> Likes:
    """The cosine of a film's genres and the sum of those of the liked films."""
    unit = genres / np.maximum(np.linalg.norm(genres, axis=1, keepdims=True), 1e-9)
    profile = likes @ unit
    length = np.maximum(np.linalg.norm(profile, axis=1, keepdims=True), 1e-9)
    return np.asarray((profile / length) @ unit.T)


def content_ridge(
    likes: Likes, content: Float[np.ndarray, "films features"], known: Bool[np.ndarray, " films"], ridge: float
) -> Likes:
    """For each person a ridge regression from the content of all known films to whether they liked it."""
    of_known = content[known].astype(np.float64)
    gram = of_known.T @ of_known + ridge * np.eye(content.shape[1])
    weights = np.linalg.solve(gram, of_known.T @ likes[:, known].T.astype(np.float64))
    return np.asarray((content @ weights).T)
