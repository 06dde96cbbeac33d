"""The pages that are made, not written: the attribution of the photographs and the run table."""

import csv
import re
import shutil
from itertools import groupby
from pathlib import Path

from inputs import declared
from layout import Layout, read_json
from PIL import Image

SPLITS = {
    "train": "Photographs that networks are trained on",
    "val": "Photographs for validation",
    "test": "Photographs for testing",
}
ENTRY = re.compile(
    r'^- `(?P<file>[^`]+)`: "(?P<title>.*)", by .*?, \[[^\]]+\]\([^)\s]+\), \[source\]\(.*?\), from (?P<origin>.*)$',
    re.M,
)


def escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def thumbnail(photo: Path, cache: Path) -> Path:
    """A 320-pixel WebP of the photograph, made once."""
    small = cache / f"{photo.stem}.webp"
    if not small.exists() or small.stat().st_mtime < photo.stat().st_mtime:
        cache.mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as image:
            image.thumbnail((320, 320))
            image.save(small, quality=70)
    return small


def card(row: dict[str, str], title: str, origin: str) -> str:
    """One photograph: picture, title, author, licence, source, and what was done to it."""
    link = row["source_url"].replace("(", "%28").replace(")", "%29")
    return (
        ":::{grid-item-card}\n"
        f":img-top: thumbnails/{Path(row['file']).stem}.webp\n"
        f":img-alt: Thumbnail of the photograph of {row['subject']}\n"
        f"**{escaped(title)}** by {escaped(row['author'])}.\n"
        f"[{row['licence']}]({row['licence_url']}), [source]({link}).\n"
        f"{escaped(origin)}.\n"
        ":::\n"
    )


def attribution(layout: Layout, thumbnails: Path) -> str:
    """The page that names author, licence and source of every bundled photograph; thumbnails are put into a folder."""
    data = layout.root / "inpaintlib" / "data"
    notes = (data / "ATTRIBUTION.md").read_text(encoding="utf-8")
    entries = {match["file"]: match for match in ENTRY.finditer(notes)}
    with (data / "photos.csv").open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (list(SPLITS).index(row["split"]), row["file"]))
    thumbnails.mkdir()
    page = ["# Photographs and their authors", notes.split("\n\n- `")[0].partition("\n")[2].strip()]
    for split, group in groupby(rows, key=lambda row: row["split"]):
        photos = list(group)
        for row in photos:
            small = thumbnail(data / "photos" / row["file"], layout.root / "build" / "thumbnails")
            shutil.copy(small, thumbnails)
        cards = [card(row, entries[row["file"]]["title"], entries[row["file"]]["origin"]) for row in photos]
        page += [
            f"## {SPLITS[split]} ({len(photos)})",
            "::::{grid} 2 2 3 4\n:gutter: 2\n\n" + "\n".join(cards) + "::::",
        ]
    return "\n\n".join(page) + "\n"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def counted(number: int, what: str) -> str:
    """A number of things, "1 item" or "2 items"."""
    return f"{number} {what}{'s' * (number != 1)}"


def run_table(layout: Layout, records: list[dict]) -> str:
    """The page that says how each notebook of this book was run: what it made, when, how long, on what, by which
    commit."""
    page = [
        "# Run table",
        "Every notebook of this book was executed by the build, from its first cell to its last, in a fresh kernel. "
        "Its items are the figures and tables of the papers that it made anew; one that begins with *book* is this "
        "book's own. Memory is the peak of the kernel's process.",
    ]
    if not records:
        return "\n\n".join([*page, "This book holds no notebooks."]) + "\n"
    columns = ("Notebook", "Items", "Profile", "Outcome", "Runtime", "Memory", "Device", "Commit", "Finished (UTC)")
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *(run_line(layout, r) for r in records)]
    whole = sum(record["seconds"] for record in records)
    items = sum(len(declared(layout.root / "notebooks" / record["notebook"])["items"]) for record in records)
    total = (
        f"Together: {counted(len(records), 'notebook')}, {counted(items, 'item')}, {duration(whole)} of notebook time."
    )
    return "\n\n".join([*page, "\n".join(rows), total, "## Environment", *environments(records)]) + "\n"


