"""Multilayer perceptrons: build, initialise, save and load."""

import contextlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from actbench import activations, files, manifest, seeds
from actbench.errors import DamagedError

CHECKPOINTS = ("init", "trained")


class MLP(nn.Module):
    """Linear layers with a fresh activation module after each but the last.

    Args:
        sizes: n_inputs, the hidden widths, n_classes; `len(sizes) - 2` hidden layers.
        activation: a name of the registry or a resolved spec, see `activations.create`.
    """

    def __init__(self, sizes: Sequence[int], activation: str | Mapping):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(sizes))
        self.activations = nn.ModuleList(activations.create(activation) for _ in sizes[1:-1])
        self.interchangeable = activations.interchangeable(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, n_classes] of inputs [N, n_inputs]."""
        for linear, activation in zip(self.linears, self.activations, strict=False):
            x = activation(linear(x))
        return self.linears[-1](x)

    def layers(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield z [N, n_l] and h = f(z) of layer 0, 1, …; the last layer's h is None."""
        for linear, activation in zip(self.linears, self.activations, strict=False):
            z = linear(x)
            x = activation(z)
            yield z, x
        yield self.linears[-1](x), None


def build(sizes: Sequence[int], activation: str | Mapping, generator: torch.Generator) -> MLP:
    """Build a network whose weights are PyTorch's default initialisation, drawn from `generator`.

    Weights and biases of layer l are uniform on ±1/sqrt(n_in) (`nn.Linear.reset_parameters`), drawn
    layer by layer, weight before bias, as `nn.Linear` itself does. A user's activation that draws its
    own parameters does so from torch's global generator, seeded alike for the time of the call.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator.initial_seed())
        network = MLP(sizes, activation)
    for linear in network.linears:
        nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
    return network


def save(
    states: Mapping[tuple[int, int], Mapping[str, Tensor]], path: str | Path, params: Mapping | None = None
) -> None:
    """Write the state dicts of runs, keyed (seed, fold), and a digest of what they were trained with."""
    tensors = {
        f"seed{seed}/fold{fold}/{name}": tensor.cpu().contiguous()
        for (seed, fold), state in states.items()
        for name, tensor in state.items()
    }
    content = safetensors.torch.save(tensors, {"params": files.digest_of(params)})
    files.write_bytes(content, path)


def load(folder: str | Path, seed: int, fold: int = 0, checkpoint: str = "trained") -> MLP:
    """Give back one network of a block's folder, on the CPU, in evaluation mode; see `Stored.network`."""
    return Stored(folder).network(seed, fold, checkpoint)


class Stored:
    """The networks of one block, checked once.

    Args:
        folder: `results/{study}/runs/{activation}/d{depth}/seeds{block}`.

    Raises:
        DamagedError: config.json and model.safetensors are not whole, or not of one and the same training.
    """

    def __init__(self, folder: str | Path):
        self.path = Path(folder, manifest.MODEL)
        self.config = manifest.read(folder, [manifest.MODEL])
        with self._opened() as stored:
            trained_with = (stored.metadata() or {}).get("params")
        if trained_with != files.digest_of(self.config["params"]):
            raise DamagedError(self.path, f"it was trained with other params than {manifest.NAME} says")

    def network(self, seed: int, fold: int = 0, checkpoint: str = "trained") -> MLP:
        """Give back one network, on the CPU, in evaluation mode.

        Args:
            seed, fold: the run.
            checkpoint: `trained` (the weights that were scored) or `init` (rebuilt from the seed).

        Raises:
            KeyError: there is no such run, or `checkpoint` is unknown.
            DamagedError: the weights do not fit the network, or are not finite.
        """
        if checkpoint not in CHECKPOINTS:
            raise KeyError(f"checkpoint is {checkpoint!r}; allowed: {', '.join(CHECKPOINTS)}")
        state = self._state(f"seed{seed}/fold{fold}/")
        if not state:
            raise KeyError(f"{self.path.parent} holds no run of seed {seed}, fold {fold}")
        spec = self.config["params"]["activation"]
        network = build(self.config["sizes"], spec, seeds.generator(seed, "weights"))
        if checkpoint == "trained":
            self._fill(network, state, f"seed {seed}, fold {fold}")
        return network.eval()

    def _fill(self, network: MLP, state: Mapping[str, Tensor], run: str) -> None:
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise DamagedError(self.path, f"the weights of {run} do not fit the network") from error
        if not all(torch.isfinite(tensor).all() for tensor in state.values()):
            raise DamagedError(self.path, f"the weights of {run} are not finite")

    def _state(self, prefix: str) -> dict[str, Tensor]:
        with self._opened() as stored:
            names = [name for name in stored.keys() if name.startswith(prefix)]  # noqa: SIM118
            return {name.removeprefix(prefix): stored.get_tensor(name) for name in names}

    @contextlib.contextmanager
    def _opened(self) -> Iterator[safetensors.safe_open]:
        try:
            with safetensors.safe_open(self.path, framework="pt") as stored:
                yield stored
        except (OSError, safetensors.SafetensorError) as error:
            raise DamagedError(self.path, error) from error


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluate without tracking gradients, in evaluation mode, and go back to the mode before."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)
