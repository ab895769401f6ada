"""Recommending films: what people rated besides, among all films; and films never seen, by their characteristics alone.

`metrics.ndcg_at_10`, `metrics.recall_at_10`: of each person's ratings a quarter, drawn at random, is to be found among
all films that are not in the other three quarters. `metrics.cold_ndcg_at_10`, `metrics.cold_recall_at_10`: a fifth of
the films is held out with all their ratings; each person's ratings of these are to be found among all of the held-out
films, by genres, year, tags and the words of the title. Every rating counts alike. Recall@10 is divided by what can be
found, min(10, how many there are). Means over the people who have something to find.

Floors in the same run: popularity, ItemKNN and EASE; for films never seen, the cosine with the profile of genres and
ridge regression from content to ratings: on word counts of unit length (`ridge, TF`), and on the very features that
ours uses, once told from those (`ridge, ours`), which does much better. The settings were set by hand after single,
shorter runs on ratings held back from the training ratings of seed 0, the penalties of EASE and of the ridges too: no
search was made. `python -m benchmarks.movielens_choice` compares some others on such ratings.
"""

import time
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from alikely.metrics import found_at_k, ndcg_at_k
from alikely.tasks.recommend import Recommender, RecommendSettings, fit_recommender
from alikely.types import Kind
from benchmarks import movielens_floors as floors
from benchmarks.movielens_data import Films, cold_films, films, held_out
from benchmarks.report import Result, over_seeds, publish, read_options

AT = 10
COLUMNS = {"title": "text", "genres": "text", "tags": "text"}
PREPARATION: dict[Kind, dict[str, object]] = {"row": {"columns": {"year": "category", "decade": "category"}}}
QUICK = {"epochs": 1, "ridge": (200.0,), "content_ridge": (300.0,)}
CONTENT_RIDGE = {"ridge, TF": 10.0, "ridge, ours": 300.0}


def settings_for(seed: int, changes: dict[str, object] | None = None) -> RecommendSettings:
    """How films are recommended here: the defaults, with what the columns hold."""
    return RecommendSettings(
        columns=COLUMNS,
        preparation=PREPARATION,
        seed=seed,
        **(changes or {}),  # type: ignore[arg-type]
    )


def ranked(
    matches: Float[np.ndarray, "people films"],
    hidden: Bool[np.ndarray, "people films"],
    sought: Bool[np.ndarray, "people films"],
) -> dict[str, float]:
    """nDCG@10 and Recall@10 of the films that are not hidden."""
    open_to = np.where(hidden, -np.inf, matches)
    first = np.argsort(-open_to, axis=1, kind="stable")[:, :AT]
    people = np.flatnonzero(sought.any(axis=1))
    hits = np.take_along_axis(sought, first, axis=1)[people]
    counts = sought.sum(axis=1)[people]
    return {
        "ndcg_at_10": float(ndcg_at_k(hits, counts).mean()),
        "recall_at_10": float(found_at_k(hits, counts).mean()),
    }


def fitted(data: Films, chosen: Bool[np.ndarray, " ratings"], settings: RecommendSettings) -> Recommender:
    """A recommender of these ratings."""
    return fit_recommender(data.records, data.histories(chosen), settings)


def in_order_of_time(data: Films, chosen: Bool[np.ndarray, " ratings"]) -> list[np.ndarray]:
    """The films of each person, the latest last."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(data.time[rows], kind="stable")]
    return [data.film[rows[data.person[rows] == person]] for person in range(data.people)]


def warm(
    data: Films,
    learned: Bool[np.ndarray, " ratings"],
    sought: Bool[np.ndarray, " ratings"],
    settings: RecommendSettings,
) -> dict[str, dict[str, float]]:
    """Ours and the floors where all films are known."""
    likes, wanted = data.table(learned), data.table(sought) > 0
    hidden = likes > 0
    matches = {
        "ours": fitted(data, learned, settings).matches(in_order_of_time(data, learned)),
        "popularity": floors.popularity(likes),
        "ItemKNN": floors.item_knn(likes),
        "EASE": floors.ease(likes),
    }
    return {name: ranked(table, hidden, wanted) for name, table in matches.items()}


def cold(
    data: Films, ratings: Bool[np.ndarray, " ratings"], seed: int, settings: RecommendSettings
) -> dict[str, dict[str, float]]:
    """Ours and the floors on a fifth of the films, of which nothing but their characteristics is known."""
    new = cold_films(data, seed)
    learned, sought = ratings & ~new[data.film], ratings & new[data.film]
    likes, wanted = data.table(learned), data.table(sought) > 0
    hidden = np.tile(~new, (data.people, 1))
    recommender = fitted(data, learned, settings)
    content = recommender.matching.content.features.toarray()
    words = unit_rows(content)
    matches = {
        "ours": recommender.matches(in_order_of_time(data, learned)),
        "genre profile": floors.genre_profile(likes, genre_table(data)),
        "ridge, TF": floors.content_ridge(likes, words, ~new, CONTENT_RIDGE["ridge, TF"]),
        "ridge, ours": floors.content_ridge(likes, content, ~new, CONTENT_RIDGE["ridge, ours"]),
    }
    found = {name: ranked(table, hidden, wanted) for name, table in matches.items()}
    return {name: {f"cold_{key}": value for key, value in figures.items()} for name, figures in found.items()}


def genre_table(data: Films) -> Float[np.ndarray, "films genres"]:
    """1 where a film has a genre."""
    of_film = [record["genres"].split() for record in data.records]
    names = sorted({name for genres in of_film for name in genres})
    return np.array([[float(name in genres) for name in names] for genres in of_film], dtype=np.float32)


def unit_rows(table: Float[np.ndarray, "films features"]) -> Float[np.ndarray, "films features"]:
    """Rows of length 1."""
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9))


def over_runs(runs: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean and spread of each method's figures."""
    return {name: over_seeds([run[name] for run in runs]) for name in runs[0]}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=3)
    begin = time.perf_counter()
    data = films(options.data)
    everything = np.ones(len(data.person), bool)
    changes: dict[str, object] = dict(QUICK) if options.quick else {}
    known, new = [], []
    for seed in range(options.seeds):
        held = held_out(data, seed)
        known.append(warm(data, ~held, held, settings_for(seed, changes)))
        new.append(cold(data, everything, seed, settings_for(seed, changes)))
    of_known, of_new = over_runs(known), over_runs(new)
    names = dict.fromkeys([*of_known, *of_new])
    figures = {name: {**of_known.get(name, {}), **of_new.get(name, {})} for name in names}
    result = Result(
        name="movielens",
        metrics=figures.pop("ours"),
        floors=figures,
        settings={"seeds": options.seeds, **changes},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
