"""Every encoder with every kind of item that it takes goes to ONNX and answers the same there, or says why it does not.

Found from the table: what is in it is tested.
"""

import numpy as np
import pytest

from alikely.engine import OnnxEngine
from alikely.errors import SettingsError
from alikely.export import export_model
from alikely.storage import load_model, save_model
from tests.kinds import examples_of
from tests.test_every_kind import ENCODERS_OF_KINDS, made_elsewhere, trained  # noqa: F401

IS_ONNX = "onnx"


@pytest.mark.parametrize(("encoder", "kind"), ENCODERS_OF_KINDS)
def test_export_answers_as_the_encoder(encoder, kind, made_elsewhere, tmp_path):  # noqa: F811
    model = trained(encoder, kind, made_elsewhere)
    folder, examples = save_model(model, tmp_path / "model"), examples_of(kind)
    if encoder == IS_ONNX:
        with pytest.raises(SettingsError, match="ONNX already"):
            export_model(folder, examples, seconds=0.0)
        assert load_model(folder).engine is None
        return

    done = export_model(folder, examples, seconds=0.0)

    again = load_model(folder)
    assert isinstance(again.engine, OnnxEngine)
    assert again.fingerprint() == model.fingerprint()
    assert done.proof.difference < 1e-5
    assert done.proof.eer == pytest.approx(done.proof.eer_before, abs=0.02)
    # Batches of other sizes than the exporter saw, items of other lengths, each alone and together.
    for count in (1, 2, 7, len(examples.items)):
        items = examples.items[:count]
        np.testing.assert_allclose(again.embed(items), model.embed(items), atol=1e-5)
    assert again.embed([]).shape == (0, model.dim)
