"""What TSGL claims of cost, and which of its sentences follow from its own printed numbers."""

from inpaintlib.claims.claim import Claim, Evidence
from inpaintlib.claims.declare import ahead, counted, gain, printed
from inpaintlib.claims.statistic import COUNTS

RELEASED = {"encoder": "released"}
ENCODER = ("head", "stages", "structure", "guides", "fusion")
LAMA = ("tsgl-table-6", "LaMa")
BIG_LAMA = ("tsgl-table-6", "Big-LaMa")
OURS_LAMA = ("tsgl-table-6", "Ours(LaMa)")
OURS = ("tsgl-table-5", "Ours")

COUNTED = (
    Claim(
        "tsgl-table-5-network",
        "TSGL",
        "App. B, Table V",
        "The network has 37.8 M parameters and takes 95.1 G operations on an image of 256 px.",
        "The paper's whole network as written here, without what only training needs, has as many of both within 1 %;"
        " the paper does not say how it counts.",
        "number",
        (counted("tsgl", "parameters", 256, OURS), counted("tsgl", "macs", 256, OURS)),
    ),
    Claim(
        "tsgl-table-5-encoder",
        "TSGL",
        "App. B, Table V",
        "The encoder, of which the appendix speaks in its title, has 37.8 M parameters and takes 95.1 G operations.",
        "The released code's encoder (texture, structure, guides, and the maps handed to the decoder) has as many of"
        " both within 1 %. The table does not say which parts it counts; no reading fits both of its numbers.",
        "number",
        (
            counted("tsgl-released", "parameters", 256, OURS, parts=ENCODER),
            counted("tsgl-released", "macs", 256, OURS, parts=ENCODER),
        ),
    ),
    Claim(
        "tsgl-table-6-ours-parameters",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) has 34.0 M parameters.",
        "The released encoder in LaMa, without what only training needs, has as many within 1 %.",
        "number",
        counted("tsgl-lama", "parameters", 512, OURS_LAMA, config=RELEASED),
    ),
    Claim(
        "tsgl-table-6-ours-operations",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) takes 463.0 G operations on an image of 512 px.",
        "The released encoder in LaMa takes as many multiply-accumulates within 1 %.",
        "number",
        counted("tsgl-lama", "macs", 512, OURS_LAMA, config=RELEASED),
    ),
    Claim(
        "tsgl-table-6-lama-parameters",
        "TSGL",
        "App. D, Table VI",
        "LaMa has 27.0 M and Big-LaMa 51.0 M parameters.",
        "LaMa with 9 and with 18 blocks has as many within 1 %.",
        "number",
        (
            counted("lama", "parameters", 512, LAMA),
            counted("lama", "parameters", 512, BIG_LAMA, config={"blocks": 18}),
        ),
    ),
    Claim(
        "tsgl-table-6-lama-operations",
        "TSGL",
        "App. D, Table VI",
        "LaMa takes 171.3 G and Big-LaMa 264.2 G operations on an image of 512 px.",
        "LaMa with 9 and with 18 blocks takes as many multiply-accumulates within 1 %, counted as for Ours(LaMa).",
        "number",
        (counted("lama", "macs", 512, LAMA), counted("lama", "macs", 512, BIG_LAMA, config={"blocks": 18})),
    ),
    Claim(
        "tsgl-app-b-linear",
        "TSGL",
        "App. B",
        "The cost of the whole network grows linearly with the number of pixels.",
        "Multiply-accumulates at 256, 512 and 1024 px follow a power of the pixels with exponent 1 within 0.02.",
        "linear",
        Evidence(*COUNTS, "growth with size", {"model": "tsgl", "sizes": (256, 512, 1024)}),
    ),
)

COMPETITORS = ("PENNet", "MEDFE", "RFR", "HiFill", "CTSDG", "MMT", "HAN", "DGTS", "IR-SDE", "ZITS", "FAR")
_QUALITY = ("PSNR", "SSIM", "FID")

