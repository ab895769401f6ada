import copy
import math

import pytest
import torch

from alikely.contracts import ViewLoss
from alikely.distances import build_distance
from alikely.errors import SettingsError
from alikely.losses import LOSSES, batch_loss, build_loss, learns_from_views
from alikely.losses.views import SMALLEST_VARIANCE, covariance_between_numbers, lack_of_variance, redundancy_reduction
from alikely.types import Known

VIEWS = [name for name, kind in LOSSES.items() if kind.takes == "views"]
DIM = 8


def make(name, **settings):
    torch.manual_seed(0)
    return build_loss(name, settings, classes=0, dim=DIM)


def two_views(items, apart=0.1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    left = torch.randn(items, DIM, generator=generator)
    return left, left + apart * torch.randn(items, DIM, generator=generator)


def test_redundancy_reduction_by_hand():
    # The first numbers agree (correlation 1), the second are each other's opposite (-1), and each pair of a first and a
    # second is uncorrelated.
    left = torch.tensor([[1.0, 10.0], [-1.0, 10.0], [1.0, -10.0], [-1.0, -10.0]])
    right = torch.tensor([[3.0, -1.0], [1.0, -1.0], [3.0, 1.0], [1.0, 1.0]])

    assert redundancy_reduction(left, right, 0.5).item() == pytest.approx((1 - 1) ** 2 + (1 + 1) ** 2)
    # Both numbers of either side are the same: every correlation is 1, so that the two off the diagonal cost.
    column = torch.tensor([[1.0], [-1.0], [5.0]])
    twice = torch.cat([column, column], dim=1)
    assert redundancy_reduction(twice, twice, 0.5).item() == pytest.approx(0.5 * 2, abs=1e-5)


def test_lack_of_variance_by_hand():
    # Variances (with n - 1): 0, 1/4, 4. Deviations: nearly 0, about 1/2, above 1.
    numbers = torch.tensor([[3.0, 0.0, 0.0], [3.0, math.sqrt(0.5), math.sqrt(8.0)]])
    short = (1 - math.sqrt(SMALLEST_VARIANCE)) + (1 - math.sqrt(0.25 + SMALLEST_VARIANCE)) + 0

    assert lack_of_variance(numbers).item() == pytest.approx(short / 3)


def test_covariance_between_numbers_by_hand():
    # Centred: (-1, -2), (1, 2): covariance of the two numbers (2 + 2) / (2 - 1) = 4, in both corners.
    assert covariance_between_numbers(torch.tensor([[1.0, 0.0], [3.0, 4.0]])).item() == pytest.approx((16 + 16) / 2)
    uncorrelated = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert covariance_between_numbers(uncorrelated).item() == pytest.approx(0)


def test_vicreg_weighs_its_three_terms():
    left, right = two_views(20)
    alone = []
    for name in ("invariance", "variance", "covariance"):
        weights = dict.fromkeys(("invariance", "variance", "covariance"), 0.0) | {name: 1.0}
        alone.append(make("vicreg", **weights)(left, right).item())
    loss = make("vicreg")
    projected = loss.projector(torch.cat([left, right]))
    one, other = projected.chunk(2)

    assert alone[0] == pytest.approx((one - other).square().mean().item(), rel=1e-5)
    assert alone[1] == pytest.approx((lack_of_variance(one) + lack_of_variance(other)).item(), rel=1e-5)
    assert loss(left, right).item() == pytest.approx(25 * alone[0] + 25 * alone[1] + alone[2], rel=1e-5)


def test_simsiam_by_hand():
    loss = make("simsiam", width=2)
    loss.projector, loss.predictor = torch.nn.Identity(), torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        loss.predictor.weight.copy_(torch.tensor([[0.0, -1.0], [1.0, 0.0]]))  # a quarter turn
    left = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    right = torch.tensor([[0.0, 3.0], [0.0, 1.0]])
    # Turned: left (0, 1), (-2, 0); right (-3, 0), (-1, 0). Cosines with the other view: 1, 0; -1, 0.
    value = loss(left, right)
    (gradient,) = torch.autograd.grad(value, left)

    assert value.item() == pytest.approx((0 + 1 + 2 + 1) / 4)
    # As a target, `left` stands still: the gradient is that of its own predictions alone, here d(1 - cos) / 4.
    turned = left.detach().clone().requires_grad_()
    alone = (1 - torch.nn.functional.cosine_similarity(loss.predictor(turned), right, dim=1)).sum() / 4
    torch.testing.assert_close(gradient, torch.autograd.grad(alone, turned)[0])


def test_info_nce_of_views_by_hand():
    loss = make("info_nce_views", temperature=0.5, width=2)
    loss.projector = torch.nn.Identity()
    left, right = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    # Each view: its other view at cosine 1, the two of the other item at 0. With t = 1/2: e^2 / (e^2 + 2 e^0).
    assert loss(left, right).item() == pytest.approx(math.log((math.exp(2) + 2) / math.exp(2)))


@pytest.mark.parametrize("name", VIEWS)
def test_every_loss_of_views_matches_its_protocol_and_is_known_as_one(name):
    assert isinstance(make(name), ViewLoss)
    assert learns_from_views(name)
    assert not learns_from_views("info_nce")
    assert not learns_from_views("nonsense")


@pytest.mark.parametrize("name", VIEWS)
def test_views_that_agree_cost_less_than_views_that_do_not(name):
    left, right = two_views(64)
    loss = make(name)
    if name == "simsiam":
        loss.predictor = torch.nn.Identity()  # one that is drawn at random foretells nothing yet

    assert loss(left, right) < loss(left, right.flip(0))


@pytest.mark.parametrize("name", VIEWS)
def test_the_order_of_the_items_does_not_matter(name):
    left, right = two_views(33)
    loss, order = make(name), torch.randperm(33, generator=torch.Generator().manual_seed(1))

    torch.testing.assert_close(loss(left[order], right[order]), loss(left, right), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("items", [0, 1])
def test_too_few_items_give_zero_with_a_gradient_of_zero(name, items):
    left, right = (view.requires_grad_() for view in two_views(items))
    value = make(name)(left, right)
    gradients = torch.autograd.grad(value, (left, right))

    assert value == 0
    assert all((gradient == 0).all() for gradient in gradients)


@pytest.mark.parametrize("name", VIEWS)
def test_collapsed_views_have_finite_gradients(name):
    for place in (0.0, 1.0):
        rows = torch.full((6, DIM), place, requires_grad=True)
        value = make(name)(rows, rows)
        (gradient,) = torch.autograd.grad(value, rows)
        assert value.isfinite()
        assert gradient.isfinite().all()


@pytest.mark.parametrize("name", VIEWS)
def test_a_batch_is_taken_for_views_by_its_labels(name):
    left, right = two_views(30)
    known = Known.from_labels(torch.arange(30).repeat(2))
    loss = make(name)
    value = batch_loss(loss, build_distance("cosine", DIM), torch.cat([left, right]), known)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = batch_loss(loss, build_distance("cosine", DIM), torch.cat([left, right]), known)

    torch.testing.assert_close(value, loss(left, right))
    torch.testing.assert_close(under_autocast, value)


@pytest.mark.parametrize("name", VIEWS)
def test_steps_against_the_gradient_make_it_smaller(name):
    left, right = two_views(64)
    loss = make(name)
    start = copy.deepcopy(loss)
    optimizer = torch.optim.SGD(loss.parameters(), lr=1e-3)
    loss(left, right).backward()
    optimizer.step()

    assert loss(left, right) < start(left, right)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("simsiam", {"width": 0}, "width must be 1 or more"),
        ("simsiam", {"width": 1.5}, "width must be a whole number"),
        ("simsiam", {"width": True}, "width must be a whole number"),
        ("barlow_twins", {"redundancy": 0}, "redundancy must be a number above 0"),
        ("vicreg", {"variance": -1}, "variance must be a number at least 0"),
        ("info_nce_views", {"temperature": 0}, "temperature must be a number above 0"),
        ("vicreg+contrastive", {}, "cannot be joined"),
        ("vicreg", {"dim": 3}, "has no setting 'dim'"),
    ],
)
def test_settings_that_do_not_fit(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        build_loss(name, settings, classes=0, dim=DIM)


def test_losses_of_views_can_be_joined():
    left, right = two_views(20)
    torch.manual_seed(0)
    joined = build_loss("vicreg+simsiam", {"simsiam": {"weight": 2.0}}, classes=0, dim=DIM)
    known = Known.from_labels(torch.arange(20).repeat(2))
    value = batch_loss(joined, build_distance("cosine", DIM), torch.cat([left, right]), known)
    parts = dict(joined.learned.items())

    torch.testing.assert_close(value, parts["vicreg"](left, right) + 2 * parts["simsiam"](left, right))
