"""What TSGL claims of results and cost: Tables II to VIII, Fig. 23, Appendix B, and the sentences about them."""

from inpaintlib.claims.claim import Claim, Evidence
from inpaintlib.claims.declare import FINAL, FINE, TWO, WIDTHS, ahead, images, maps


def _order(statistic: str, printed: str, metric: str, columns: tuple[str, ...]) -> Evidence:
    of = {"table": "tsgl-table-4", "printed": printed, "metrics": (metric,), "columns": columns}
    return Evidence("table-iv", "bundled-256", statistic, of)


TABLE_IV = (
    Claim(
        "tsgl-table-4-order",
        "TSGL",
        "Sec. IV-C1, Table IV",
        "The twelve variants rank as printed by PSNR.",
        "Our mean PSNR orders the twelve rows as the paper's does, in both columns.",
        "order",
        _order("published order", "PSNR", "psnr", TWO),
    ),
    Claim(
        "tsgl-table-4-order-ssim",
        "TSGL",
        "Sec. IV-C1, Table IV",
        "The twelve variants rank as printed by SSIM.",
        "Our mean SSIM orders the twelve rows as the paper's does, in both columns.",
        "order",
        _order("published order", "SSIM", "ssim", TWO),
    ),
    Claim(
        "tsgl-table-4-order-fid",
        "TSGL",
        "Sec. IV-C1, Table IV",
        "The twelve variants rank as printed by FID.",
        "FID orders the twelve rows as printed, in both columns.",
        "order",
        reason="FID needs Inception weights and thousands of images; the chapter shows KD-AlexNet in its place",
    ),
    *(
        Claim(
            f"tsgl-table-4-steps-{column}",
            "TSGL",
            "Sec. IV-C1, Table IV",
            f"Of every two variants the one printed with more PSNR at {column} % is the better.",
            f"The paired PSNR difference at {column} % has the published sign for every two rows that differ in print.",
            "steps",
            _order("published steps", "PSNR", "psnr", (column,)),
        )
        for column in TWO
    ),
    *(
        Claim(
            f"tsgl-table-4-{name}",
            "TSGL",
            place,
            says,
            f"Higher PSNR in both columns of Table IV for {' and for '.join(f'{a} than {b}' for a, b in pairs)}.",
            rule,
            images("table-iv", pairs, ("psnr",), TWO),
        )
        for name, place, says, rule, pairs in (
            (
                "guided",
                "Sec. III-B, Table IV",
                "Any single guide from structure improves on texture alone.",
                "signed",
                tuple(
                    (f"{guide}->{norm}", "Baseline") for guide in ("Global", "Local") for norm in ("Global", "Local")
                ),
            ),
            (
                "global-guide",
                "Sec. III-B1, Table IV II",
                "A structure guide suits local normalization better than global normalization.",
                "signed",
                (("Global->Local", "Global->Global"),),
            ),
            (
                "local-guide",
                "Sec. III-B2, Table IV III",
                "A residual guide suits global normalization better than local normalization.",
                "signed",
                (("Local->Global", "Local->Local"),),
            ),
            (
                "sparse-guide",
                "App. E, Table IV III, IV",
                "A texture map that guides itself does worse than a local residual under the same normalization.",
                "signed",
                (("Local->Global", "Texture->Global"), ("Local->Local", "Texture->Local")),
            ),
            (
                "texture-in-place-of-residual",
                "App. E, Table IV V",
                "Dense texture in place of the residual guide costs quality, yet does slightly better than"
                " Global->Global.",
                "signed",
                (
                    (FINAL, "2Global(Texture)->Global(Local)"),
                    ("2Global(Texture)->Global(Local)", "Global->Global"),
                ),
            ),
            (
                "pairing",
                "Sec. III-B4, App. E, Table IV V",
                "Structure under global and residual under local normalization beats the other pairings of two guides.",
                "signed",
                ahead(FINAL, "2Global(Local)->Local(Global)", "2Global(Local)->Local(Local)"),
            ),
            (
                "twice",
                "Sec. III-B5, App. E, Table IV V",
                "The structure guide, not the residual guide, should be applied twice.",
                "signed",
                ((FINAL, "Global(2Local)->Global(Local)"),),
            ),
        )
    ),
    Claim(
        "tsgl-table-4-best",
        "TSGL",
        "Sec. IV-C1, Table IV",
        "The paper's own variant is the best of the twelve.",
        f"Higher PSNR for {FINAL} than for each other row, in both columns.",
        "best",
        images(
            "table-iv",
            ahead(
                FINAL,
                "Baseline",
                *(f"{guide}->{norm}" for guide in ("Global", "Local", "Texture") for norm in ("Global", "Local")),
                "2Global(Local)->Local(Global)",
                "2Global(Local)->Local(Local)",
                "Global(2Local)->Global(Local)",
                "2Global(Texture)->Global(Local)",
            ),
            ("psnr",),
            TWO,
        ),
    ),
)

