"""What TSGL claims of its maps: who should guide whom, and how much structure and information the layers hold."""

from inpaintlib.claims.claim import Claim, Evidence
from inpaintlib.claims.declare import BOTH_LOCAL, CROSSED, FINAL, FINE, ahead, images, maps

BRANCHES = ("entropy_branch_structure", "entropy_branch_residual")


def _perceived(*pairs: tuple[str, str]) -> tuple[Evidence, Evidence]:
    """Table I prints FID alone: here LPIPS in its four columns, and the kernel distance over all bins."""
    return (images("direction", pairs, ("lpips",), FINE), images("direction", pairs, ("kd",), ("all",)))


def _structure(group: str, kind: str, layers: tuple[int, ...], *pairs: tuple[str, str]) -> Evidence:
    return maps(group, "structure share", pairs=pairs, kind=kind, layers=layers)


DIRECTION = (
    Claim(
        "tsgl-table-1-structure-helps-texture",
        "TSGL",
        "Sec. III-B, Table I a",
        "Texture maps that structure maps reconstruct lead to better inpainting than texture maps left alone.",
        "Lower LPIPS in the four columns of Table I and a lower kernel distance with the guide than without. The table"
        " prints FID; the guided row is Global->Global, as the paper shows no other here.",
        "signed",
        _perceived(("texture with structure", "texture alone")),
    ),
    Claim(
        "tsgl-table-1-texture-harms-structure",
        "TSGL",
        "Sec. III-B, Table I b",
        "Structure maps that dense texture maps reconstruct are broken: they are better left alone.",
        "Higher LPIPS in the four columns of Table I and a higher kernel distance with the guide than without. The"
        " paper's own margins are small: 0.1 to 0.5 FID.",
        "signed",
        _perceived(("structure alone", "structure with texture")),
    ),
    Claim(
        "tsgl-table-1-direction",
        "TSGL",
        "Sec. III-B, Table I",
        "Texture guided by structure is consistently better than structure guided by texture.",
        "Lower LPIPS in the four columns and a lower kernel distance for the first. In print the second has the"
        " lower FID at 10-20 %.",
        "signed",
        _perceived(("texture with structure", "structure with texture")),
    ),
    Claim(
        "tsgl-fig-1-mutual-guidance",
        "TSGL",
        "Sec. I, Fig. 1; Sec. IV-B1",
        "When structure and texture guide each other in the decoder, as in CTSDG, sparse structure is lost.",
        "The edge map of our result is closer to the photograph's than that of CTSDG's: higher PSNR and SSIM.",
        "signed",
        images("comparison", (("Ours", "CTSDG"),), ("edge_psnr", "edge_ssim"), FINE),
    ),
)

ENTROPY = (
    Claim(
        "tsgl-fig-11-crossed-decreases",
        "TSGL",
        "Sec. III-B3, Fig. 11, first row",
        "With structure under local and residual under global normalization, both branches lose information quickly.",
        f"Channel entropy of both branches of {CROSSED} falls from layer to layer. The figure's row has each guide"
        " once; Table IV's has the structure guide twice.",
        "signed",
        maps(
            "table-iv",
            "trend over layers",
            label=CROSSED,
            dumps=BRANCHES,
            sign=-1,
        ),
    ),
    Claim(
        "tsgl-fig-11-local-residual",
        "TSGL",
        "Sec. III-B3, Fig. 11, second row",
        "Under local normalization the residual's branch gains detail on the way down.",
        f"Channel entropy of the residual's branch changes more favourably per layer in {BOTH_LOCAL} than in"
        f" {CROSSED}.",
        "signed",
        maps("table-iv", "difference of trends", pairs=((BOTH_LOCAL, CROSSED),), dumps=("entropy_branch_residual",)),
    ),
    Claim(
        "tsgl-fig-11-final",
        "TSGL",
        "Sec. III-B4, Fig. 11, third row",
        "The paper's own pairing keeps information in both branches in all layers.",
        f"Higher mean channel entropy over the layers in both branches of {FINAL} than of {CROSSED}.",
        "signed",
        maps(
            "table-iv",
            "difference of means",
            pairs=((FINAL, CROSSED),),
            dumps=BRANCHES,
        ),
    ),
    Claim(
        "tsgl-fig-17-balance",
        "TSGL",
        "Sec. IV-C3, Fig. 17",
        "The balance module makes the maps that the decoder reads alike in information from stage to stage.",
        "The channel entropy of the decoder's six inputs varies less from stage to stage in Ours than with the"
        " decoders of PENNet and HiFill. In bits: the stages have different widths, the same in all three networks.",
        "signed",
        maps(
            "decoders",
            "fluctuation over layers",
            pairs=ahead("Ours", "Ours(PENNet)", "Ours(HiFill)"),
            dumps=("entropy_decoder_input",),
        ),
    ),
)

STRUCTURE = (
    Claim(
        "tsgl-fig-16-zits-early",
        "TSGL",
        "Sec. IV-C2, Fig. 16 a",
        "In the early stages our maps hold more global structure than those of ZITS.",
        "A larger share of the texture maps passes the high-pass filter in layers 1 and 2 (128 and 64 px).",
        "throughout",
        _structure("comparison", "high_pass", (1, 2), ("Ours", "ZITS")),
    ),
    Claim(
        "tsgl-fig-16-zits-late",
        "TSGL",
        "Sec. IV-C2, Fig. 16 b",
        "In the late stages our maps hold more local residual than those of ZITS.",
        "A larger local residual, as a share of the texture map, in layers 4 and 5 (16 and 8 px).",
        "throughout",
        _structure("comparison", "residual", (4, 5), ("Ours", "ZITS")),
    ),
    Claim(
        "tsgl-fig-16-texture-guide",
        "TSGL",
        "App. E, Fig. 16, columns 6 to 9",
        "A texture map that guides itself keeps regions apart less well than sparse structure does.",
        "A larger share of the texture maps passes the high-pass filter, on average over the five layers, in"
        " Local->Global than in Texture->Global and in Local->Local than in Texture->Local.",
        "throughout",
        _structure(
            "table-iv",
            "high_pass",
            (1, 2, 3, 4, 5),
            ("Local->Global", "Texture->Global"),
            ("Local->Local", "Texture->Local"),
        ),
    ),
    *(
        Claim(
            f"tsgl-fig-18-{name}",
            "TSGL",
            f"Sec. IV-C4, Fig. 18 {panel}",
            f"With the balance module the maps of every scale hold more {words}.",
            f"A larger share of {what} in the reconstructed maps of Ours than of Ours(Basic), Ours(PENNet) and"
            " Ours(HiFill), on average over the layers.",
            "throughout",
            _structure(
                "decoders",
                kind,
                layers,
                *ahead("Ours", "Ours(Basic)", "Ours(PENNet)", "Ours(HiFill)"),
            ),
        )
        for name, panel, words, what, kind, layers in (
            ("structure", "a", "global structure", "high-pass maps", "high_pass", (1, 2, 3, 4, 5)),
            ("residual", "b", "local residual", "local residual", "residual", (2, 3, 4, 5)),
        )
    ),
)

CLAIMS = (*DIRECTION, *ENTROPY, *STRUCTURE)
