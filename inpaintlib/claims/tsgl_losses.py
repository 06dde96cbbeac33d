"""What TSGL claims is lost from layer to layer: the KL divergences of Fig. 3, 9, 10, 12, 20 and 21."""

from inpaintlib.claims.claim import Claim, Evidence
from inpaintlib.claims.declare import CROSSED, FINAL, TWICE_LOCAL, maps

READING = (
    "Read as KL(p||q) of channel distributions, p layer k of a row, q the same kind of map in layer k - 1 of the"
    " baseline, averaged over layers"
)


def _loss(kind: str, less: str, more: str) -> Evidence:
    return maps("table-iv", "KL difference", pairs=((less, more),), kind=kind)


def _level(kind: str, one: str, other: str) -> Evidence:
    return maps("table-iv", "KL level", pairs=((one, other),), kind=kind, margin=0.1)


CLAIMS = (
    Claim(
        "tsgl-fig-3-global",
        "TSGL",
        "Sec. III-B, Fig. 3",
        "Structure keeps regions of a texture map apart, so that less is lost from layer to layer.",
        f"Smaller KL of texture maps for Global->Global than for the baseline itself. {READING}.",
        "throughout",
        _loss("texture", "Global->Global", "Baseline"),
    ),
    Claim(
        "tsgl-fig-3-local",
        "TSGL",
        "Sec. III-B, Fig. 3",
        "Structure keeps regions of a texture map apart, so that less is lost from layer to layer.",
        f"Smaller KL of texture maps for Global->Local than for the baseline itself. {READING}.",
        "throughout",
        _loss("texture", "Global->Local", "Baseline"),
    ),
    Claim(
        "tsgl-fig-9-texture",
        "TSGL",
        "Sec. III-B1, Fig. 9 b",
        "Under local normalization a structure guide leaves much less texture lost than under global normalization.",
        f"Smaller KL of texture maps for Global->Local than for Global->Global. {READING}.",
        "throughout",
        _loss("texture", "Global->Local", "Global->Global"),
    ),
    Claim(
        "tsgl-fig-9-structure-level",
        "TSGL",
        "Sec. III-B1, Fig. 9 a",
        "Both normalizations lose structure at the same level.",
        "The mean KL of high-pass maps of Global->Local is that of Global->Global within a tenth; the paper names no"
        " margin.",
        "same level",
        _level("high_pass", "Global->Local", "Global->Global"),
    ),
    Claim(
        "tsgl-fig-10-residual",
        "TSGL",
        "Sec. III-B2, Fig. 10 a",
        "Guided by the local residual, local normalization loses much less of the residual than global normalization.",
        f"Smaller KL of local residuals for Local->Local than for Local->Global. {READING}, from layer 2 on. The text"
        " can also be read as comparing with the baseline's texture maps.",
        "throughout",
        _loss("residual", "Local->Local", "Local->Global"),
    ),
    Claim(
        "tsgl-fig-10-texture-global",
        "TSGL",
        "Sec. III-B2, Fig. 7 c, 10 b",
        "Under global normalization the local residual is a better guide than the structure map.",
        f"Smaller KL of texture maps for Local->Global than for Global->Global. {READING}.",
        "throughout",
        _loss("texture", "Local->Global", "Global->Global"),
    ),
    Claim(
        "tsgl-fig-10-texture-local",
        "TSGL",
        "Sec. III-B2, Fig. 7 d, 10 b",
        "With local normalization too, less texture is lost with a residual guide than with a structure guide.",
        f"Smaller KL of texture maps for Local->Local than for Global->Local. {READING}; the paper speaks of a"
        " similar gap in both panels and does not say between which rows, so only its sign is tested.",
        "throughout",
        _loss("texture", "Local->Local", "Global->Local"),
    ),
    *(
        Claim(
            f"tsgl-fig-20-{name}",
            "TSGL",
            f"App. E, Fig. 20 {panel}",
            f"With the two normalizations interchanged, much more {words} is lost.",
            f"Smaller KL of {what} for {FINAL} than for {CROSSED}. {READING}.",
            "throughout",
            _loss(kind, FINAL, CROSSED),
        )
        for name, panel, words, what, kind in (
            ("structure", "a", "structure", "high-pass maps", "high_pass"),
            ("residual", "b", "local residual", "local residuals", "residual"),
            ("texture", "c", "texture", "texture maps", "texture"),
        )
    ),
    *(
        Claim(
            f"tsgl-fig-21-{name}",
            "TSGL",
            f"App. E, Fig. 21 {panel}",
            f"With the residual guide doubled instead of the structure guide, more {words} is lost.",
            f"Smaller KL of {what} for {FINAL} than for {TWICE_LOCAL}. {READING}.",
            "throughout",
            _loss(kind, FINAL, TWICE_LOCAL),
        )
        for name, panel, words, what, kind in (
            ("structure", "b", "structure", "high-pass maps", "high_pass"),
            ("texture", "d", "texture", "texture maps", "texture"),
        )
    ),
    Claim(
        "tsgl-fig-21-residual-level",
        "TSGL",
        "App. E, Fig. 21 c",
        "Which of the two guides is doubled makes no difference to how much local residual is lost.",
        f"The mean KL of local residuals of {FINAL} is that of {TWICE_LOCAL} within a tenth; the paper names no"
        " margin.",
        "same level",
        _level("residual", FINAL, TWICE_LOCAL),
    ),
    Claim(
        "tsgl-fig-12-crossing",
        "TSGL",
        "Sec. III-B5, Fig. 12",
        "Structure is lost more slowly than the local residual in the early layers, and faster in the late ones.",
        f"In {FINAL}, KL of high-pass maps minus KL of local residuals is below zero in layers 2 and 3 and above zero"
        " in layers 4 and 5.",
        "crossing",
        maps("table-iv", "KL crossing", label=FINAL),
    ),
)