HOSTS = (
    *(
        Claim(
            f"tsgl-table-2-{host.lower()}",
            "TSGL",
            "Sec. IV-B1, Table II",
            f"{host} becomes better when its encoder is replaced by ours.",
            f"Higher PSNR and SSIM in the four columns and a lower kernel distance for Ours({host}) than for {host}.",
            "signed",
            (
                images("hosts", ((f"Ours({host})", host),), ("psnr", "ssim"), FINE),
                images("hosts", ((f"Ours({host})", host),), ("kd",), ("all",)),
            ),
        )
        for host in ("PENNet", "HiFill")
    ),
    Claim(
        "tsgl-table-6-lama",
        "TSGL",
        "App. D, Table VI",
        "LaMa becomes better at 512 px when its encoder is replaced by ours.",
        "Lower LPIPS and lower kernel distance for Ours(LaMa) than for LaMa with narrow, medium and wide holes.",
        "signed",
        images("hosts", (("Ours(LaMa)", "LaMa"),), ("lpips", "kd"), WIDTHS, "bundled-512"),
    ),
    Claim(
        "tsgl-abstract-lama-256",
        "TSGL",
        "Abstract, Sec. I",
        "Replacing an encoder by ours helps from low to high resolutions.",
        "At 256 px too, where the paper has no row for it: higher PSNR and SSIM in the four columns and a lower kernel"
        " distance for Ours(LaMa) than for LaMa.",
        "signed",
        (
            images("hosts", (("Ours(LaMa)", "LaMa"),), ("psnr", "ssim"), FINE),
            images("hosts", (("Ours(LaMa)", "LaMa"),), ("kd",), ("all",)),
        ),
    ),
)

COMPARED = (
    Claim(
        "tsgl-table-2-best",
        "TSGL",
        "Sec. IV-B1, Table II",
        "Ours is better than the other methods.",
        "Higher PSNR and SSIM in the four columns for Ours than for RFR, CTSDG and ZITS, all trained alike here.",
        "best",
        images("comparison", ahead("Ours", "RFR", "CTSDG", "ZITS"), ("psnr", "ssim"), FINE),
    ),
    Claim(
        "tsgl-table-7-structure",
        "TSGL",
        "Sec. IV-C4, Table VII",
        "The balance module gives results whose edges are closest to the photograph's.",
        "Higher PSNR and SSIM and lower kernel distance of the result's edge map for Ours than for the three other"
        " decoders. The table's two unlabelled lines a row are read as 10-30 and 30-50 %.",
        "best",
        images(
            "decoders",
            ahead("Ours", "Ours(Basic)", "Ours(PENNet)", "Ours(HiFill)"),
            ("edge_psnr", "edge_ssim", "edge_kd"),
            TWO,
        ),
    ),
    Claim(
        "tsgl-table-7-residual",
        "TSGL",
        "Sec. IV-C4, Table VII",
        "The balance module gives results whose local residual is closest to the photograph's.",
        "Higher PSNR and SSIM and lower kernel distance of the result's local residual for Ours than for the three"
        " other decoders, columns as for the edges.",
        "best",
        images(
            "decoders",
            ahead("Ours", "Ours(Basic)", "Ours(PENNet)", "Ours(HiFill)"),
            ("residual_psnr", "residual_ssim", "residual_kd"),
            TWO,
        ),
    ),
    Claim(
        "tsgl-table-8-priors",
        "TSGL",
        "App. F, Table VIII",
        "Edge map and grayscale guide better than low-resolution colour or gradients.",
        "Higher PSNR and SSIM and lower kernel distance in both columns than with each of the three other priors"
        " that can be computed from a photograph.",
        "best",
        images(
            "priors",
            ahead("Edge map + Grayscale", "Low-Resolution RGB", "Gradients-X", "Gradients-Y"),
            ("psnr", "ssim", "kd"),
            ("20-30", "40-50"),
        ),
    ),
    Claim(
        "tsgl-table-8-segmentation",
        "TSGL",
        "App. F, Table VIII",
        "Edge map and grayscale guide better than a semantic segmentation.",
        "Higher PSNR and SSIM and lower kernel distance in both columns. Segmentations have to be read from files.",
        "best",
        images(
            "priors",
            ahead("Edge map + Grayscale", "Semantic Segmentation"),
            ("psnr", "ssim", "kd"),
            ("20-30", "40-50"),
        ),
    ),
    Claim(
        "tsgl-fig-23-tau",
        "TSGL",
        "App. G, Fig. 23",
        "Of five values of tau, 100 is the best for holes of every size.",
        "Higher PSNR and SSIM in the four columns with tau = 100 than with 0, 50, 150 and 200.",
        "best",
        images("tau", ahead("100", "0", "50", "150", "200"), ("psnr", "ssim"), FINE),
    ),
    Claim(
        "tsgl-fig-23-attention",
        "TSGL",
        "App. G",
        "With tau = 100 attention on masked patches is nearly zero.",
        "The mean attention mass on hole tokens is within 0.01 of zero; the paper does not say how near is near.",
        "same level",
        maps("tau", "level", label="100", dumps=("hole_attention",), margin=0.01),
    ),
    Claim(
        "tsgl-fig-23-small-tau",
        "TSGL",
        "App. G",
        "With tau of 0 and of 50 masked patches still interfere.",
        "More attention mass on hole tokens with tau = 0 and with tau = 50 than with tau = 100.",
        "signed",
        maps("tau", "difference of means", pairs=(("0", "100"), ("50", "100")), dumps=("hole_attention",)),
    ),
)

CLAIMS = (*TABLE_IV, *HOSTS, *COMPARED)
