import math
import time

import pytest
import torch
from actbench.activations import registry
from actbench.theory import critical
from actbench.theory.gaussian import Gaussian
from actbench.theory.mean_field import FixedPoint, MeanField
from own_activations import AlwaysNoisy, Exp, Learnt, NoisyLeak, Of, SquaredReLU
from scipy import optimize
from torch import nn


def q_of(points):
    return [point.q for point in points]


@pytest.mark.parametrize("weight_variance", [0.5, 1.0, 3.0, 200.0])
@pytest.mark.parametrize("bias_variance", [1e-4, 0.04, 9.0])
def test_erf_in_closed_form(weight_variance, bias_variance):
    def change(q):
        return weight_variance * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + bias_variance - q

    q = optimize.brentq(change, 1e-6, 1e6, xtol=1e-15, rtol=1e-14)
    theory = MeanField(Of(torch.erf))
    (found,) = theory.fixed_points(weight_variance, bias_variance)
    inside = 2 * q / (1 + 2 * q)
    slope = weight_variance * 2 / math.pi * 2 / (1 + 2 * q) ** 2 / math.sqrt(1 - inside**2)
    chi = weight_variance * 4 / math.pi / math.sqrt(1 + 4 * q)
    assert (found.q, found.slope, found.chi) == pytest.approx((q, slope, chi), rel=1e-7)
    assert found.stable and theory.limit(1e4, weight_variance, bias_variance) == found
    assert theory.variance(q, weight_variance, bias_variance) == pytest.approx(q)
    assert theory.chi(q, weight_variance) == pytest.approx(chi)


def test_depth_scales():
    point = FixedPoint(1.0, math.exp(-0.25), math.exp(-0.1))
    assert (point.xi_q, point.xi_c) == pytest.approx((4, 10))
    grows = FixedPoint(1.0, 1.2, 1 + 1e-9)
    assert grows.xi_q is None and grows.xi_c == math.inf and not grows.stable
    assert FixedPoint(1.0, -0.5, 0.0).xi_q == pytest.approx(1 / math.log(2))
    assert FixedPoint(1.0, 0.0, 0.0).xi_c == 0 and FixedPoint(1.0, 1.0, 1.0).xi_q == math.inf


@pytest.mark.parametrize(
    ("weight_std", "stable"),
    [(1.6, [True, False]), (1.67953, [True, False]), (1.714, [True, False]), (1.716, [])],
)
def test_swish_has_a_stable_and_an_unstable_point_or_none(weight_std, stable):
    """From above the second, mean squares grow without end."""
    theory = MeanField(nn.SiLU())
    found = theory.fixed_points(weight_std**2, 0.2**2)
    assert [point.stable for point in found] == stable
    assert theory.limit(50.0, weight_std**2, 0.2**2) is None
    low = theory.limit(1e-3, weight_std**2, 0.2**2)
    assert low == (found[0] if found else None)


NONE = ("softplus", "logsigmoid", "hardshrink", "threshold")


@pytest.mark.parametrize("name", [name for name in registry.REGISTRY if name not in (*NONE, "softshrink")])
def test_the_edge_of_chaos_is_a_fixed_point(name):
    activation = registry.create(name)
    edge, theory = critical.point(activation, 0.2), MeanField(activation)
    variances = edge.weight_std**2, edge.bias_std**2
    if edge.q is None:
        assert theory.fixed_points(*variances) == []
        for q in (1e-9, 0.3, 1e12):
            assert theory.limit(q, *variances).q == q
        assert (theory.limit(0.3, *variances).slope, theory.limit(0.3, *variances).chi) == pytest.approx(
            (1, 1)
        )
        return
    nearest = min(theory.fixed_points(*variances), key=lambda point: abs(point.q - edge.q))
    assert nearest.q == pytest.approx(edge.q, rel=1e-6)
    assert (nearest.slope, nearest.chi) == pytest.approx((edge.slope, 1), rel=1e-6)
    assert nearest.xi_c == math.inf and nearest.stable == edge.stable


