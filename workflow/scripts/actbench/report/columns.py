"""What the columns of the pages' tables mean: one sentence a head, with its unit and where it comes from."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Column(NamedTuple):
    """A head's explanation.

    Args:
        text: one sentence, with the unit.
        source: the file and the column that it is made from; empty where the sentence says it.
        down: whether the largest values come first when readers sort by it; percentages do so without it.
    """

    text: str
    source: str = ""
    down: bool = False


def largest(text: str, source: str = "") -> Column:
    """One whose largest values come first."""
    return Column(text, source, down=True)


ACTIVATION = Column("The activation function, by its label in the config.")
DEPTH = Column("Networks with this number of hidden layers; the table's caption says what is shown of them.")
N = largest("How many networks or seeds the numbers to the left are from.")
P = Column("Probability of differences at least as large if there were none; 0 to 1, not adjusted.")
HOLM = Column("The same p value adjusted by Holm's method for all comparisons of the table; 0 to 1.")
D_Z = largest(
    "Cohen's effect size: the mean paired difference divided by the standard deviation of the differences.",
    "d_z",
)
REQUIRED = Column(
    "About how many seeds would give a verdict in four of five studies, if all is as measured.",
    "required_seeds",
)
DIFFERENCE = largest("Mean paired difference of test accuracy, in percentage points.", "difference")
T_INTERVAL = Column(
    "The 95 % confidence interval of the number to its left, from a t distribution over seeds."
)
DEAD = Column("Share of hidden units whose output is 0 for every training example, in percent.")

VERDICT = (
    "What the interval decides; “worse?”: it leaves out 0 but not the margin; “runs disagree”: no "
    "mean; a dash: too few pairs. All these are inconclusive in the file."
)

# Heads of any table. A star stands for what the study names: the baseline, a setting, another study.
COMMON: dict[str, Column] = {
    "Activation": ACTIVATION,
    "n": N,
    "Trained": largest("Networks that trained: at least a quarter of the way from chance to 100 %."),
    "Accuracy": largest("Share of test examples that are classified correctly, in percent."),
    "Mean": largest("Mean test accuracy of the networks that trained, in percent.", "mean"),
    "95 % interval": Column("The 95 % confidence interval of the number to its left, over seeds."),
    "SD": Column(
        "Standard deviation of the test accuracy over networks that trained, in percentage points.", "std"
    ),
    "Median": largest("Median test accuracy of the networks that trained, in percent.", "median"),
    "Range": Column("The lowest and the highest value of the networks."),
    "Difference": DIFFERENCE,
    "Difference to *": largest(
        "Mean difference of test accuracy to the baseline, paired by seed, in percentage points.",
        "difference",
    ),
    "Interval": Column(
        "Confidence interval of the number to its left; the caption says for how many comparisons it holds."
    ),
    "Pairs": largest("Seeds with which both networks trained, so that they can be paired.", "n_pairs"),
    "p": P,
    "p, Holm": HOLM,
    "d_z": D_Z,
    "Required seeds": REQUIRED,
    "Verdict": Column(VERDICT, "verdict"),
    "* is": Column(VERDICT, "verdict"),
    "Change": largest(
        "Mean change of the number to its left from the first to the last, in percentage points."
    ),
    "Depth": Column("Number of hidden layers."),
    "Setting": Column("The name of the setting, as the config gives it."),
    "* hidden layers": DEPTH,
    "* hidden layer": DEPTH,
    "* layers": DEPTH,
    "* layer": DEPTH,
}

# Heads of one table, by the name that its caption has.
TABLES: dict[str, dict[str, Column]] = {
    "ranking": {
        "Rank": Column("Average rank by test accuracy over depths and seeds; 1 is the best.", "mean"),
        "Trained": largest("Networks that trained, of all depths and seeds.", "n_trained"),
        "* layer*": largest(
            "Mean test accuracy of those with this depth that trained, in percent, and the verdict.",
            "mean",
        ),
    },
    "comparison": {
        "Trained": largest("Networks that trained, of all seeds.", "n_trained, n_seeds"),
        "Success rate, interval": largest(
            "The 95 % Clopper–Pearson interval of the share of seeds that train, in percent.",
            "trained_low, trained_high",
        ),
        "95 % interval": largest(
            "The 95 % confidence interval of the mean over seeds, in percent, or the range of the runs.",
            "ci_low, ci_high",
        ),
        "Range": largest(
            "Lowest and highest test accuracy of the networks that trained, in percent.", "min, max"
        ),
        "Interval": largest(
            "Its confidence interval, in percentage points, which holds for all comparisons at once.",
            "difference_low, difference_high",
        ),
        "p": P._replace(text=f"Sign flip test on the paired differences. {P.text}", source="p_sign_flip"),
        "p, Holm": HOLM._replace(source="p_holm"),
    },
    "shares": {
        "Both": largest("Seeds with which both networks trained.", "n_both"),
        "Only it": largest("Seeds with which this activation trained and the baseline did not.", "n_only"),
        "Only *": largest(
            "Seeds with which the baseline trained and this activation did not.", "n_only_baseline"
        ),
        "Neither": largest("Seeds with which neither network trained.", "n_neither"),
        "Difference": largest(
            "Share of seeds that trained less that of the baseline, in percentage points.", "difference"
        ),
        "Interval": largest(
            "Newcombe's interval of that difference, in percentage points, for all comparisons at once.",
            "difference_low, difference_high",
        ),
        "p": P._replace(text=f"Exact McNemar test on who trained. {P.text}", source="p_mcnemar"),
        "Trained": Column(
            "Whether more or fewer networks train than with the baseline, if that is decided.", "verdict"
        ),
        "Wins": largest("Seeds with a higher test accuracy than the baseline, trained or not.", "wins"),
        "Ties": largest("Seeds with the test accuracy of the baseline, trained or not.", "ties"),
        "Losses": largest("Seeds with a lower test accuracy than the baseline, trained or not.", "losses"),
    },
    "pairs": {
        "First": Column("The first activation of the pair."),
        "Second": Column("The second activation of the pair."),
        "Difference": largest(
            "Mean test accuracy of the first less that of the second, paired by seed, in percentage points.",
            "difference",
        ),
        "p": P._replace(text=f"Sign flip test on the paired differences. {P.text}", source="p_sign_flip"),
        "p, Holm": HOLM._replace(source="p_holm"),
    },
    "attribution": {
        "Depths": Column(
            "Depths that count, of all depths: there all four networks trained in most seeds.", "n_depths"
        ),
        "Change": largest(
            "How much the difference to the baseline changes with the setting, in percentage points.",
            "difference",
        ),
        "n": largest("Seeds with which all four networks trained at each of these depths.", "n"),
        "Left out": largest("Seeds with which not all four networks trained.", "n_left_out"),
        "Trained": largest(
            "Networks of the activation that trained, in the first setting and in this one.",
            "trained_before, trained_after",
        ),
        "Required seeds": Column(
            "Seeds that would show a change beyond the margin with 80 % probability, if it is as measured.",
            "required_seeds",
        ),
        "Verdict": Column("Whether the difference to the baseline changes with the setting.", "verdict"),
    },
    "matrix": {
        "*": largest(
            "Seeds that trained with this setting, mean test accuracy of those in percent, and the verdict.",
            "n_trained, mean, verdict",
        )
    },
    "rates": {
        "*": Column(
            "Chosen learning rate; in brackets, the decades around it where the score is within the margin.",
            "learning_rate, decades_within_margin",
        )
    },
    "settings": {
        "Overrides": Column("The keys of the config that the setting changes, with their values."),
        "Key": Column("A key of the config whose values differ."),
        "*": Column("The value of that key in this study."),
    },
    "over_depths": {
        "Accuracy": largest("Mean test accuracy at the smallest and at the largest depth, in percent."),
        "Dead units, initially": DEAD._replace(
            text=f"{DEAD.text} At the smallest and largest depth, before training."
        ),
        "Dead units, after training": DEAD._replace(
            text=f"{DEAD.text} At the smallest and largest depth, after training."
        ),
        "95 % interval": T_INTERVAL,
        "n": largest("Seeds behind the change to its left."),
    },
    "trained": {
        "* hidden layer*": largest(
            "Seeds that trained at this depth; in brackets the 95 % Clopper–Pearson interval of their share.",
            "n_trained, trained_low, trained_high",
        )
    },
    "networks": {
        "Network": Column("A property of the networks."),
        "* hidden layer*": Column("Its value in the networks of this depth."),
    },
    "training_cost": {
        "n": largest("Jobs that were timed; the networks of one share its time."),
        "Seconds a network": Column(
            "Wall time of a job over its networks' number, validation included, in seconds: median of jobs.",
            "seconds",
        ),
        "Range": Column("The shortest and the longest such time of a job, in seconds."),
        "* per second": largest("Training examples that pass through the network in a second, median."),
        "GFLOP a network": largest(
            "Billions of floating point operations of the matrix products of a training."
        ),
        "GFLOP/s": largest("Billions of such operations in a second, median."),
    },
    "tuning_cost": {
        "Networks tuned": largest("Networks that were trained to choose a learning rate."),
        "Epochs": largest("Epochs that these trained for, summed over networks."),
        "Seconds": Column("Wall time of the networks to its left, in seconds, summed over networks."),
        "Networks evaluated": largest("Networks that were trained for the results, with other seeds."),
        "Share of tuning": Column("Share of all training time that went into the choice, in percent."),
    },
    "function_cost": {
        "Forward, ns": Column(
            "Time to compute the function, in nanoseconds an element, median of the rounds."
        ),
        "Backward, ns": Column(
            "Time of its derivative's pass, in nanoseconds an element, median of the rounds."
        ),
        "× *": Column(
            "Forward and backward together, as a multiple of the baseline's time in the same round: "
            "the median of the rounds, in brackets their quartiles."
        ),
    },
    "dead_units": {
        "Dead, initially": DEAD._replace(text=f"{DEAD.text} Before training."),
        "Dormant, initially": Column(
            "Share of hidden units with a mean size far below their layer's, in percent, before training."
        ),
        "Saturated, initially": Column(
            "Share of units that are saturated for every training example, in percent, before training."
        ),
        "after training": Column(
            "The share to its left after training, in percent: the mean over n networks."
        ),
        "n": largest("Networks that did not diverge."),
    },
    "dead_by_layer": {
        "n": largest("Networks that were counted."),
        "layer *": largest(
            "Dead units of this layer: their mean number over n networks, and their share of the layer."
        ),
    },
    "formulas": {
        "f(x)": Column("The function as a formula."),
        "f′(x)": Column("Its derivative as a formula."),
    },
    "properties": {
        "Range of f": Column("The lowest and the highest value of the function."),
        "Range of f′": Column("The lowest and the highest value of the derivative."),
        "f(0) = 0": Column("Whether the function is zero at zero."),
        "Symmetry": Column("Whether the function is odd, even or neither."),
        "Monotone": Column("Whether the function never falls or never rises."),
        "f continuous": Column("Whether the function has no jump."),
        "f′ continuous": Column("Whether the derivative has no jump."),
        "Saturates": Column("The sides on which the function tends to a finite limit."),
        "Vanishing": Column("The sides on which the derivative tends to 0."),
        "Can die": Column("Whether the derivative is exactly 0 over an interval."),
        "E f": Column("Mean of f(z) for standard normal z."),
        "E f²": Column("Mean of f(z)² for standard normal z."),
        "E f′²": Column("Mean of f′(z)² for standard normal z."),
        "Gain": Column("One over the standard deviation of f(z) for standard normal z."),
    },
    "decay": {
        "Weights, *": Column(
            "Slope a layer of log10 rms of the weight gradient; above 0 it shrinks towards the input."
        ),
        "Pre-activations, *": Column(
            "Slope a layer of log10 rms of dL/dz; above 0 the gradient shrinks towards the input."
        ),
        "95 % interval": T_INTERVAL,
        "n": largest("Seeds whose networks have a slope."),
        "*": Column(
            "Predicted log10 of the first layer's gradient over the last's, initialised so; 0 is level."
        ),
    },
    "theory": {
        "Max |f′|": Column("The steepest slope of the function."),
        "σ_w": Column("Standard deviation of the initial weights, times the root of the number of inputs."),
        "σ_b": Column("Standard deviation of the initial biases."),
        "q*": Column("The mean square of pre-activations that layers tend to.", "q"),
        "Stable": Column("Whether mean squares near q* come closer to it.", "stable"),
        "χ": Column("The factor by which a layer multiplies the mean square of a gradient, at q*."),
        "ξ_q": Column("Layers after which a deviation from q* has fallen to 1/e."),
        "ξ_c": Column("Layers after which the difference between two examples has fallen to 1/e."),
        "Edge σ_w": Column("Standard deviation of weights on the edge of chaos, where χ = 1 at q*."),
        "Edge σ_b": Column("Standard deviation of biases on the edge of chaos, where χ = 1 at q*."),
    },
    "stages": {
        "Stage": Column("The stage of the workflow."),
        "Jobs": largest("How many jobs it had."),
        "Minutes": largest("Wall time summed over its jobs, in minutes."),
    },
    "cross_validation": {
        "Seed": Column("The seed of weights and batches."),
        "split*_test_score": largest("Test accuracy on this fold, in percent."),
        "mean_test_score": largest("Mean test accuracy over the folds, in percent."),
        "std_test_score": Column(
            "Standard deviation over the folds, dividing by their number, in percentage points."
        ),
        "rank_test_score": Column("Rank by the mean test score; 1 is the best."),
    },
    "cells": {
        "* is": Column("What the interval decides against the first study's margin.", "verdict"),
        "Behind": Column("Distance from the best activation of the cell, in percentage points."),
        "*": largest("Mean test accuracy of this study's networks that trained, in percent."),
    },
    "profile": {
        "Cells": largest("Cells (data set, depth and setting) in which the activation takes part."),
        "Best": largest("Cells in which it is the most accurate."),
        "Within": largest("Cells in which it is within the margin of the most accurate."),
        "Median": Column("Median distance from the most accurate, in percentage points."),
        "Most": Column("Largest distance from the most accurate, in percentage points."),
    },
    "scores": {
        "Accuracy": largest("Share of these examples that are classified correctly, in percent."),
        "Cross-entropy": Column("Mean cross-entropy of these examples, in nats."),
        "n": largest("How many examples."),
        "*": Column("The part of the data set."),
    },
    "layers": {
        "Layer": Column("The layer, counted from the input, 0."),
        "Units": largest("Units of the layer."),
        "Dead": largest("Units whose output is 0 for every training example."),
        "Zero gradient": largest("Units whose gradient is 0 for every training example."),
        "Dormant": largest("Units with a mean size far below their layer's."),
        "Saturated": largest("Units that are saturated for every training example."),
        "z": Column("Mean and standard deviation of the layer's pre-activations."),
        "h": Column("Mean and standard deviation of the layer's activations."),
        "Gradient, weights": Column(
            "Root mean square of the loss's gradient with respect to the layer's weights."
        ),
        "Gradient, z": Column("Root mean square of the loss's gradient with respect to the pre-activations."),
    },
    "published": {
        "Setting": Column("What was trained or computed."),
        "Quantity": Column("What was measured."),
        "Published": Column("The number in the source, in the unit of the quantity."),
        "Measured": Column("The same number as this program measures it."),
        "n": largest("Our runs or networks behind the measured number."),
        "Tolerance": Column("The largest distance that counts as agreement, fixed before the comparison."),
        "Tolerance from": Column("The rule that the tolerance follows from."),
        "Verdict": Column(
            "Whether that is within the tolerance; open where fewer than two runs can be compared."
        ),
    },
}
SAME = {"attribution_by_depth": "attribution", "over_depths_dead": "over_depths", "pairs_matrix": "pairs"}


def of(table: str, head: str) -> Column | None:
    """The explanation of a head, None if it has none.

    Args:
        table: the name that the table's caption has; one that ends in `_d8` is of a single depth.
        head: its text. A word for word entry comes before one with a star, and one of the table before any.
    """
    name, _, depth = table.rpartition("_d")
    table = name if name and depth.isdigit() else table
    own = TABLES.get(SAME.get(table, table), {})
    for known in (own, COMMON):
        if head in known:
            return known[head]
    for known in (own, COMMON):
        for pattern, column in known.items():
            if fnmatchcase(head, pattern):
                return column
    return None
