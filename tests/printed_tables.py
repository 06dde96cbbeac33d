"""What the tables in the papers' texts print, read without the library's CSV files.

The texts are tsgl.txt and misf.txt in the folder that INPAINTLIB_PAPERS names; a table in them is a block of lines with
tabs between the cells.
"""

import os
import re
from pathlib import Path

SLIPS = {"PENet": "PENNet", "Ours(PENet)": "Ours(PENNet)", "HIFI": "HiFill", "IR-SE": "IR-SDE", "ML-GAN": "MI-GAN"}
SECTIONS = {"(a)": "texture via structure", "(b)": "structure via texture", "CelebA": "CelebA", "Places2": "Places2"}
HEADS = {  # What a column's head says of it.
    "part": "CelebA|Places2|Dunhuang|Global Structure|Local Residual Structure",
    "metric": "PSNR|SSIM|FID|LPIPS|L_?1|Params|FLOPs",
    "bin": r"Default|Narrow|Medium|Wide|\d+%?-\d+%",
}
HEAD_LINES = {"tsgl-table-3": 3, "tsgl-table-5": 1, "tsgl-table-6": 3}  # All others: 2.


def text_of(paper: str) -> str:
    return (Path(os.environ["INPAINTLIB_PAPERS"]) / f"{paper}.txt").read_text(encoding="utf-8")


def lines_of(id: str) -> list[list[str]]:
    """A table's lines of cells, heads included; Table V stands on its side."""
    paper, _, number = id.split("-")
    blocks = re.findall(r"(?:^.*\t.*\n)+", text_of(paper), re.MULTILINE)
    assert len(blocks) == {"tsgl": 8, "misf": 4}[paper]
    lines = [line.split("\t") for line in blocks[int(number) - 1].splitlines()]
    return list(zip(*lines)) if id == "tsgl-table-5" else lines


def plain(cell: str) -> str:
    """A cell's text without markup, mathematics and citation."""
    return re.sub(r"</?\w+>|\s*\[\d+\]|[${}]|\\text", "", cell).strip()


def label(cell: str) -> str:
    """A method's name in the spelling that is kept."""
    name = re.sub(r"\s*\\rightarrow\s*", "->", plain(cell)).removesuffix(" (Ours)").replace("Ours (", "Ours(")
    name = re.sub(r"\(F (\d) \)", r"(F\1)", name)
    return SLIPS.get(name, name)


def said(what: str, text: str) -> str:
    match = re.search(HEADS[what], text)
    return "" if match is None else match[0].replace("_", "").replace("%", "")


def columns(heads: list[list[str]]) -> list[tuple[str, str, str]]:
    """Part, metric and bin of each column: a head holds for the empty cells after it; one part alone is none."""
    texts = [""] * max(map(len, heads))
    for line in heads:
        held = ""
        for i, cell in enumerate(line):
            held = held if plain(cell) in ("", "Mask") else plain(cell)
            texts[i] += f" {held}"
    several = len({said("part", text) for text in texts} - {""}) > 1
    return [(said("part", text) * several, said("metric", text), said("bin", text).lower()) for text in texts]


def results(id: str) -> dict[tuple, tuple]:
    """(row, part, metric, bin) -> (value, unit's letter, bold) of each number and each dash of a table of results."""
    lines, first = lines_of(id), HEAD_LINES.get(id, 2)
    heads = columns(lines[:first])
    names = 1 if id.startswith("misf") else 0  # The column of the methods; MISF's metric stands before it.
    cells, row, section, line_metric = {}, "", "", ""
    for line in lines[first:]:
        line_metric = said("metric", line[0]) or line_metric
        if not any(map(plain, line[names + 1 :])):
            section = next((part for sign, part in SECTIONS.items() if sign in line[0]), "")
            continue
        second = not plain(line[names])  # A second line of the same method, as in Table VII.
        row = row if second else label(line[names])
        for (part, metric, bin), cell in zip(heads, line):
            text = plain(cell)
            if not (metric or bin):
                assert not re.fullmatch(r"[\d.]+[MG]?", text), f"A number under no head: {line}"
            elif text:
                bin = bin or {"tsgl-table-7": ["10-30", "30-50"][second]}.get(id, "")
                key = (row, part or section, metric or line_metric, bin)
                assert key not in cells
                value = None if text == "-" else float(text.rstrip("MG"))
                cells[key] = (value, text.lstrip("-.0123456789"), "<b>" in cell)
    return cells


LAYER = re.compile(r"(?:(\d+) \\times )?[Cc]onvt?\((\d+), (\d+), (\d*)(C?)(N\^2)? ?\)")


def layers() -> dict[tuple, tuple]:
    """The same of MISF Table 1, whose cells are layers; C is 3, as its caption says."""
    assert "$C = 3$" in text_of("misf")
    cells = {}
    for line in lines_of("misf-table-1")[2:]:
        for part, (_, out, size, operation) in zip(("encoder-decoder", "predictive network"), (line[:4], line[4:])):
            if plain(out) == "-":
                assert plain(size) == plain(operation) == "-"
                continue
            row = "F3 filtered" if plain(out) == "F3" and "⊗" in operation else plain(out)
            one, other = plain(size).split(r" \times ")
            side, taps = one.removesuffix("^2"), other.removesuffix("N^2")
            assert other.endswith("N^2") or side == taps
            numbers = {"size": side} | ({"size per tap": taps} if other.endswith("N^2") else {})
            if layer := LAYER.fullmatch(plain(operation)):
                repeat, kernel, channels, count, colours, per_tap = layer.groups()
                numbers |= {"kernel": kernel, "in": channels}
                numbers |= {"out per tap" if per_tap else "out": 3 if colours else count}
                numbers |= {"repeat": repeat} if repeat else {}
            else:
                assert operation == "AvgPool" or "⊗" in operation
            cells |= {(row, part, metric, ""): (float(value), "", False) for metric, value in numbers.items()}
    return cells
