"""What the page "Look for yourself" needs of a profile's results: coloured pictures, and the parts of the page.

A part is a piece of HTML with its data as JSON, which a script in book/_static turns into something to play with;
without scripts its plain pictures stay. The folder that is written here is copied among the sources by `assemble`.
"""

import argparse
import html
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import explored_fills
import explored_maps
from layout import PROFILES, Layout, write_json, write_whole
from metric_table import metric_table

from inpaintlib import plotting

PICTURES = "_static/explorer/"
"""Where the built page finds its pictures."""


def write(folder: Path, profile: str) -> None:
    """Write parts/slider.html, parts/maps.html, parts/table.md and pictures/ into a folder that has none of them."""
    fills, strips = explored_fills.explored(profile)
    inside, sheets = explored_maps.explored(profile)
    (folder / "pictures").mkdir(parents=True)
    for name, content in (strips | sheets).items():
        write_whole(folder / "pictures" / name, content)
    parts = {"slider.html": slider(fills, profile), "maps.html": maps(inside, profile), "table.md": table(profile)}
    for name, content in parts.items():
        write_whole(folder / "parts" / name, content + "\n")


def slider(told: dict[str, Any], profile: str) -> str:
    """The part that compares filled holes; one sentence where there is none."""
    if not told:
        return nothing("filled holes", profile)
    methods = [method for group in told["groups"] for method in group["methods"]]
    columns = told["holes"][0]["tile"]["columns"]
    holes = ", ".join(f"{hole['name']} ({hole['photograph']})" for hole in told["holes"][:columns])
    shown = [methods[0], methods[told["first"]], methods[1]]
    still = "".join(picture(method["filled"][0][0], f"{method['name']}: {holes}") for method in shown)
    words = f"From the top: {'; '.join(method['name'] for method in shown)}; {holes}."
    return part("slider", told, f"<p>Moving the divider needs JavaScript. {html.escape(words)}</p>{still}")


def maps(told: dict[str, Any], profile: str) -> str:
    """The part that shows maps inside networks; one sentence where there are none."""
    if not told:
        return nothing("maps", profile)
    kind = told["kinds"][0]
    shown = f"{kind['title']}, photograph of {told['photographs'][0]}: a column for each of {told['layers']} layers"
    words = f"{shown}, a line for each variant: {'; '.join(kind['variants'])}."
    still = picture(kind["sheets"][0]["pictures"]["shared"], shown)
    colours = {"colours": gradient()}
    return part("maps", told | colours, f"<p>Choosing a map needs JavaScript. {html.escape(words)}</p>{still}")


def table(profile: str) -> str:
    """The part with a line for every compared method, Markdown; one sentence where there is none."""
    runs = explored_fills.measured(profile)
    if not runs:
        return nothing("measured methods", profile)
    one = next(iter(runs.values()))
    stamp = plotting.Stamp.of(f"{one['summary']['all']['rows']} images", *runs.values())
    return f":::{{div}} sortable\n{metric_table(runs)}\n:::\n\n<small>{stamp}</small>"


def nothing(what: str, profile: str) -> str:
    """The sentence in the place of a part without results."""
    return f"<p>The profile {profile} has no {what} to show; results of the profile laptop come with the book.</p>"


def part(name: str, told: dict[str, Any], still: str) -> str:
    """A part of the page: its data, what is shown without scripts, and its script."""
    data = json.dumps(told | {"folder": PICTURES}, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return "\n".join(
        (
            f'<div class="explore" data-explore="{name}">',
            f'<script type="application/json">{data}</script>',
            f"<noscript>{still}</noscript>",
            "</div>",
            f'<script src="_static/{name}.js" defer></script>',
        )
    )


def picture(file: str, alt: str) -> str:
    """An image of the page."""
    return f'<img src="{PICTURES}{html.escape(file)}" alt="{html.escape(alt)}" loading="lazy">'


def gradient() -> str:
    """The colours of a scale, for a style sheet."""
    stops = (f"rgb({', '.join(map(str, colour))})" for colour in explored_maps.colours()[::7].tolist())
    return f"linear-gradient(to right, {', '.join(stops)})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--stamp", type=Path, required=True, help="written when everything is")
    options = parser.parse_args()
    layout, began = Layout(options.profile), time.monotonic()
    print(f"  {'explorer':<28}drawing", flush=True)
    fresh = layout.build / "explorer.new"
    shutil.rmtree(fresh, ignore_errors=True)
    write(fresh, options.profile)
    shutil.rmtree(layout.explorer, ignore_errors=True)
    fresh.rename(layout.explorer)
    write_json(options.stamp, {})
    print(f"  {'explorer':<28}done in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