@pytest.mark.parametrize("bias_std", [0.1, 0.2, 1.0, 2.0])
def test_at_the_edge_of_softshrink_v_touches_q_and_does_not_cross_it(bias_std):
    """f f″ = 0, so that V′ = χ for every q: mean squares above the point move away, those below come closer."""
    activation = registry.create("softshrink")
    edge, theory = critical.point(activation, bias_std), MeanField(activation)
    variances = edge.weight_std**2, edge.bias_std**2
    assert edge.slope == pytest.approx(1, rel=1e-9) and not edge.stable
    assert theory.fixed_points(*variances) == []
    below, at, above = (theory.variance(factor * edge.q, *variances) for factor in (0.9, 1, 1.1))
    assert below > 0.9 * edge.q and above > 1.1 * edge.q and at == pytest.approx(edge.q, rel=1e-9)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "elu", "gelu", "softplus", "hardtanh"])
@pytest.mark.parametrize("variances", [(1 / 3, 0.005), (1.0, 0.04), (1.9, 0.01)])
@pytest.mark.parametrize("q", [1e-3, 0.7, 40.0])
def test_layers_go_to_the_limit(name, variances, q):
    theory, first = MeanField(registry.create(name)), q
    limit = theory.limit(q, *variances)
    for _ in range(400):
        before, q = q, theory.variance(q, *variances)
        if abs(q - before) < 1e-13 * q:
            break
    if limit is None:
        assert q > 1e3 * first or q < 1e-3
    else:
        assert limit.stable and q == pytest.approx(limit.q, rel=1e-5)


def test_homogeneous_functions_in_closed_form():
    """V(q) = σ_w² q/2 + σ_b² of ReLU, for any q."""
    theory = MeanField(nn.ReLU())
    (found,) = theory.fixed_points(1.5, 0.1)
    assert (found.q, found.slope, found.chi) == pytest.approx((0.4, 0.75, 0.75))
    assert theory.averages(1e40) == pytest.approx((1e20 / math.sqrt(2 * math.pi), 5e39, 0.5, 0.5))
    assert theory.fixed_points(3.0, 0.1) == [] and theory.limit(1.0, 3.0, 0.1) is None
    assert theory.fixed_points(1.0, 0.0) == [] and theory.limit(1.0, 1.0, 0.0) is None
    c = torch.tensor([0.0, 0.5, 1.0])
    same = [theory.cosine(c, q).tolist() for q in (1e-9, 1.0, 1e9)]
    assert same[0] == same[1] == same[2] and same[0] == pytest.approx([1 / math.pi, 0.60900, 1], abs=1e-5)


def test_where_a_range_of_mean_squares_stays():
    """ReLU6 is ReLU for small ones, which stay with σ_w² = 2; larger ones fall to about where these begin."""
    theory = MeanField(nn.ReLU6())
    assert theory.fixed_points(2.0, 0.0) == []
    assert theory.limit(0.3, 2.0, 0.0).q == 0.3 and 0.5 < theory.limit(5.0, 2.0, 0.0).q < 2


def test_correlations_in_the_next_layer():
    """Identity: E uv = c q; the biases are the same for both images."""
    theory, c = MeanField(nn.Identity()), torch.tensor([0.0, 0.4, 1.0])
    found = theory.correlation(c, 2.0, weight_variance=1.5, bias_variance=0.5)
    assert found.tolist() == pytest.approx([0.5 / 3.5, 1.7 / 3.5, 1])


def test_correlations_close_to_one_change_by_chi():
    """1 − c falls by χ a layer (Schoenholz et al. 2017)."""
    theory, variances = MeanField(nn.Tanh()), (1.7, 0.04)
    (point,) = theory.fixed_points(*variances)
    after = theory.correlation(torch.tensor([1 - 1e-4], dtype=torch.float64), point.q, *variances)
    assert (1 - after.item()) / 1e-4 == pytest.approx(point.chi, rel=1e-3)


def test_functions_that_learn_or_draw_while_they_train():
    """In evaluation mode, with the parameters that they start with."""
    leak = (1 / 8 + 1 / 3) / 2
    of_noisy = MeanField(NoisyLeak()).averages(1.0)
    assert of_noisy.f_squared == pytest.approx((1 + leak**2) / 2)
    assert MeanField(Learnt()).averages(2.0).f_squared == pytest.approx(0.25)


