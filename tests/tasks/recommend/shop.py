"""A small shop: items of four kinds, and people who like the items of one kind."""

import numpy as np

from alikely.tasks.recommend import RecommendSettings

KINDS = ("garden", "kitchen", "sport", "music")
SMALL = RecommendSettings(
    columns={"title": "text", "price": "leave_out", "stock": "leave_out"},
    epochs=4,
    dim=8,
    ridge=(20.0,),
    content_ridge=(30.0,),
    neighbours=20,
)


def items(count=60):
    return [
        {
            "id": f"p{i}",
            "title": f"{KINDS[i % 4]} thing {i // 8}",
            "kind": KINDS[i % 4],
            "price": 5 + i,
            "stock": int(i % 3 > 0),
        }
        for i in range(count)
    ]


def likes(people=40, count=60, each=7, seed=0):
    rng = np.random.default_rng(seed)
    return [
        {"person": f"v{person}", "item": f"p{place}"}
        for person in range(people)
        for place in rng.choice(np.arange(person % 4, count, 4), each, replace=False)
    ]
