"""ONNX files as encoders: the answer is the network's, the folder holds it, and what does not fit is said."""

import json
from copy import deepcopy

import numpy as np
import pytest
import torch

from alikely.data.steps import Colour, Pad, Resize, Standardise
from alikely.encoders.onnx import Onnx
from alikely.errors import InputError, ModelError, SettingsError

WEIGHTS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def write(path, nodes, inputs, outputs, weights=WEIGHTS):
    from onnx import TensorProto, checker, helper, numpy_helper, save

    values = [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs]
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
    made = [helper.make_node(name, taken, given, **attributes) for name, taken, given, attributes in nodes]
    graph = helper.make_graph(made, "g", values, answers, [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    checker.check_model(model)
    save(model, str(path))
    return str(path)


def of_rows(path, items="items", outputs=None, nodes=None):
    """A network of 5 numbers -> 4: one matrix."""
    nodes = nodes or [("MatMul", ["x", "weights"], ["y"], {})]
    return write(path, nodes, [("x", 1, [items, 5])], outputs or [("y", ["items", 4])])


def of_pictures(path, channels=3, size=8):
    """The mean of each channel."""
    nodes = [("ReduceMean", ["x"], ["y"], {"axes": [2, 3], "keepdims": 0})]
    return write(path, nodes, [("x", 1, ["items", channels, size, size])], [("y", ["items", channels])])


def rows(count=3):
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(1))


def test_answer_is_that_of_the_network(tmp_path):
    encoder = Onnx(of_rows(tmp_path / "n.onnx"), given=5, normalise=False)
    assert encoder.dim == 4
    torch.testing.assert_close(encoder(rows()), rows() @ torch.from_numpy(WEIGHTS))
    assert not list(encoder.parameters())


def test_settings_and_weights_make_it_again_without_the_file(tmp_path):
    file = tmp_path / "n.onnx"
    encoder = Onnx(of_rows(file), given=5, head="mlp", dim=3)
    with torch.no_grad():
        encoder.head.out.weight.normal_()
    file.unlink()
    again = Onnx(**json.loads(json.dumps(encoder.settings())))
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(rows()), encoder.eval()(rows()))
    assert torch.equal(deepcopy(again)(rows()), encoder(rows()))
    assert again.settings() == encoder.settings()


def test_head_learns_and_the_network_stays(tmp_path):
    encoder = Onnx(of_rows(tmp_path / "n.onnx"), given=5, head="linear")
    encoder(rows()).sum().backward()
    assert {name for name, weights in encoder.named_parameters() if weights.grad is not None} == {
        "head.linear.weight",
        "head.linear.bias",
    }
    assert torch.equal(encoder.head(encoder.features(rows())), encoder(rows()))


def test_batch_answers_as_items_one_by_one(tmp_path):
    encoder = Onnx(of_rows(tmp_path / "n.onnx"), given=5).eval()
    for place in range(3):
        torch.testing.assert_close(encoder(rows())[place], encoder(rows()[place : place + 1])[0])


def test_a_network_with_one_scale_for_each_batch_gets_one_item_at_a_time(tmp_path):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    of_rows(tmp_path / "n.onnx")
    quantize_dynamic(tmp_path / "n.onnx", tmp_path / "int8.onnx", weight_type=QuantType.QInt8)
    encoder = Onnx(str(tmp_path / "int8.onnx"), given=5, normalise=False).eval()
    small, large = rows()[:1], 1000 * rows()[1:]
    # Beside the large one, the small one would be rounded away.
    assert encoder(small).abs().max() > 0.1
    assert torch.equal(encoder(torch.cat([large, small]))[-1:], encoder(small))


def test_pictures_take_size_and_colour_from_the_file(tmp_path):
    file = of_pictures(tmp_path / "n.onnx")
    chosen = {"size": None, "colour": "auto", "shape": "pad", "light": "none"}
    preparation = Onnx.preparation("picture", {"file": file}, chosen)
    assert preparation.item_steps == (Colour("rgb"), Pad(8))
    assert preparation.batch_steps == ()
    encoder = Onnx(file, **preparation.facts(), normalise=False)
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 1] = 51
    batch = preparation.finish(preparation.join([preparation.read_one(picture)]).float() / 255)
    torch.testing.assert_close(encoder(batch), torch.tensor([[0.0, 0.2, 0.0]]))
    standard = {**chosen, "mean": [0.5], "deviation": [0.25]}
    grey = of_pictures(tmp_path / "g.onnx", channels=1)
    assert Onnx.preparation("picture", {"file": grey}, standard).batch_steps == (Standardise((0.5,), (0.25,)),)
    assert Onnx.preparation("embedding", {"file": file}, {}) is None


