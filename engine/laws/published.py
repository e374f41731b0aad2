"""Power laws that others have published, to be drawn beside what is measured here.

e(m) = coefficient * m^exponent, in the letters of Hestness et al.: alpha * m^beta_g. The 2019 paper
gives coefficients, with exponents rounded or refitted; the 2017 paper exponents alone. A row with
a coefficient and a `size_unit` can be drawn as a line. DS2 is Deep Speech 2.
"""

from dataclasses import dataclass

HESTNESS_2017 = "Hestness et al. 2017, arXiv 1712.00409"
HESTNESS_2019 = "Hestness et al. 2019, arXiv 1909.01736"


@dataclass(frozen=True, slots=True)
class PublishedLaw:
    """One published power law."""

    domain: str
    model: str
    metric: str
    coefficient: float | None  # alpha; None where only the exponent was published
    exponent: float  # beta_g
    source: str
    size_unit: str  # what m counts
    x_low: float | None = None  # sizes that the measurements reached, in size_unit
    x_high: float | None = None
    exponent_low: float | None = None  # range over models, where one was published
    exponent_high: float | None = None


IMAGES = (1e3, 8e5)  # 1 to 800 images of each of ImageNet's 1,000 classes
TEXT = (None, 2.0**27)  # tokens, words or characters of the largest shard
HOURS = (None, 2048.0)  # of audio

PUBLISHED: tuple[PublishedLaw, ...] = (
    PublishedLaw("images", "ResNet", "top-1 error", 15.0, -0.309, HESTNESS_2019, "images", *IMAGES),
    PublishedLaw("images", "ResNet", "top-5 error", None, -0.488, HESTNESS_2017, "images", *IMAGES),
    PublishedLaw(
        "images", "ResNet", "cross-entropy", None, -0.35, HESTNESS_2017, "images", *IMAGES
    ),
    PublishedLaw(
        "words", "LSTM, RHN", "cross-entropy", 13.0, -0.066, HESTNESS_2019, "words", *TEXT
    ),
    PublishedLaw(
        domain="words",
        model="LSTM, RHN",
        metric="cross-entropy",
        coefficient=None,
        exponent=-0.0656,
        source=HESTNESS_2017,
        size_unit="words",
        x_high=2.0**27,
        exponent_low=-0.09,
        exponent_high=-0.06,
    ),
    PublishedLaw(
        "characters", "RHN", "cross-entropy", 9.39, -0.092, HESTNESS_2019, "characters", *TEXT
    ),
    PublishedLaw(
        "characters", "RHN, SGD", "cross-entropy", None, -0.0936, HESTNESS_2017, "characters", *TEXT
    ),
    PublishedLaw(
        "characters",
        "RHN, Adam",
        "cross-entropy",
        None,
        -0.0954,
        HESTNESS_2017,
        "characters",
        *TEXT,
    ),
    PublishedLaw(
        "translation", "LSTM, best", "token error", 3.06, -0.128, HESTNESS_2019, "tokens", *TEXT
    ),
    PublishedLaw(
        domain="translation",
        model="LSTM, one size, with a floor",
        metric="token error",
        coefficient=None,
        exponent=-0.36,
        source=HESTNESS_2017,
        size_unit="tokens",
        x_high=2.0**27,
        exponent_low=-0.36,  # the other size gave -0.30
        exponent_high=-0.30,
    ),
    # m is not hours here: 30.5 * 2048^-0.291 = 3.3 is no error rate. So no line can be drawn.
    PublishedLaw("speech", "DS2", "character error", 30.5, -0.291, HESTNESS_2019, ""),
    PublishedLaw(
        "speech", "DS2, attention", "character error", None, -0.299, HESTNESS_2017, "hours", *HOURS
    ),
)
