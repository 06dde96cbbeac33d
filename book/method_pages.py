"""A page for each compared method: its idea and its paper from the docstring, its data flow, its cost, what it fills.

Networks are drawn and counted at their papers' own width; results are those of the profile, where there are some. The
pages and their pictures are put into a folder, which `assemble` copies among the sources.
"""

import argparse
import inspect
import io
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
from layout import PROFILES, Layout, write_json, write_whole
from metric_table import metric_table
from PIL import Image
from torch import nn

import inpaintlib as il
from inpaintlib import diagram, experiments, gallery, methods, plotting, results
from inpaintlib.counting import Count, deployed
from inpaintlib.dataflow import dataflow
from inpaintlib.measurements import highest
from inpaintlib.models.registry import find
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS
from inpaintlib.trainings import TRAININGS

GROUP = "comparison"
COUNTED = {"tsgl-table-5": 256, "tsgl-table-6": 512}
"""The tables that print parameters and operations, and the size of the image that they are for."""
GC = {("tsgl-table-5", "DeepFill v2"): "GC"}
"""Rows that a table calls otherwise."""


@dataclass
class Page:
    """A method: a network with the labels under which tables compare it, or a classical solver."""

    name: str
    subject: type[nn.Module] | object
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The shortest label, which is the network's own; "Ours" is TSGL."""
        return min(self.labels, key=len).replace("Ours", "TSGL")

    @property
    def idea(self) -> str:
        """The first paragraph of the docstring."""
        return " ".join((self.subject.__doc__ or "").split("\n\n")[0].split())

    @property
    def reference(self) -> str:
        """The key of its paper in the bibliography."""
        return methods.REFERENCES[self.name] if self.name in methods.CLASSICAL else self.subject.reference

    @property
    def differences(self) -> str:
        """What the module says of its own choices: its docstring after the first line."""
        if self.name in methods.CLASSICAL:
            return ""
        told = inspect.getdoc(sys.modules[self.subject.__module__]) or ""
        return " ".join(told.partition("\n")[2].split())


def pages() -> list[Page]:
    """All compared methods, those that learn nothing first, then in the order of the comparison."""
    found: dict[str, Page] = {}
    for label, training in GROUPS[GROUP].rows.items():
        if training in methods.CLASSICAL:
            page = found.setdefault(training, Page(training, methods.CLASSICAL[training]))
        else:
            cls = find(TRAININGS[training].model)
            page = found.setdefault(cls.name, Page(cls.name, cls))
        page.labels[label] = training
    return list(found.values())


def render(page: Page, folder: Path, profile: str) -> None:
    """Write one page and its pictures."""
    parts = [f"# {page.title}", f"{page.idea} {_cited(page)}".strip()]
    if page.name not in methods.CLASSICAL:
        parts += [f"```python\nnetwork = il.build({page.name!r})\n```", *_flow(page, folder), *_cost(page)]
    parts += _results(page, folder, profile)
    if page.differences:
        parts += ["## How it is written here", _as_markdown(page.differences)]
    parts += ["All methods stand side by side in [](../chapters/09_comparison.ipynb)."]
    write_whole(folder / f"{page.name}.md", "\n\n".join(parts) + "\n")


def _cited(page: Page) -> str:
    return f"{{cite}}`{page.reference}`" if page.reference else ""


