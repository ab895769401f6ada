"""A text model in int8 behind the service: what others ask at the same moment changes no decision."""

import asyncio

import numpy as np
import pytest
import torch

from alikely.export import export_model
from alikely.server.batching import Batching
from alikely.storage import save_model
from tests.kinds import examples_of
from tests.test_every_kind import trained

ROUNDING = 1e-6


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder, examples = tmp_path_factory.mktemp("int8"), examples_of("text")
    save_model(trained("gru", "text", {}), folder / "model")
    return export_model(folder / "model", examples, int8=True, eer_loss=1.0, out=folder / "int8", seconds=0.0).model


def test_a_pair_has_the_same_verdict_whatever_is_asked_beside_it(model):
    texts = list(examples_of("text").items)
    pairs = [(left, right) for place, left in enumerate(texts) for right in texts[place + 1 : place + 6]]
    threshold = model.compare(*pairs[0]).threshold
    distances = np.array([model.distance_of(*pair) for pair in pairs])
    # The nearest to the threshold that are not on it: there, rounding decides, in fp32 as in int8.
    apart = np.where(np.abs(distances - threshold) > ROUNDING, np.abs(distances - threshold), np.inf)
    borderline = [pairs[place] for place in np.argsort(apart)[:5]]
    sizes = []
    batching = Batching(model, 64, 0.0, 100, sizes.append)

    async def asked(pair, beside):
        rows, *_ = await asyncio.gather(batching.embed(pair), *(batching.embed([text]) for text in beside))
        return rows

    try:
        for pair in borderline:
            alone = asyncio.run(asked(pair, []))
            for beside in (texts[:1], texts[:20], [*texts[20:], " ".join(texts[:10])]):
                sizes.clear()
                rows = asyncio.run(asked(pair, beside))
                assert max(sizes) > 1
                np.testing.assert_allclose(rows, alone, rtol=0, atol=ROUNDING / 2)
                assert _verdict(model, rows) == model.compare(*pair).verdict
    finally:
        batching.close()


def _verdict(model, rows):
    left, right = torch.from_numpy(rows)
    distance = float(model.distance.between(left[None], right[None])[0])
    return model.require_calibration().decide(distance).verdict