PRINTED = (
    Claim(
        "tsgl-table-2-printed-ours",
        "TSGL",
        "Sec. IV-B1, Table II",
        "Ours has a lower FID and a higher PSNR and SSIM than all competitors.",
        "The printed numbers of Ours are better in every column where both are printed.",
        "printed",
        printed("tsgl-table-2", ahead("Ours", *COMPETITORS), _QUALITY),
    ),
    Claim(
        "tsgl-table-2-printed-variants",
        "TSGL",
        "Sec. IV-B1, Table II",
        "The variants with our encoder, too, have a lower FID and a higher PSNR and SSIM than all competitors.",
        "The printed numbers of Ours(PENNet) and Ours(HiFill) are better in every column where both are printed.",
        "printed",
        printed("tsgl-table-2", (*ahead("Ours(PENNet)", *COMPETITORS), *ahead("Ours(HiFill)", *COMPETITORS)), _QUALITY),
    ),
    Claim(
        "tsgl-table-5-printed",
        "TSGL",
        "App. B, Table V",
        "The network keeps parameters and operations low while doing better than the others.",
        "Read as: fewer printed parameters and operations than each of the six networks it is compared with.",
        "printed",
        printed("tsgl-table-5", ahead("Ours", "GC", "RFR", "CTSDG", "HAN", "MMT", "ZITS"), ("Params", "FLOPs")),
    ),
    Claim(
        "tsgl-table-6-printed-quality",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) has a much lower FID and LPIPS than its competitors.",
        "The printed numbers of Ours(LaMa) are lower than those of all fourteen other rows, in all six columns.",
        "printed",
        printed(
            "tsgl-table-6",
            ahead(
                "Ours(LaMa)",
                "EdgeConnect",
                "DeepFill v2",
                "RegionNorm",
                "HiFill",
                "CoModGAN",
                "MADF",
                "RegionWise",
                "AOT GAN",
                "LaMa",
                "Big-LaMa",
                "MAT",
                "ZITS",
                "MI-GAN",
                "StrDiffusion",
            ),
            ("FID", "LPIPS"),
        ),
    ),
    Claim(
        "tsgl-table-6-printed-cost",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) needs fewer parameters than Big-LaMa and MAT, and fewer operations than ZITS and StrDiffusion.",
        "So it is printed. Parameters and operations of all rows are taken as printed, whatever the way of counting.",
        "printed",
        (
            printed("tsgl-table-6", ahead("Ours(LaMa)", "Big-LaMa", "MAT"), ("Params",)),
            printed("tsgl-table-6", ahead("Ours(LaMa)", "ZITS", "StrDiffusion"), ("FLOPs",)),
        ),
    ),
    Claim(
        "tsgl-table-6-percentages",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) is better than LaMa by at most 25.3 % in FID and 11.8 % in LPIPS.",
        "The largest gains of the three kinds of holes, from the printed numbers. LaMa's FID on wide holes is 2.21 in"
        " Table III and 2.2 in Table VI; Table III is used.",
        "arithmetic",
        (
            gain("tsgl-table-3", "Ours(LaMa)", ("LaMa",), "FID", 25.3, 0.1),
            gain("tsgl-table-3", "Ours(LaMa)", ("LaMa",), "LPIPS", 11.8, 0.1),
        ),
    ),
    Claim(
        "tsgl-table-8-percentages",
        "TSGL",
        "App. F, Table VIII",
        "Edge map and grayscale bring up to 26.2 % in FID, 7.6 % in PSNR and 3.6 % in SSIM.",
        "The largest gains over the four other priors and both columns, from the printed numbers.",
        "arithmetic",
        tuple(
            gain(
                "tsgl-table-8",
                "Edge map + Grayscale",
                ("Low-Resolution RGB", "Semantic Segmentation", "Gradients-X", "Gradients-Y"),
                metric,
                stated,
                0.1,
            )
            for metric, stated in (("FID", 26.2), ("PSNR", 7.6), ("SSIM", 3.6))
        ),
    ),
)

UNTESTABLE = (
    Claim(
        "tsgl-table-2-levels",
        "TSGL",
        "Sec. IV-B1, Table II",
        "On CelebA and Places2 the network reaches the PSNR, SSIM and FID that are printed.",
        "The printed values, within their rounding, after the paper's own training.",
        "number",
        reason="the photographs of CelebA and Places2 may not be shipped, and the paper's weights were not published",
    ),
    Claim(
        "tsgl-table-6-recent",
        "TSGL",
        "App. D, Table VI",
        "Ours(LaMa) does better than MI-GAN and StrDiffusion at 512 px.",
        "Lower LPIPS and kernel distance than both, trained alike.",
        "signed",
        reason="StrDiffusion is not written here, and MI-GAN without the teacher that it learns from; their printed"
        " numbers are compared in another row",
    ),
    Claim(
        "tsgl-app-d-migan-training",
        "TSGL",
        "Sec. II, App. D",
        "Training MI-GAN takes nearly a month on eight GPUs.",
        "The training time of MI-GAN with its teacher.",
        "number",
        reason="the teacher is not written here, and the time depends on machines that are not at hand",
    ),
    Claim(
        "tsgl-fig-14-by-eye",
        "TSGL",
        "Sec. IV-B2, Fig. 7, 14, 15, 19, 22",
        "To the eye our results have clearer texture and more consistent structure than the others'.",
        "Viewers who do not know which method made a picture prefer ours.",
        "signed",
        reason="it takes a panel of viewers; the chapters show the pictures",
    ),
)

CLAIMS = (*COUNTED, *PRINTED, *UNTESTABLE)
