"""One epoch of training and one look at the validation images, in several ways; each gives back seconds."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator

import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting, loop
from setting import ACTIVATION, BATCH, LEARNING_RATE, MOMENTUM, SIZES, Images, settings
from torch import nn, optim

VALIDATION_BATCH = 1024  # of the notebook


def notebook(images: Images, device: str = "cpu") -> Callable[[], None]:
    """As the tutorial does it: a DataLoader turns one PIL image after another into a tensor.

    Without torchvision, the same arithmetic on one image after another, which is quicker.
    """
    from torch.utils.data import DataLoader, Dataset

    to_tensor = _to_tensor()

    class Pictures(Dataset):
        def __init__(self, first: int, last: int):
            self.pixels, self.labels = images.pixels[first:last], images.labels[first:last].tolist()

        def __len__(self) -> int:
            return len(self.labels)

        def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
            return to_tensor(self.pixels[i]), self.labels[i]

    train = DataLoader(Pictures(0, images.n_train), BATCH, shuffle=True, drop_last=True)
    validation = DataLoader(Pictures(images.n_train, len(images.labels)), VALIDATION_BATCH)
    network, loss, optimizer = _usual(device)

    def epoch() -> None:
        _train(network, loss, optimizer, ((x.to(device), y.to(device)) for x, y in train))
        _validate(network, ((x.to(device), y.to(device)) for x, y in validation))

    return epoch


def _to_tensor() -> Callable[[torch.Tensor], torch.Tensor]:
    try:
        from torchvision import transforms
    except ModuleNotFoundError as error:
        if error.name != "torchvision":  # it is there, and something that it needs is not
            raise
        return lambda pixels: pixels.unsqueeze(0).float().div(255).sub(0.5).div(0.5)
    from PIL import Image

    convert = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return lambda pixels: convert(Image.fromarray(pixels.numpy()))


def plain(images: Images) -> Callable[[], None]:
    """All images in memory as one normalised tensor, otherwise the usual loop."""
    data = images.data()
    network, loss, optimizer = _usual()

    def epoch() -> None:
        order = torch.randperm(images.n_train)[: images.n_batches * BATCH]
        _train(
            network,
            loss,
            optimizer,
            ((data.train.x[rows], data.train.y[rows]) for rows in order.split(BATCH)),
        )
        batches = (data.validation.x.split(VALIDATION_BATCH), data.validation.y.split(VALIDATION_BATCH))
        _validate(network, zip(*batches, strict=True))

    return epoch


def ours(images: Images, precision: str = "highest") -> Callable[[], None]:
    """actbench's own training of one network, as its jobs do it."""
    data, recipe = images.data(), settings(precision)

    def epoch() -> None:
        network = mlp.build(Recipe(SIZES, ACTIVATION), seeds.generator(0, "weights"))
        with _as_in_a_job(recipe):
            fitting.fit([network], data, recipe, [seeds.generator(0, "batches")])

    return epoch


def products(images: Images) -> Callable[[], None]:
    """The matrix products of an epoch of ours, validation's too, and nothing else."""
    n_validation = len(images.labels) - images.n_train
    weights = [torch.randn(n_out, n_in) for n_in, n_out in itertools.pairwise(SIZES)]
    inputs = [torch.randn(BATCH, n) for n in SIZES[:-1]]
    gradients = [torch.randn(BATCH, n) for n in SIZES[1:]]
    held_out = [
        [torch.randn(len(rows), n) for n in SIZES[:-1]]
        for rows in torch.arange(n_validation).split(loop.EVALUATION_BATCH)
    ]

    def epoch() -> None:
        for _ in range(images.n_batches):
            for x, weight in zip(inputs, weights, strict=True):
                torch.mm(x, weight.t())
            for layer, (x, gradient) in enumerate(zip(inputs, gradients, strict=True)):
                torch.mm(gradient.t(), x)
                if layer:
                    torch.mm(gradient, weights[layer])
        for batch in held_out:
            for x, weight in zip(batch, weights, strict=True):
                torch.mm(x, weight.t())

    return epoch


def compiled(images: Images) -> Callable[[], None]:
    """JAX: the whole epoch compiled, `jit` around `lax.scan`; ImportError where JAX is not installed."""
    import jax
    from jax import numpy as jnp

    data = images.data()
    train, held_out = (
        (jnp.asarray(s.x.numpy()), jnp.asarray(s.y.numpy())) for s in (data.train, data.validation)
    )

    def logits(parameters, x):
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = parameters[-1]
        return x @ weight + bias

    def loss(parameters, x, y):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits(parameters, x)), y[:, None], axis=1)
        return -chosen.mean()

    def step(state, rows):
        parameters, momenta = state
        value, gradients = jax.value_and_grad(loss)(parameters, train[0][rows], train[1][rows])
        momenta = jax.tree.map(lambda m, g: MOMENTUM * m + g, momenta, gradients)
        parameters = jax.tree.map(lambda p, m: p - LEARNING_RATE * m, parameters, momenta)
        return (parameters, momenta), value

    @jax.jit
    def epoch_of(state, key):
        order = jax.random.permutation(key, images.n_train)[: images.n_batches * BATCH]
        state, losses = jax.lax.scan(step, state, order.reshape(images.n_batches, BATCH))
        right = logits(state[0], held_out[0]).argmax(axis=1) == held_out[1]
        return state, losses.mean(), right.mean()

    linears = mlp.build(Recipe(SIZES, ACTIVATION), seeds.generator(0, "weights")).linears
    weights = [
        tuple(jnp.asarray(p.detach().numpy()) for p in (line.weight.t(), line.bias)) for line in linears
    ]
    start = (weights, jax.tree.map(jnp.zeros_like, weights))

    def epoch() -> None:
        jax.block_until_ready(epoch_of(start, jax.random.key(0)))

    return epoch


def seconds(epoch: Callable[[], None]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    epoch()
    return time.perf_counter() - started


def _usual(device: str = "cpu") -> tuple[nn.Module, nn.Module, optim.Optimizer]:
    linears = [nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(SIZES)]
    network = nn.Sequential(nn.Flatten(), *[part for linear in linears for part in (linear, nn.ReLU())][:-1])
    network.to(device)
    return (
        network,
        nn.CrossEntropyLoss(),
        optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM),
    )


def _train(network: nn.Module, loss: nn.Module, optimizer: optim.Optimizer, batches: Iterable) -> float:
    correct = n = 0
    for x, y in batches:
        optimizer.zero_grad()
        logits = network(x)
        value = loss(logits, y)
        value.backward()
        optimizer.step()
        correct += (logits.argmax(dim=-1) == y).sum()
        n += len(y)
    return correct / n


def _validate(network: nn.Module, batches: Iterable) -> float:
    right = n = 0
    with torch.no_grad():
        for x, y in batches:
            right += (network(x).argmax(dim=-1) == y).sum().item()
            n += len(y)
    return right / n


@contextlib.contextmanager
def _as_in_a_job(recipe: fitting.Settings) -> Iterator[None]:
    """torch as a training job sets it, and afterwards as it is for everybody."""
    threads = torch.get_num_threads()
    fitting.prepare_torch(recipe)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode("default")
        torch.utils.deterministic.fill_uninitialized_memory = True
        torch.set_float32_matmul_precision("highest")
        torch.set_flush_denormal(False)
