"""What tests of aggregation share."""

import pytest
from made_up_blocks import write_block


@pytest.fixture
def blocks(tmp_path):
    return [write_block(tmp_path / name, name) for name in ("tanh", "relu")]
