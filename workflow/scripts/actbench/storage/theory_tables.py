"""What theory says of a study's networks before any of them trains: the tables of the rule `theory`.

- `theory`: of the map from layer to layer of the deepest network, σ_w and σ_b of its last hidden layer; the
  fixed point q that the images' pre-activations go to, with V′(q), χ, ξ_q and ξ_c (null where infinite, and
  where it grows); `stable` is V′(q) < 1, null at 1, where other mean squares stay as they are; `error` is the
  relative error of the averages. Its edge of chaos is that with network.bias_std; of homogeneous functions
  each q is one, and null. `n_fixed_points` is 0 where there is none, and where each q is one; null where E f²
  is not known for every q from 1e-6 to 1e6. Homogeneous functions whose mean squares go to no fixed point
  have `slope`, `chi` and their ξ all the same: these do not depend on q. `spread` is of the examples that
  train: the standard deviation of their mean squares over the mean of these.
- `edges`: points of the edge of chaos; a row of nulls where none is known.
- `correlations`: that of two images' pre-activations, and one layer on, at the q of `theory`, or, of
  homogeneous functions without one, at that of the first layer.
- `predictions`: of each layer q, the mean square of z, and log10_rms, of dL/dz, L being the mean loss of
  probe_gradients.images images; chi is that to the next layer. What is of h is null in the output layer.
- `expectations`: the decay of dL/dz as the table `decay` has it, and whether such a network is expected to
  train, null where that is not known, see `theory.expectation`.

Null is not predicted or not known, and `reason` says why. With cross-validation the images are those that
train in the first fold. Formulas: docs/theory.md.
"""

import pyarrow as pa

from actbench.storage import parquet

# Reasons in `theory` that figures and report tell from others.
NO_MAP = "with normalisation or residual connections mean squares have another map"
NO_POINT = "the images' mean square goes to no fixed point from 1e-6 to 1e6"
ACTIVATION, DEPTH, SETTING = parquet.CELL_KEYS
THEORY = pa.schema(
    [
        ACTIVATION,
        SETTING,
        ("weight_std", pa.float64()),
        ("bias_std", pa.float64()),
        ("q", pa.float64()),
        ("slope", pa.float64()),
        ("stable", pa.bool_()),
        ("chi", pa.float64()),
        ("xi_q", pa.float64()),
        ("xi_c", pa.float64()),
        ("n_fixed_points", pa.int32()),
        ("edge_weight_std", pa.float64()),
        ("edge_bias_std", pa.float64()),
        ("edge_q", pa.float64()),
        ("edge_stable", pa.bool_()),
        ("error", pa.float64()),
        ("spread", pa.float64()),
        ("reason", pa.string()),
    ]
)
EDGES = pa.schema(
    [
        ACTIVATION,
        ("bias_std", pa.float64()),
        ("weight_std", pa.float64()),
        ("q", pa.float64()),
        ("stable", pa.bool_()),
    ]
)
CORRELATIONS = pa.schema(
    [
        ACTIVATION,
        SETTING,
        pa.field("correlation", pa.float64(), nullable=False),
        ("next_correlation", pa.float64()),
    ]
)
PREDICTIONS = pa.schema(
    [
        ACTIVATION,
        DEPTH,
        SETTING,
        pa.field("layer", pa.int16(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        ("weight_std", pa.float64()),
        ("bias_std", pa.float64()),
        ("q", pa.float64()),
        ("chi", pa.float64()),
        ("preactivation_std", pa.float64()),
        ("activation_mean", pa.float64()),
        ("activation_std", pa.float64()),
        ("mean_cosine", pa.float64()),
        ("log10_rms", pa.float64()),
        ("reason", pa.string()),
    ]
)
EXPECTATIONS = pa.schema(
    [
        ACTIVATION,
        DEPTH,
        SETTING,
        ("slope", pa.float64()),
        ("log10_first_last", pa.float64()),
        ("expected_to_train", pa.bool_()),
        ("reason", pa.string()),
    ]
)
SCHEMAS = {
    "theory": THEORY,
    "edges": EDGES,
    "correlations": CORRELATIONS,
    "predictions": PREDICTIONS,
    "expectations": EXPECTATIONS,
}
# Columns that tell the rows of a table apart.
ORDER = {
    "theory": ["activation", "setting"],
    "edges": ["activation", "bias_std"],
    "correlations": ["activation", "setting", "correlation"],
    "predictions": [*parquet.CELL, "layer"],
    "expectations": parquet.CELL,
}