def torture_table(layout: Layout) -> str:
    """The page that says what was done to break the project, and what came of it, as `make torture` wrote it; empty
    where it was not done."""
    file = layout.root / "figures" / "results" / "laptop" / "torture" / "torture.json"
    if not file.exists():
        return ""
    found = read_json(file)
    trials = found["trials"]
    count = sum(one["times_broken"] for one in trials)
    broken = [(one["name"], why) for one in trials for why in one["broken"]]
    page = [
        "# Hard to break",
        "`make torture` does to this project what happens to programs: it kills them at random moments, fills the disk,"
        " gives them damaged files and wrong words, and asks the same twice. Each trial has a promise, and a broken one"
        " is told here. A few attempts of each trial are among the tests.",
        f"{len(trials)} of {counted(found['of'], 'trial')}, {duration(sum(one['seconds'] for one in trials))} in all;"
        f" {counted(count, 'broken promise') if count else 'every promise was kept'}.",
    ]
    lines = ["| Trial | Attempts | Broken | Runtime | Commit |", "|---" * 5 + "|"]
    for one in trials:
        commit = f"`{one['commit'][:7]}`" + "\\*" * one["dirty"]
        cells = (one["name"], f"{one['times']:,}", str(one["times_broken"]), duration(one["seconds"]), commit)
        lines.append(f"| {' | '.join(cells)} |")
    page.append(":::{div} sortable\n" + "\n".join(lines) + "\n:::")
    page.append("\n".join(f"- **{one['name']}:** {one['promise']}. *{happened(one)}.*" for one in trials))
    if broken:
        page += ["## What broke", "\n".join(f"- {name}: {escaped(why)}" for name, why in broken)]
    made_with = {(one["device"], ", ".join(f"{n} {v}" for n, v in one["versions"].items())) for one in trials}
    page += [
        "A bit that changes in a JPEG, GIF, TIFF or BMP file can make another picture of it, and nothing in the file"
        " tells; PNG has a checksum, and is held to it. Weights that this library writes carry one too.",
        *(f"On {escaped(device)}, with {escaped(versions)}." for device, versions in sorted(made_with)),
        "\\* with uncommitted changes" if any(one["dirty"] for one in trials) else "",
    ]
    return "\n\n".join(filter(None, page)) + "\n"


def happened(trial: dict) -> str:
    """What came of the attempts of a trial, how often, and what was measured."""
    found = [f"{number:,} {word}" for word, number in trial["counts"].items()]
    return escaped(", ".join(found + [f"{name}: {number}" for name, number in trial["numbers"].items()]))


def run_line(layout: Layout, record: dict) -> str:
    """A notebook's line of the run table."""
    notebook = layout.root / "notebooks" / record["notebook"]
    cells = (
        f"[{notebook.stem}](chapters/{notebook.name})",
        ", ".join(declared(notebook)["items"]) or "–",
        record["parameters"]["profile"],
        record["status"],
        duration(record["seconds"]),
        f"{record['peak_bytes'] / 2**30:.1f} GiB",
        escaped(record["device"]),
        f"`{record['commit']}`" + "\\*" * record["dirty"],
        record["finished"][:16].replace("T", " "),
    )
    return f"| {' | '.join(cells)} |"


def with_its_run(notebook: dict, record: dict) -> dict:
    """The executed notebook with a line below its title: how long the build ran it, on what, in which profile."""
    title, *others = notebook["cells"]
    name, _, text = "".join(title["source"]).partition("\n")
    run = (
        f"*This page ran in {duration(record['seconds'])} on {escaped(record['device'])}, with"
        f" {record['peak_bytes'] / 2**30:.1f} GiB of memory, in the profile {record['parameters']['profile']};"
        " [where else it runs](../elsewhere.md).*"
    )
    return notebook | {"cells": [title | {"source": f"{name}\n\n{run}\n{text}"}, *others]}


def environments(records: list[dict]) -> list[str]:
    """A list for each environment among the runs; one, unless notebooks ran at different times or places."""
    told: dict[str, list[str]] = {}
    for record in records:
        state = f"`{record['commit']}`" + (" with uncommitted changes (\\*)" if record["dirty"] else "")
        versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        text = f"- Device: {escaped(record['device'])}\n- Versions: {escaped(versions)}\n- Commit: {state}"
        told.setdefault(text, []).append(Path(record["notebook"]).stem)
    if len(told) == 1:
        return list(told)
    return [f"{', '.join(map(escaped, names))}:\n\n{text}" for text, names in told.items()]
