"""Fixtures that several tests share."""

import os
from pathlib import Path

import pytest
import torch
from actbench import splits

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """A folder with the real image files, named by ACTBENCH_DATA_DIR."""
    named = os.environ.get("ACTBENCH_DATA_DIR")
    if not named or not Path(named).is_dir():
        pytest.skip("ACTBENCH_DATA_DIR names no folder of image files")
    return Path(named)


@pytest.fixture
def spec():
    """Make a resolved activation spec from a name and parameters."""
    return lambda name, **parameters: {"name": name, "import": None, "parameters": parameters}


@pytest.fixture
def toy() -> splits.Data:
    """Three subsets of a problem that a small network learns at once: which input is the largest."""
    generator = torch.Generator().manual_seed(0)

    def subset(n):
        x = torch.randn(n, 4, generator=generator)
        return splits.Subset(x, x.argmax(dim=1))

    return splits.Data(subset(256), subset(64), subset(64), 4)
