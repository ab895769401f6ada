"""MovieLens: ratings.csv, movies.csv and tags.csv -> items with characteristics, histories, and how they are split."""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

TEST = 0.25  # of each person's ratings
COLD = 0.2  # of the films
YEAR = re.compile(r"\((\d{4})\)\s*$")


@dataclass(frozen=True)
class Films:
    """Films as records, and each rating as numbers of a person and a film. A rating counts as liking, whatever it is.

    `people` is the number of people.
    """

    records: tuple[dict[str, str], ...]
    person: Int[np.ndarray, " ratings"]
    film: Int[np.ndarray, " ratings"]
    time: Int[np.ndarray, " ratings"]
    people: int

    def table(self, chosen: Bool[np.ndarray, " ratings"]) -> Float[np.ndarray, "people films"]:
        """1 where the person has rated the film in one of the chosen ratings."""
        table = np.zeros((self.people, len(self.records)), np.float32)
        table[self.person[chosen], self.film[chosen]] = 1.0
        return table

    def histories(self, chosen: Bool[np.ndarray, " ratings"]) -> list[dict[str, str | int]]:
        """The chosen ratings as records person,item,time."""
        return [
            {"person": str(self.person[i]), "item": self.records[self.film[i]]["id"], "time": int(self.time[i])}
            for i in np.flatnonzero(chosen)
        ]


def films(data: Path) -> Films:
    """9,125 films, 100,004 ratings of 671 people. A film is its genres, its year, the words of its title, and tags.

    Of the tags only the words are taken, not who gave them: that would tell who has rated the film.
    """
    folder = data / "movielens"
    tags: dict[str, set[str]] = defaultdict(set)
    for row in _rows(folder / "tags.csv"):
        tags[row["movieId"]].add(row["tag"])
    records = []
    for row in _rows(folder / "movies.csv"):
        year = YEAR.search(row["title"])
        records.append(
            {
                "id": row["movieId"],
                "title": YEAR.sub("", row["title"]).strip(),
                "genres": " ".join(genre.replace("-", "") for genre in row["genres"].split("|")),
                "tags": " ".join(sorted(tags[row["movieId"]])),
                "year": year[1] if year else "",
                "decade": f"{year[1][:3]}0s" if year else "",
            }
        )
    place = {record["id"]: number for number, record in enumerate(records)}
    ratings = _rows(folder / "ratings.csv")
    names = {name: number for number, name in enumerate(dict.fromkeys(row["userId"] for row in ratings))}
    return Films(
        records=tuple(records),
        person=np.array([names[row["userId"]] for row in ratings]),
        film=np.array([place[row["movieId"]] for row in ratings]),
        time=np.array([int(row["timestamp"]) for row in ratings]),
        people=len(names),
    )


def held_out(data: Films, seed: int, among: Bool[np.ndarray, " ratings"] | None = None) -> Bool[np.ndarray, " ratings"]:
    """A quarter of each person's ratings (of those `among`), drawn at random."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(data.person), bool)
    for person in range(data.people):
        own = np.flatnonzero((data.person == person) & (True if among is None else among))
        held[rng.permutation(own)[: round(TEST * len(own))]] = True
    return held


def cold_films(data: Films, seed: int) -> Bool[np.ndarray, " films"]:
    """A fifth of the films, drawn at random."""
    count = len(data.records)
    cold = np.zeros(count, bool)
    cold[np.random.default_rng(seed).permutation(count)[: round(COLD * count)]] = True
    return cold


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
