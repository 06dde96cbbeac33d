"""Questions that neither paper asks: what their priors give away, and what their code's own choices and mistakes do."""

from inpaintlib.claims.claim import Claim
from inpaintlib.claims.declare import FINE, TWO, counted, images
from inpaintlib.models.tsgl.config import BALANCE_DEFECTS, DEFECTS

PLAIN = ("psnr", "ssim")


def _reference(defect: str) -> str:
    return "none (balance)" if defect in BALANCE_DEFECTS else "none"


CLAIMS = (
    Claim(
        "beyond-leak",
        "beyond",
        "TSGL Sec. III-A1, App. F",
        "Priors that are computed from the ground truth and then masked tell the network something of the hole.",
        "Trained and measured with such priors, the network has higher PSNR in the hole, and an edge map with higher"
        " PSNR, than with priors that never see the hole; the difference is what they give away.",
        "signed",
        images("leak", (("leak", "no leak"),), ("hole_psnr", "edge_psnr"), FINE),
    ),
    Claim(
        "beyond-statistics",
        "beyond",
        "TSGL Eq. 7",
        "Global normalization over one image, as in the paper's equation, beats that over the batch, as in its code.",
        "Higher PSNR and SSIM with statistics of the instance in the four columns.",
        "signed",
        images("statistics", (("instance", "batch"),), PLAIN, FINE),
    ),
    Claim(
        "beyond-norm-cost",
        "beyond",
        "TSGL Sec. III-B1, Fig. 9",
        "At equal parameters and operations positional normalization beats instance normalization under one guide.",
        "Higher PSNR, higher SSIM and lower LPIPS for Global->Local than for Global->Global, whose networks differ in"
        " nothing that is counted.",
        "signed",
        images("norm-cost", (("Global->Local", "Global->Global"),), (*PLAIN, "lpips"), TWO),
    ),
    Claim(
        "beyond-twice",
        "beyond",
        "TSGL Sec. III-B5",
        "Guiding twice in the late layers, as in the paper's text, beats doing so in all layers, as in its code.",
        "Higher PSNR and SSIM for late than for all in the four columns, though the latter has more parameters.",
        "signed",
        images("twice", (("late", "all"),), PLAIN, FINE),
    ),
    *(
        Claim(
            f"beyond-defect-{name}",
            "beyond",
            "TSGL, released code",
            f"This mistake of the released code costs quality: {words}.",
            f"Higher PSNR and SSIM without it in the four columns, against the same network as written from the paper"
            f" ({_reference(name)}).",
            "signed",
            images("defects", ((_reference(name), name),), PLAIN, FINE),
        )
        for name, words in DEFECTS.items()
    ),
    Claim(
        "beyond-two-conventions",
        "beyond",
        "TSGL App. D, Table VI",
        "Table VI counts operations in two ways: its own network's transposed convolutions at their input, those of the"
        " others at their output.",
        "LaMa and Big-LaMa match the printed FLOPs within 1 % when charged at the output, and Ours(LaMa) does when"
        " charged at the input.",
        "number",
        (
            counted("lama", "macs_at_output", 512, ("tsgl-table-6", "LaMa")),
            counted("lama", "macs_at_output", 512, ("tsgl-table-6", "Big-LaMa"), config={"blocks": 18}),
            counted("tsgl-lama", "macs", 512, ("tsgl-table-6", "Ours(LaMa)"), config={"encoder": "released"}),
        ),
    ),
)
