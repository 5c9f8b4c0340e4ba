"""Numbers that others published, with settings and sources; `verification` compares ours with them.

Layers count from 0, as everywhere. No number here is ours.
"""

UVA = "phlippe/uvadlc_notebooks, commit 0da8037c, tutorial3/Activation_Functions.ipynb"
UVA_PYTORCH, UVA_JAX = f"{UVA} (PyTorch)", f"{UVA} (JAX)"
UVA_SIZES = (784, 512, 256, 256, 128, 10)
UVA_SEED = 42
UVA_TRAINING_IMAGES = 50_000
UVA_BATCH = 256

# Test accuracy of one run each, 784-512-256-256-128-10 on Fashion-MNIST: the protocol of
# studies/fashion_mnist.yaml.
UVA_DEPTH = 4
UVA_ACCURACY = {
    UVA_PYTORCH: {
        "sigmoid": 0.1,
        "tanh": 0.8759,
        "relu": 0.8862,
        "leakyrelu": 0.8892,
        "elu": 0.8727,
        "swish": 0.8873,
    },
    UVA_JAX: {
        "sigmoid": 0.7846,
        "tanh": 0.8857,
        "relu": 0.8865,
        "leakyrelu": 0.8833,
        "elu": 0.8832,
        "swish": 0.8833,
    },
}

# Dead ReLU units of the untrained network over the 50,000 training images, hidden layer by hidden layer.
UVA_DEAD = {UVA_PYTORCH: (0, 0, 3, 10), UVA_JAX: (0, 0, 3, 7)}

# The same of the trained ReLU networks, whose weights were published (phlippe/saved_models, commit e38faed).
UVA_DEAD_TRAINED = {UVA_PYTORCH: (0, 0, 0, 3), UVA_JAX: (0, 0, 3, 3)}

# Weight gradients at initialisation on the first 256 training images. min and max are edges of the notebook's
# histograms, printed with 6 digits; loss, std (dividing by n) and L2 norm come from a reproduction by others.
UVA_GRADIENTS = {
    "relu": {
        "loss": 2.303895,
        "layers": (
            {"min": -0.000931904, "max": 0.00107916, "std": 0.000149777, "l2_norm": 0.0949279},
            {"min": -0.00248211, "max": 0.00204241, "std": 0.000196479, "l2_norm": 0.0711381},
            {"min": -0.00267924, "max": 0.00191737, "std": 0.000190078, "l2_norm": 0.0486608},
            {"min": -0.0032739, "max": 0.00468408, "std": 0.000264287, "l2_norm": 0.0478419},
            {"min": -0.0040026, "max": 0.00469598, "std": 0.000997197, "l2_norm": 0.0356768},
        ),
    },
    "sigmoid": {
        "loss": 2.365915,
        "layers": (
            {"min": -1.39211e-05, "max": 1.37282e-05, "std": 2.42324e-06, "l2_norm": 0.00153558},
            {"min": -5.67835e-05, "max": 4.5304e-05, "std": 1.21082e-05, "l2_norm": 0.0043863},
            {"min": -0.000261388, "max": 0.000384765, "std": 8.32001e-05, "l2_norm": 0.0215276},
            {"min": -0.00280779, "max": 0.00294456, "std": 0.000824041, "l2_norm": 0.156367},
            {"min": -0.0389008, "max": 0.0783241, "std": 0.0234244, "l2_norm": 0.838056},
        ),
    },
}

# Every weight and bias 0.005, identity activation, first 1,024 images, inputs standardised with mean and
# standard deviation as given.
CONSTANT_INIT_SOURCE = "UvA tutorial 4 (optimisation and initialisation), re-run by others"
CONSTANT_INIT = 0.005
CONSTANT_INIT_IMAGES = 1024
CONSTANT_INIT_MEAN, CONSTANT_INIT_STD = 0.2861, 0.3530
CONSTANT_INIT_VARIANCES = (2.0582757, 13.48912, 22.100571, 36.209572, 14.831442)

# Gain 1/std f(z), z ~ N(0, 1): sampled by DeepMind (within 0.15 %), and by exact quadrature to 6 digits.
GAINS_SAMPLED_SOURCE = "google-deepmind/deepmind-research, nfnets/base.py (sampled)"
GAINS_SAMPLED = {
    "sigmoid": 4.80384,
    "tanh": 1.59391,
    "relu": 1.71396,
    "swish": 1.78813,
    "gelu": 1.7015,
    "elu": 1.2716,
}
GAINS_EXACT_SOURCE = "exact quadrature by others"
GAINS_EXACT = {
    "sigmoid": 4.80131,
    "tanh": 1.59254,
    "relu": 1.71286,
    "swish": 1.78719,
    "gelu": 1.70093,
    "elu": 1.27084,
}

# Cosine of two inputs' activations, layer after layer of a wide ReLU network with He initialisation, no bias,
# orthogonal inputs: c -> (sin t + (pi - t) cos t)/pi, t = arccos c.
CORRELATION_SOURCE = "Cho & Saul (2009), NeurIPS: arc-cosine kernel of degree 1"
CORRELATIONS = (0.31831, 0.49373, 0.60483, 0.68095, 0.73595)

# Probability that ten bias-free ReLU layers of a width with symmetric weights output 0 for one input:
# 1 - prod_l (1 - 2^-n_l).
BORN_DEAD_SOURCE = "Lu, Shin, Su & Karniadakis (2020), arXiv:1903.06733"
BORN_DEAD_LAYERS = 10
BORN_DEAD = {2: 0.9437, 3: 0.7369, 5: 0.2720, 10: 0.00972}

# Test accuracy of scikit-learn's MLPClassifier, hidden_layer_sizes [100], mean of 5 shuffles.
MLP_SOURCE = "Xiao, Rasul & Vollgraf (2017), arXiv:1708.07747, Table 3 (scikit-learn 0.19-era MLPClassifier)"
MLP_SHUFFLES = 5
MLP_ACCURACY = {"relu": 0.871, "tanh": 0.868}

# What a page calls the sources.
SHORT_NAMES = {
    UVA_PYTORCH: "UvA notebook, PyTorch",
    UVA_JAX: "UvA notebook, JAX",
    CONSTANT_INIT_SOURCE: "UvA tutorial 4",
    GAINS_SAMPLED_SOURCE: "DeepMind, sampled gains",
    GAINS_EXACT_SOURCE: "Gains by quadrature",
    CORRELATION_SOURCE: "Cho & Saul (2009)",
    BORN_DEAD_SOURCE: "Lu et al. (2020)",
    MLP_SOURCE: "Fashion-MNIST paper (2017)",
}
