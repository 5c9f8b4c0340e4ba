"""Networks of one shape side by side: the operations of a training step serve a whole block of seeds."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

# Torch computes on two vectors of up to 16 numbers at a time, and what is left over in another way: a network
# whose numbers are a multiple of these gets the same bits within a joint tensor as by itself.
VECTORS = 32


class Stack(nn.Module):
    """Networks that take their training steps together; none of them sees another's numbers.

    The Linear layers of several networks become batched matrix products: their parameters move into joint
    tensors, [S, n_out, n_in] and [S, n_out] a layer, of which each network then holds a view. So a
    network's own `state_dict` is up to date at any time. A single network is left as it is: its steps are
    those of the plain network, bit by bit.

    Args:
        members: S networks that differ in nothing but their weights, on one device.
    """

    def __init__(self, members: Sequence[nn.Module]):
        super().__init__()
        self.networks = nn.ModuleList(members)
        linears = [] if self.single else zip(*(network.linears for network in members), strict=True)
        modules = [] if self.single else zip(*(network.activations for network in members), strict=True)
        norms = [] if self.single else zip(*(network.norms for network in members), strict=True)
        self._joint = [_joined(layer) for layer in linears]
        self._activations, self._norms = list(modules), list(norms)
        layers = list(zip(self._activations, self._norms, strict=True))
        self._functions = [[_function(*pair) for pair in zip(*layer, strict=True)] for layer in layers]
        self._own = [[_trainable(*kind) for kind in layer] for layer in layers]
        self._shortcuts = [] if self.single else members[0].shortcuts
        self._interchangeable = not self.single and members[0].interchangeable
        # What an optimiser updates: weights and biases, then what each layer's activations learn, then each
        # layer's norms. Joint tensors [S, …], or where that would part a network's vectors the networks' own,
        # one by one.
        self.trainable = _trainable(*members) if self.single else self._listed(self._joint, self._own)
        self._owners = self._numbers_of_owners()

    @property
    def single(self) -> bool:
        """Whether there is one network only."""
        return len(self.networks) == 1

    @property
    def exact(self) -> bool:
        """Whether each network is to have the bits that it has by itself, which a GPU does not promise."""
        return all(tensor.device.type == "cpu" for tensor in self.trainable[:1])

    @property
    def pure(self) -> bool:
        """Whether no network draws random numbers, or changes more than its parameters and buffers."""
        return all(network.pure for network in self.networks)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [S, N, n_classes] of each network's own inputs [S, N, n_inputs], to look at.

        On a CPU each network computes its own: for so many rows that is as fast.
        """
        if self.single or self.exact:
            return torch.stack([network(own) for network, own in zip(self.networks, x, strict=True)])
        return self._forward(x)[0]

    def gradients(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Sequence[Tensor]]:
        """Go forward and back once.

        Args:
            x: each network's own inputs [S, N, n_inputs].
            y: their labels [S, N].

        Returns:
            Logits [S, N, n_classes], mean cross-entropy [S], and its gradients in the order of `trainable`.
        """
        if self.single:
            logits = self.networks[0](x[0])
            loss = functional.cross_entropy(logits, y[0], reduction="sum") / len(y[0])
            found = torch.autograd.grad(loss, self.trainable, allow_unused=True, materialize_grads=True)
            return logits.unsqueeze(0), loss, found
        with torch.no_grad():
            logits, inputs, passed = self._forward(x)
            losses, signal = _loss(logits, y, self.exact)
            return logits, losses, self._backward(signal, inputs, passed)

    def _forward(self, x: Tensor) -> tuple[Tensor, list[Tensor], list[tuple[list[Tensor], list[Tensor]]]]:
        """Logits, the inputs of all Linear layers, and a and h = f(norm(a)) of each hidden layer's Linear.

        These are cut by `_cut`. Autograd sees norms and activations only: with Linear layers too, a step
        takes nearly twice as long.
        """
        inputs, passed = [x], []
        for layer, (functions, shortcut) in enumerate(zip(self._functions, self._shortcuts, strict=True)):
            a = [own.requires_grad_() for own in self._cut(self._linear(layer, inputs[-1]))]
            with torch.enable_grad():
                h = [function(own) for function, own in zip(functions, a, strict=False)]
            passed.append((a, h))
            joint = _one([own.detach() for own in h])
            inputs.append(joint + inputs[-1] if shortcut else joint)
        return self._linear(-1, inputs[-1]), inputs, passed

    def _backward(self, signal: Tensor, inputs: list[Tensor], passed: list) -> list[Tensor]:
        """Gradients in the order of `trainable`, from the one at the logits and what `_forward` left."""
        of_linears, of_own, at_output = [], [], None
        for layer in reversed(range(len(self._joint))):
            of_linears.append((torch.bmm(signal.transpose(1, 2), inputs[layer]), signal.sum(dim=1)))
            if layer:
                at_input = torch.bmm(signal, self._joint[layer][0])
                if layer < len(self._shortcuts) and self._shortcuts[layer]:
                    at_input += at_output
                at_output = at_input
                (a, h), (activations, norms) = passed[layer - 1], self._own[layer - 1]
                wanted, cut = [*a, *activations, *norms], self._cut(at_output)
                with torch.enable_grad():
                    total = _Signal.apply(cut, *h)
                found = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
                signal, of_both = _one(found[: len(a)]), found[len(a) :]
                of_own.append((of_both[: len(activations)], of_both[len(activations) :]))
        return self._listed(of_linears[::-1], of_own[::-1])

    def of(self, numbers: Sequence[int], tensors: Sequence[Tensor]) -> list[Tensor]:
        """What belongs to networks of these ascending numbers, of tensors listed and shaped as `trainable`.

        It is listed and shaped as the `trainable` of a stack of these networks; consecutive ones get views.
        """
        if self.single:
            return list(tensors)
        first, last = numbers[0], numbers[-1]
        at = slice(first, last + 1) if last - first + 1 == len(numbers) else list(numbers)
        at = first if first == last else at
        return [
            tensor[at] if owner is None else tensor
            for owner, tensor in zip(self._owners, tensors, strict=True)
            if owner is None or owner in numbers
        ]

    def keep_gradients(self, gradients: Sequence[Tensor]) -> None:
        """Hand each network's parameters their `.grad`, from gradients in the order of `trainable`."""
        for i, network in enumerate(self.networks):
            for parameter, gradient in zip(_trainable(network), self.of([i], gradients), strict=True):
                parameter.grad = gradient

    def _numbers_of_owners(self) -> list[int | None]:
        """The number of the network that each tensor of `trainable` belongs to; None is all of them."""
        everyone = range(len(self.networks))
        joint = [[None] if _whole(tensor) else everyone for layer in self._joint for tensor in layer]
        kinds = (*self._activations, *self._norms)
        own = [[i] * len(_trainable(layer[i])) for layer in kinds for i in everyone]
        return [owner for group in (*joint, *own) for owner in group]

    def _linear(self, layer: int, x: Tensor) -> Tensor:
        """What a layer's Linear gives [S, N, n_out]."""
        weight, bias = self._joint[layer]
        return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))

    def _cut(self, a: Tensor) -> list[Tensor]:
        """The parts of a [S, N, n] to which a module is applied: all of it, or network by network."""
        together = self._interchangeable and _whole(a)
        return [a] if together else list(a.unbind())

    def _listed(
        self, linears: Iterable[tuple[Tensor, Tensor]], own: Iterable[Iterable[Sequence[Tensor]]]
    ) -> list[Tensor]:
        """In the order of `trainable`: two joint tensors a Linear layer, then what is each network's own.

        Args:
            own: of each hidden layer what belongs to activations, and what belongs to norms.
        """
        parts = [part for pair in linears for tensor in pair for part in _parts(tensor)]
        return parts + [tensor for kind in zip(*own, strict=True) for layer in kind for tensor in layer]