def _flow(page: Page, folder: Path) -> list[str]:
    network = deployed(il.build(page.name))
    parts = _counts(page.name, 256)
    costs = {name: f"{c.parameters / 1e6:.2f} M, {c.macs / 1e9:.1f} GMAC" for name, c in parts.items()}
    figure = diagram.draw(dataflow(network, 256), costs)
    buffer = io.StringIO()
    with plt.rc_context({"svg.fonttype": "path", "svg.hashsalt": page.name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    write_whole(folder / f"{page.name}-flow.svg", buffer.getvalue())
    caption = (
        f"Data flow of {page.title}, read off its computation at the paper's width on an image of 256 px. In each box:"
        " the part, the maps that leave it (channels × side², largest first), its parameters and multiply-accumulates."
        " Lines at the right pass other parts by; dashed ones at the left go back, to parts that take turns or recur."
        " The mask, which any part may use, is drawn only where a part gets nothing else."
    )
    return ["## Data flow", _figure(f"{page.name}-flow.svg", f"Data flow of {page.title}: boxes and arrows", caption)]


def _cost(page: Page) -> list[str]:
    lines = ["| | parameters (M) | GMAC at 256 px | GMAC at 512 px |", "|---|---|---|---|"]
    for label, training in page.labels.items():
        name, settings = TRAININGS[training].model, _unscaled(training)
        small, large = (_counts(name, size, **settings)["inference"] for size in (256, 512))
        lines.append(f"| {label} | {small.parameters / 1e6:.2f} | {small.macs / 1e9:.1f} | {large.macs / 1e9:.1f} |")
    told = [line for label in page.labels for line in _printed(label)]
    return [
        "## Cost",
        "\n".join(lines),
        "At the paper's width, without what only training needs; MACs are multiply-accumulates of convolutions and"
        " matrix products. [](../chapters/10_cost.ipynb) has time and memory, and the papers' numbers beside these.",
        "\n".join(told),
    ]


@cache
def _counts(name: str, size: int, **settings) -> dict[str, Count]:
    return il.counts(deployed(il.build(name, **settings)), size)


def _unscaled(training: str) -> dict:
    """A training's settings that belong to the network rather than to the study."""
    return {name: value for name, value in TRAININGS[training].config.items() if name != "width"}


def _printed(label: str) -> list[str]:
    lines = []
    for table in COUNTED:
        row = GC.get((table, label), label)
        printed = il.published.table(table)
        printed = printed[(printed.row == row) & printed.metric.isin(("Params", "FLOPs"))].dropna(subset="value")
        numbers = [
            f"{value:g} {unit} as {metric}" for value, unit, metric in printed[["value", "unit", "metric"]].values
        ]
        if numbers:
            notes = [n.note for n in il.published.notes(table) if n.row == row and n.metric in ("Params", "FLOPs")]
            called = {i.id: i.number for i in il.published.items()}[table]
            lines.append(f"- TSGL's {called} prints {' and '.join(numbers)} for {row}. {' '.join(notes)}".rstrip())
    return lines


AREAS = tuple(area for area in gallery.BINS if area[0].isdigit())


def _results(page: Page, folder: Path, profile: str) -> list[str]:
    profile = highest(GROUP, profile)
    every = [] if profile == "smoke" else page.labels.items()
    found = {label: e for label, name in every for e in _first(name, profile)}
    if not found:
        command = f"inpaintlib study run --profile {profile} --only {next(iter(page.labels.values()))}"
        return ["## Results", f"There are none in the profile {profile}; `{command}` makes them."]
    protocol = PROTOCOLS[next(iter(found.values())).protocols[0]]
    given, original = gallery.given(protocol)
    kept = {label: e.id for label, e in found.items() if results.picture_path(e.id, profile, "filled").is_file()}
    shown = {"given": given}
    shown |= {label: results.read_picture(id, profile, "filled") for label, id in kept.items()}
    shown["original"] = original
    figure = plotting.image_grid([gallery.apart(s) for s in shown.values()], AREAS, list(shown))
    for ax, area in zip(figure.axes, AREAS):
        ax.set_title(f"hole {area} %")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200)
    plt.close(figure)
    with io.BytesIO() as webp:
        Image.open(buffer).convert("RGB").save(webp, "webp", quality=80, method=6)
        write_whole(folder / f"{page.name}-results.webp", webp.getvalue())
    runs = {label: results.read_run(e.id, profile) for label, e in found.items()}
    caption = (
        f"Holes of four sizes in test photographs, filled by {' and '.join(kept)}; profile {profile}, "
        f"{_trained(runs)}commit {next(iter(runs.values()))['commit'][:7]}."
    )
    alt = f"Four photographs with holes, what {page.title} makes of them, and the originals"
    return ["## Results", _figure(f"{page.name}-results.webp", alt, caption), metric_table(runs)]


def _first(name: str, profile: str) -> list:
    """The experiment of a training's first seed, where it has results."""
    return [e for e in experiments.seeds_of(profile, name) if e.seed == 0 and results.exists(e.id, profile)]


def _trained(runs: dict[str, dict]) -> str:
    run = next(iter(runs.values()))
    if not run["images_seen"]:
        return ""
    return f"trained on {run['images_seen']:,} crops of {run['recipe']['crop']} px at width {run['config']['width']}, "


def _figure(file: str, alt: str, caption: str) -> str:
    return f"```{{figure}} {file}\n:alt: {alt}\n:width: 100%\n{caption}\n```"


def _as_markdown(text: str) -> str:
    """A docstring's sentences: names in backticks stay, asterisks and underscores mean themselves."""
    return re.sub(r"(?<!`)([*_])(?![^`]*`)", r"\\\1", text)


def index(found: list[Page]) -> str:
    """The page that lists them."""
    lines = ["| Method | In the tables as | Paper |", "|---|---|---|"]
    for page in found:
        lines.append(f"| [{page.title}]({page.name}.md) | {', '.join(page.labels)} | {_cited(page)} |")
    return "\n\n".join(
        (
            "# The methods, one by one",
            "Every method that the tables of this book compare has a page: its idea, what flows through it, what it"
            " costs, and a few holes that it filled. The pages are made from the code: the idea is the docstring of the"
            " class, the drawing is read off the network's computation, the counts are taken on its shapes.",
            "\n".join(lines),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--stamp", type=Path, required=True, help="written when every page is")
    options = parser.parse_args()
    layout, began = Layout(options.profile), time.monotonic()
    print(f"  {'methods':<28}drawing", flush=True)
    plotting.style()
    fresh = layout.build / "methods.new"
    shutil.rmtree(fresh, ignore_errors=True)
    found = pages()
    for page in found:
        try:
            render(page, fresh, options.profile)
        except Exception as error:
            print(f"  {'methods':<28}FAILED at {page.name}: {type(error).__name__}: {error}", flush=True)
            raise
    write_whole(fresh / "index.md", index(found) + "\n")
    shutil.rmtree(layout.methods, ignore_errors=True)
    fresh.rename(layout.methods)
    write_json(options.stamp, {"pages": [page.name for page in found]})
    print(f"  {'methods':<28}done in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