def test_what_the_file_leaves_open_is_chosen(tmp_path):
    file = of_pictures(tmp_path / "n.onnx", size="side")
    assert Onnx.preparation("picture", {"file": file}, {"size": 40}).item_steps[-1] == Resize(40)
    assert Onnx.preparation("picture", {"file": file}, {}).item_steps[-1] == Resize(224)
    assert Onnx(file, channels=3, size=40).dim == 3


@pytest.mark.parametrize(
    ("standard", "sides"),
    [({"mean": [0.5]}, 8), ({"mean": ["a"], "deviation": [1]}, 8), ({"mean": [0.5], "deviation": [0]}, 8)],
)
def test_mean_and_deviation_that_do_not_fit(tmp_path, standard, sides):
    with pytest.raises(SettingsError):
        Onnx.preparation("picture", {"file": of_pictures(tmp_path / "n.onnx", size=sides)}, standard)


def test_files_that_are_no_network(tmp_path):
    (tmp_path / "text.onnx").write_text("this is no network")
    (tmp_path / "empty.onnx").touch()
    for name, message in [
        ("text.onnx", "is no ONNX file that can be run"),
        ("empty.onnx", r"is empty; name an \.onnx file"),
        ("absent.onnx", r"cannot be read .* name an \.onnx file"),
    ]:
        with pytest.raises(InputError, match=message):
            Onnx(str(tmp_path / name))
    with pytest.raises(SettingsError, match="which file"):
        Onnx()


def test_networks_that_cannot_be_encoders(tmp_path):
    file = tmp_path / "n.onnx"
    add = [("Add", ["a", "b"], ["y"], {})]
    two = write(file, add, [("a", 1, ["items", 5]), ("b", 1, ["items", 5])], [("y", ["items", 5])])
    with pytest.raises(InputError, match=r"has 2 inputs \(a, b\) and 1 output \(y\); export it with one of each"):
        Onnx(two)
    with pytest.raises(InputError, match=r"takes batches of shape \[7, 5\], but the first .* must be free"):
        Onnx(of_rows(file, items=7))
    whole = write(file, [("Cast", ["x"], ["y"], {"to": 1})], [("x", 7, ["items", 5])], [("y", ["items", 5])])
    with pytest.raises(InputError, match=r"takes tensor\(int64\), but must take tensor\(float\)"):
        Onnx(whole)
    over_batch = [("ReduceMean", ["x"], ["m"], {"axes": [0], "keepdims": 1}), ("Sub", ["x", "m"], ["y"], {})]
    with pytest.raises(InputError, match="an answer depends on the other items of its batch"):
        Onnx(of_rows(file, nodes=over_batch, outputs=[("y", ["items", 5])]))


@pytest.mark.parametrize(
    ("nodes", "shape", "found"),
    [
        ([("ReduceMean", ["x"], ["y"], {"axes": [0], "keepdims": 1})], [1, 5], r"\(1, 5\)"),
        ([("ReduceMean", ["x"], ["y"], {"axes": [1], "keepdims": 0})], ["items"], r"\(3\)"),
        ([("Unsqueeze", ["x", "one"], ["y"], {})], ["items", 1, 5], r"\(3, 1, 5\)"),
    ],
)
def test_output_of_the_wrong_shape(tmp_path, nodes, shape, found):
    if nodes[0][0] == "Unsqueeze":
        nodes = [("Constant", [], ["one"], {"value_ints": [1]}), *nodes]
    with pytest.raises(ModelError, match=rf"gives {found} for a batch of 3 items, but must give \(3, numbers\)"):
        Onnx(of_rows(tmp_path / "n.onnx", nodes=nodes, outputs=[("y", shape)]))


def test_items_that_do_not_fit(tmp_path):
    file = of_rows(tmp_path / "n.onnx")
    with pytest.raises(SettingsError, match=r"takes items of shape \(5\), and these are \(6\)"):
        Onnx(file, given=6)
    with pytest.raises(SettingsError, match=r"takes items of shape \(5\), and these are \(3, 8, 8\)"):
        Onnx(file, channels=3, size=8)
    with pytest.raises(SettingsError, match=r"takes items of shape \(5\), but pictures are square"):
        Onnx.preparation("picture", {"file": file}, {})
    open_sides = of_pictures(tmp_path / "p.onnx", size="side")
    with pytest.raises(SettingsError, match=r"takes items of shape \(3, any, any\); say which"):
        Onnx(open_sides)
    encoder = Onnx(file, given=5)
    with pytest.raises(ModelError, match=r"cannot take a batch of shape \(2, 6\)"):
        encoder(torch.zeros(2, 6))


def test_damaged_graph_in_a_model_folder(tmp_path):
    encoder = Onnx(of_rows(tmp_path / "n.onnx"), given=5)
    again = Onnx(**encoder.settings())
    with pytest.raises(InputError, match="is no ONNX file that can be run"):
        again(rows())  # its bytes never came
