"""The activation functions that are known by name: formulas, sources, parameters and classes.

Nothing here imports torch, so that planning a study stays fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that whoever reads imports sees these files as well
    from actbench.activations import modules, relu_autograd  # noqa: F401


@dataclass(frozen=True)
class Parameter:
    """A number that shapes an activation: keyword of the torch class, LaTeX symbol, default, bounds.

    `above` is a number that it must exceed, `at_most` the key of a parameter that it must not.
    """

    keyword: str
    symbol: str
    default: float
    above: float | None = None
    at_most: str | None = None


@dataclass(frozen=True)
class Activation:
    """One entry of the registry.

    `target` is "module:class"; `formula` and `derivative` are LaTeX in x, with the parameters' symbols;
    `reference` names who proposed the function; `options` are keywords of the class that are no numbers.
    `trainable` says that a module has parameters that training changes, `random` that it draws while it
    trains.
    """

    target: str
    formula: str
    derivative: str
    reference: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    trainable: bool = False
    random: bool = False


REGISTRY: dict[str, Activation] = {
    "sigmoid": Activation(
        "torch.nn:Sigmoid",
        r"\sigma(x) = \frac{1}{1 + e^{-x}}",
        r"\sigma(x)\,(1 - \sigma(x))",
        "Rumelhart, Hinton & Williams (1986), Nature 323",
    ),
    "tanh": Activation(
        "torch.nn:Tanh",
        r"\tanh(x)",
        r"1 - \tanh^2(x)",
        "LeCun, Bottou, Orr & Müller (1998), Efficient BackProp",
    ),
    "relu": Activation(
        "torch.nn:ReLU",
        r"\max(0, x)",
        r"\begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}",
        "Nair & Hinton (2010), ICML",
    ),
    "relu_autograd": Activation(
        "actbench.activations.relu_autograd:ReLU",
        r"\max(0, x)",
        r"\begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}",
        "relu again, its derivative written by hand",
    ),
    "leakyrelu": Activation(
        "torch.nn:LeakyReLU",
        r"\begin{cases} x & x > 0 \\ \alpha x & x \leq 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ \alpha & x \leq 0 \end{cases}",
        "Maas, Hannun & Ng (2013), ICML Workshop on Deep Learning for Audio, Speech and Language",
        {"slope": Parameter("negative_slope", r"\alpha", 0.1)},
    ),
    "elu": Activation(
        "torch.nn:ELU",
        r"\begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \leq 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ \alpha\,e^x & x \leq 0 \end{cases}",
        "Clevert, Unterthiner & Hochreiter (2016), ICLR, arXiv:1511.07289",
        {"alpha": Parameter("alpha", r"\alpha", 1.0, above=0.0)},
    ),
    "swish": Activation(
        "torch.nn:SiLU",
        r"x\,\sigma(x)",
        r"\sigma(x)\,(1 + x\,(1 - \sigma(x)))",
        "Ramachandran, Zoph & Le (2017), arXiv:1710.05941; SiLU of Elfwing et al., arXiv:1702.03118",
    ),
    "gelu": Activation(
        "torch.nn:GELU",
        r"x\,\Phi(x)",
        r"\Phi(x) + x\,\phi(x)",
        "Hendrycks & Gimpel (2016), arXiv:1606.08415",
    ),
    "selu": Activation(
        "torch.nn:SELU",
        r"\begin{cases} \lambda x & x > 0 \\ \lambda\alpha\,(e^x - 1) & x \leq 0 \end{cases}, \quad "
        r"\lambda \approx 1.0507, \; \alpha \approx 1.6733",
        r"\begin{cases} \lambda & x > 0 \\ \lambda\alpha\,e^x & x \leq 0 \end{cases}",
        "Klambauer, Unterthiner, Mayr & Hochreiter (2017), NeurIPS, arXiv:1706.02515",
    ),
    "mish": Activation(
        "torch.nn:Mish",
        r"x\,\tanh(\ln(1 + e^x))",
        r"\tanh(s) + x\,\sigma(x)\,(1 - \tanh^2(s)), \quad s = \ln(1 + e^x)",
        "Misra (2020), BMVC, arXiv:1908.08681",
    ),
    "softplus": Activation(
        "torch.nn:Softplus",
        r"\frac{1}{\beta} \ln(1 + e^{\beta x})",
        r"\sigma(\beta x)",
        "Dugas, Bengio, Bélisle, Nadeau & Garcia (2001), NeurIPS",
        {"beta": Parameter("beta", r"\beta", 1.0, above=0.0)},
    ),
    "softsign": Activation(
        "torch.nn:Softsign",
        r"\frac{x}{1 + |x|}",
        r"\frac{1}{(1 + |x|)^2}",
        "Bergstra, Desjardins, Lamblin & Bengio (2009), Université de Montréal, report 1337",
    ),
    "hardtanh": Activation(
        "torch.nn:Hardtanh",
        r"\max(-1, \min(1, x))",
        r"\begin{cases} 1 & |x| < 1 \\ 0 & |x| \geq 1 \end{cases}",
        "Collobert (2004), PhD thesis, Université Paris VI",
    ),
    "relu6": Activation(
        "torch.nn:ReLU6",
        r"\min(6, \max(0, x))",
        r"\begin{cases} 1 & 0 < x < 6 \\ 0 & \mathrm{elsewhere} \end{cases}",
        "Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10",
    ),
    "hardswish": Activation(
        "torch.nn:Hardswish",
        r"x\,\frac{\min(6, \max(0, x + 3))}{6}",
        r"\begin{cases} 0 & x < -3 \\ (2x + 3)/6 & |x| \leq 3 \\ 1 & x > 3 \end{cases}",
        "Howard et al. (2019), ICCV, arXiv:1905.02244",
    ),
    "celu": Activation(
        "torch.nn:CELU",
        r"\max(0, x) + \min(0, \alpha\,(e^{x/\alpha} - 1))",
        r"\begin{cases} 1 & x > 0 \\ e^{x/\alpha} & x \leq 0 \end{cases}",
        "Barron (2017), arXiv:1704.07483",
        {"alpha": Parameter("alpha", r"\alpha", 1.0, above=0.0)},
    ),
    "prelu": Activation(
        "torch.nn:PReLU",
        r"\begin{cases} x & x > 0 \\ a x & x \leq 0 \end{cases}, \quad a \; \mathrm{learned}",
        r"\begin{cases} 1 & x > 0 \\ a & x \leq 0 \end{cases}",
        "He, Zhang, Ren & Sun (2015), ICCV, arXiv:1502.01852",
        {"init": Parameter("init", "a_0", 0.25)},
        trainable=True,
    ),
    "rrelu": Activation(
        "torch.nn:RReLU",
        r"\begin{cases} x & x > 0 \\ a x & x \leq 0 \end{cases}, \quad a \sim \mathrm{U}(\ell, u) \; "
        r"\mathrm{in \ training}, \; \mathrm{else} \; a = \frac{\ell + u}{2}",
        r"\begin{cases} 1 & x > 0 \\ a & x \leq 0 \end{cases}",
        "Xu, Wang, Chen & Li (2015), arXiv:1505.00853",
        {
            "lower": Parameter("lower", r"\ell", 1 / 8, at_most="upper"),
            "upper": Parameter("upper", "u", 1 / 3),
        },
        random=True,
    ),
    "gelu_tanh": Activation(
        "torch.nn:GELU",
        r"\frac{x}{2}\,(1 + \tanh(s)), \quad s = \sqrt{\frac{2}{\pi}}\,(x + 0.044715\,x^3)",
        r"\frac{1 + \tanh(s)}{2} + \frac{x}{2}\,(1 - \tanh^2(s))\,\sqrt{\frac{2}{\pi}}\,(1 + 0.134145\,x^2)",
        "Hendrycks & Gimpel (2016), arXiv:1606.08415",
        options={"approximate": "tanh"},
    ),
    "hardsigmoid": Activation(
        "torch.nn:Hardsigmoid",
        r"\frac{\min(6, \max(0, x + 3))}{6}",
        r"\begin{cases} 1/6 & |x| < 3 \\ 0 & |x| \geq 3 \end{cases}",
        "Howard et al. (2019), ICCV, arXiv:1905.02244",
    ),
    "logsigmoid": Activation(
        "torch.nn:LogSigmoid",
        r"\ln(\sigma(x)) = -\ln(1 + e^{-x})",
        r"\sigma(-x)",
        "Dugas, Bengio, Bélisle, Nadeau & Garcia (2001), NeurIPS: softplus, turned by 180°",
    ),
    "hardshrink": Activation(
        "torch.nn:Hardshrink",
        r"\begin{cases} x & |x| > \lambda \\ 0 & |x| \leq \lambda \end{cases}",
        r"\begin{cases} 1 & |x| > \lambda \\ 0 & |x| \leq \lambda \end{cases}",
        "Donoho & Johnstone (1994), Biometrika 81",
        {"lambd": Parameter("lambd", r"\lambda", 0.5, above=0.0)},
    ),
    "softshrink": Activation(
        "torch.nn:Softshrink",
        r"\begin{cases} x - \lambda & x > \lambda \\ 0 & |x| \leq \lambda \\ "
        r"x + \lambda & x < -\lambda \end{cases}",
        r"\begin{cases} 1 & |x| > \lambda \\ 0 & |x| \leq \lambda \end{cases}",
        "Donoho & Johnstone (1994), Biometrika 81",
        {"lambd": Parameter("lambd", r"\lambda", 0.5, above=0.0)},
    ),
    "tanhshrink": Activation(
        "torch.nn:Tanhshrink",
        r"x - \tanh(x)",
        r"\tanh^2(x)",
        "Collobert, Kavukcuoglu & Farabet (2011), Torch7, BigLearn Workshop at NeurIPS; a module of it",
    ),
    "threshold": Activation(
        "torch.nn:Threshold",
        r"\begin{cases} x & x > \theta \\ v & x \leq \theta \end{cases}",
        r"\begin{cases} 1 & x > \theta \\ 0 & x \leq \theta \end{cases}",
        "Konda, Memisevic & Krueger (2015), ICLR, arXiv:1402.3337",
        {
            "threshold": Parameter("threshold", r"\theta", 1.0),
            "value": Parameter("value", "v", 0.0),
        },
    ),
    "squared_relu": Activation(
        "actbench.activations.modules:SquaredReLU",
        r"\max(0, x)^2",
        r"2 \max(0, x)",
        "So et al. (2021), NeurIPS, arXiv:2109.08668",
    ),
    "star_relu": Activation(
        "actbench.activations.modules:StarReLU",
        r"s \max(0, x)^2 + b, \quad s, b \; \mathrm{learned}",
        r"2 s \max(0, x)",
        "Yu et al. (2024), IEEE TPAMI 46, arXiv:2210.13452",
        {
            "scale": Parameter("scale", "s_0", 0.8944),
            "bias": Parameter("bias", "b_0", -0.4472),
        },
        trainable=True,
    ),
    "swish_beta": Activation(
        "actbench.activations.modules:Swish",
        r"x\,\sigma(\beta x)",
        r"\sigma(\beta x)\,(1 + \beta x\,(1 - \sigma(\beta x)))",
        "Ramachandran, Zoph & Le (2017), arXiv:1710.05941; β = 1.702 is close to gelu, arXiv:1606.08415",
        {"beta": Parameter("beta", r"\beta", 1.702, above=0.0)},
    ),
    "swish_trainable": Activation(
        "actbench.activations.modules:TrainableSwish",
        r"x\,\sigma(\beta x), \quad \beta \; \mathrm{learned}",
        r"\sigma(\beta x)\,(1 + \beta x\,(1 - \sigma(\beta x)))",
        "Ramachandran, Zoph & Le (2017), arXiv:1710.05941",
        {"init": Parameter("init", r"\beta_0", 1.0)},
        trainable=True,
    ),
    "sine": Activation(
        "actbench.activations.modules:Sine",
        r"\sin(\omega x)",
        r"\omega \cos(\omega x)",
        "Sitzmann, Martel, Bergman, Lindell & Wetzstein (2020), NeurIPS, arXiv:2006.09661",
        {"omega": Parameter("omega", r"\omega", 1.0, above=0.0)},
    ),
    "gaussian": Activation(
        "actbench.activations.modules:Gaussian",
        r"e^{-x^2/(2a^2)}",
        r"-\frac{x}{a^2}\,e^{-x^2/(2a^2)}",
        "Ramasinghe & Lucey (2022), ECCV, arXiv:2111.15135",
        {"width": Parameter("width", "a", 1.0, above=0.0)},
    ),
    "snake": Activation(
        "actbench.activations.modules:Snake",
        r"x + \frac{\sin^2(a x)}{a}",
        r"1 + \sin(2 a x)",
        "Ziyin, Hartwig & Ueda (2020), NeurIPS, arXiv:2006.08195",
        {"frequency": Parameter("frequency", "a", 1.0, above=0.0)},
    ),
    "identity": Activation("torch.nn:Identity", "x", "1", "a linear network, for comparison"),
}

ALIASES = {"silu": "swish"}