def _function(activation: nn.Module, norm: nn.Module) -> nn.Module:
    """What stands between two Linear layers."""
    return activation if isinstance(norm, nn.Identity) else nn.Sequential(norm, activation)


def _joined(layer: Sequence[nn.Linear]) -> tuple[Tensor, Tensor]:
    """Weights [S, n_out, n_in] and biases [S, n_out]; the Linear layers hold views of them from now on."""
    weight, bias = (
        torch.stack([getattr(linear, name).detach() for linear in layer]) for name in ("weight", "bias")
    )
    for linear, own_weight, own_bias in zip(layer, weight, bias, strict=True):
        linear.weight.data, linear.bias.data = own_weight, own_bias
    return weight, bias


def _trainable(*modules: nn.Module) -> list[Tensor]:
    return [own for module in modules for own in module.parameters() if own.requires_grad]


def _whole(joint: Tensor) -> bool:
    """Whether each network's part of a joint tensor [S, …] is whole vectors."""
    return joint.numel() // len(joint) % VECTORS == 0


def _parts(joint: Tensor) -> list[Tensor]:
    """A joint tensor [S, …] as it is updated."""
    return [joint] if _whole(joint) else list(joint.unbind())


def _one(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts)


class _Signal(torch.autograd.Function):
    """A number whose gradient with respect to h is the signal.

    `torch.autograd.grad` would take the signal itself, and import sympy for it: half a second a job.
    """

    @staticmethod
    def forward(context, signal: Sequence[Tensor], *h: Tensor) -> Tensor:
        context.signal = signal
        return signal[0].new_zeros(())

    @staticmethod
    def backward(context, _: Tensor) -> tuple[Tensor | None, ...]:
        return None, *context.signal


def summed_losses(logits: Tensor, y: Tensor, exact: bool) -> Tensor:
    """Cross-entropy in nats [S] of logits [S, N, n_classes] and labels [N], summed over N.

    Args:
        exact: whether each network's sum is to have the bits that it has by itself.
    """
    if exact:
        return torch.stack([functional.cross_entropy(own, y, reduction="sum") for own in logits])
    labels = y.expand(logits.shape[:2])
    losses = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.view_as(labels).sum(dim=1)


def _loss(logits: Tensor, y: Tensor, exact: bool) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy [S] of logits [S, N, n_classes] and labels [S, N], and its gradient there."""
    logits = logits.detach().requires_grad_()
    with torch.enable_grad():
        log_p = functional.log_softmax(logits.flatten(0, 1), dim=1)
        losses = functional.nll_loss(log_p, y.flatten(), reduction="none")
        total = losses.sum() / y.shape[1]
    (signal,) = torch.autograd.grad(total, logits)
    if exact:  # adds up as for a single network
        pairs = zip(log_p.detach().view_as(logits), y, strict=True)
        sums = torch.stack([functional.nll_loss(own, labels, reduction="sum") for own, labels in pairs])
    else:
        sums = losses.detach().view_as(y).sum(dim=1)
    return sums / y.shape[1], signal
