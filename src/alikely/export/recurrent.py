"""An encoder with recurrent layers of torch -> the same with those that ONNX has itself.

torch would write each as a loop over its steps, or, worse, as so many steps as its example has.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

# torch's gates in the order that ONNX has them: update, reset, hidden; and input, output, forget, cell.
GATES = {"GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}


class OnnxRecurrent(nn.Module):
    """A layer of `nn.GRU` or `nn.LSTM` (one layer, one way, batch first) for the exporter; it computes nothing itself.

    https://onnx.ai/onnx/operators/onnx__GRU.html and onnx__LSTM.html.
    """

    def __init__(self, layer: nn.GRU | nn.LSTM) -> None:
        super().__init__()
        self.operator = "GRU" if isinstance(layer, nn.GRU) else "LSTM"
        self.width = layer.hidden_size
        self.taken: Tensor
        self.kept: Tensor
        self.biases: Tensor
        weights = {name: self._ordered(each) for name, each in layer.named_parameters()}
        self.register_buffer("taken", weights["weight_ih_l0"][None])
        self.register_buffer("kept", weights["weight_hh_l0"][None])
        self.register_buffer("biases", torch.cat([weights["bias_ih_l0"], weights["bias_hh_l0"]])[None])

    def forward(self, steps: Float[Tensor, "items steps taken"]) -> tuple[Float[Tensor, "items steps width"], None]:
        """What the layer says at each step; its last state is not asked for."""
        as_torch_has_it = {"linear_before_reset": 1} if self.operator == "GRU" else {}
        said = torch.onnx.ops.symbolic(
            self.operator,
            [steps.transpose(0, 1), self.taken, self.kept, self.biases],
            {"hidden_size": self.width, **as_torch_has_it},
            dtype=steps.dtype,
            shape=[steps.shape[1], 1, steps.shape[0], self.width],
        )
        return said[:, 0].transpose(0, 1), None

    def _ordered(self, weights: Tensor) -> Tensor:
        gates = weights.detach().chunk(len(GATES[self.operator]))
        return torch.cat([gates[place] for place in GATES[self.operator]])


def with_onnx_layers(network: nn.Module) -> nn.Module:
    """The network, changed in place: each recurrent layer that can be is one of ONNX."""
    for name, child in network.named_children():
        if isinstance(child, nn.GRU | nn.LSTM) and _plain(child):
            setattr(network, name, OnnxRecurrent(child))
        else:
            with_onnx_layers(child)
    return network


def _plain(layer: nn.GRU | nn.LSTM) -> bool:
    several = layer.num_layers > 1 or layer.bidirectional or layer.proj_size > 0
    return layer.batch_first and layer.bias and not several
