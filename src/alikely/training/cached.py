"""A batch of any size, and an encoder that takes only a piece of it at once -> the gradients of the whole batch.

A loss that compares all items of a batch needs all embeddings at once, but not all that the encoder keeps for the way
back. So: encode without keeping anything, take the loss and its gradient at each embedding, then encode piece by piece
once more and send each its gradient. Gao, Zhang, Han, Callan 2021 (GradCache). It costs one more forward pass.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def backward_in_pieces(
    encode: Callable[[Tensor], Tensor],
    batch: Shaped[Tensor, "items *shape"],
    at_once: int,
    loss_of: Callable[[Tensor], Tensor],
) -> tuple[Float[Tensor, ""], Float[Tensor, "items dim"]]:
    """The loss of the whole batch and its embeddings; the gradients are added to the parameters, as by `backward`.

    `encode` gives a row for each item. It is called twice with each piece, both times in the same random state, so that
    dropout leaves out the same. A piece holds at most `at_once` items (or one more, where one would be left alone: a
    norm over the batch cannot do with one). `loss_of` gets all embeddings. The gradients are those of the whole batch
    at once, as long as no row that `encode` gives depends on another: norms over the batch see a piece only.
    """
    count = -(-len(batch) // at_once)
    if at_once > 1 and count > 1 and len(batch) // count == 1:
        count -= 1
    pieces = torch.tensor_split(batch, count)
    states, rows = [], []
    with torch.no_grad():
        for piece in pieces:
            states.append(_random_state(batch.device))
            rows.append(encode(piece))
    embeddings = torch.cat(rows).requires_grad_()
    loss = loss_of(embeddings)
    torch.autograd.backward(loss)
    gradients = embeddings.grad
    assert gradients is not None  # a loss always depends on the embeddings, if only by a gradient of 0
    after = _random_state(batch.device)
    for piece, state, gradient in zip(pieces, states, torch.tensor_split(gradients, count), strict=True):
        _restore_random_state(batch.device, state)
        torch.autograd.backward(encode(piece), gradient)
    _restore_random_state(batch.device, after)
    return loss.detach(), embeddings.detach()


def _random_state(device: torch.device) -> tuple[Tensor, ...]:
    if device.type == "cpu":
        return (torch.get_rng_state(),)
    return torch.get_rng_state(), torch.get_device_module(device).get_rng_state()


def _restore_random_state(device: torch.device, state: tuple[Tensor, ...]) -> None:
    torch.set_rng_state(state[0])
    if device.type != "cpu":
        torch.get_device_module(device).set_rng_state(state[1])