def test_what_is_not_known_is_nan():
    assert math.isnan(MeanField(AlwaysNoisy()).variance(1.0, 1.0, 0.0))
    theory = MeanField(Exp())
    assert theory.fixed_points(1e-3, 0.01)[0].q == pytest.approx(0.01 + 1e-3 * math.exp(0.02), rel=1e-2)
    assert math.isnan(theory.variance(1e3, 1.0, 0.0)) and theory.limit(1e3, 1.0, 0.0) is None
    assert torch.isnan(theory.cosine(torch.tensor([0.5]), 1e3)).all()
    step = MeanField(Of(torch.sign))
    assert step.variance(1.0, 2.0, 1.0) == pytest.approx(3) and math.isnan(step.chi(1.0, 2.0))
    assert math.isnan(MeanField(nn.Tanh()).variance(1e7, 1.0, 0.0))


@pytest.mark.parametrize("name", ["hardshrink", "softshrink", "threshold"])
def test_where_f_is_0_around_0_the_biases_alone_are_a_stable_fixed_point(name):
    """q* = σ_b² but for a share of 1e-15: nearly no pre-activation comes out from below the threshold."""
    theory, variances = MeanField(registry.create(name)), (1 / 3, 1 / 300)
    (found,) = theory.fixed_points(*variances)
    assert found.q == pytest.approx(1 / 300, rel=1e-12) and found.stable and 0 <= found.slope < 1e-12
    assert theory.limit(0.3417, *variances).q == found.q and theory.unknown() == []
    after = theory.correlation(torch.tensor([0.0, 0.5]), found.q, *variances)
    assert after.tolist() == pytest.approx([1, 1], abs=1e-12)
    (least,) = theory.fixed_points(1 / 3, 1e-5)
    assert (least.q, least.slope) == (pytest.approx(1e-5), 0)
    assert theory.correlation(torch.tensor([0.0, 0.5]), least.q, 1 / 3, 1e-5).tolist() == [1, 1]


def test_a_way_on_which_v_is_not_known_ends_there_and_not_at_a_point_behind():
    """exp: E f² = e^{2q} leaves what float64 can average before q = 200."""
    theory, far = MeanField(Exp()), 20.0
    stop = theory.stops(far, 1.0, 0.0)
    assert far < stop == min(theory.unknown()) and theory.limit(far, 1.0, 0.0) is None
    assert theory.stops(1e-3, 1e-3, 0.01) is None and theory.limit(1e-3, 1e-3, 0.01).stable
    tanh = MeanField(nn.Tanh())
    assert tanh.stops(50.0, 1.7, 0.04) is None and tanh.unknown() == []
    behind = MeanField(nn.Tanh())
    behind._on_grid()[140] = math.nan  # 10
    assert behind.limit(50.0, 1.7, 0.04) is None
    assert behind.stops(50.0, 1.7, 0.04) == behind.unknown()[0] == pytest.approx(10.0)
    assert behind.limit(0.1, 1.7, 0.04) == tanh.limit(0.1, 1.7, 0.04)


def test_a_fixed_point_that_nothing_goes_to():
    """E f² = 3q²/2 of ReLU²: smaller mean squares die out, larger ones explode."""
    theory = MeanField(SquaredReLU())
    (found,) = theory.fixed_points(1.0, 0.0)
    assert (found.q, found.slope, found.stable) == (pytest.approx(2 / 3), pytest.approx(2), False)
    assert theory.limit(0.6, 1.0, 0.0) is None and theory.limit(0.7, 1.0, 0.0) is None


def test_many_mean_squares_at_once():
    gaussian, q = Gaussian(nn.Mish()), torch.tensor([1e-6, 0.3, 1e6], dtype=torch.float64)
    assert gaussian.f_squared(q).tolist() == pytest.approx(
        [gaussian(v).f_squared for v in q.tolist()], rel=1e-12
    )


def test_it_is_fast():
    """A tenth of this on an idle machine."""
    start = time.process_time()
    MeanField(nn.Tanh()).fixed_points(1.7, 0.04)
    assert time.process_time() - start < 1


def test_without_a_mean_square_there_is_no_limit():
    assert MeanField(nn.Tanh()).limit(0.0, 2.0, 0.0) is None
