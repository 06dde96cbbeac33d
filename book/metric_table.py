"""The table of a few methods' metrics on a generated page."""

from typing import Any

METRICS = {
    "psnr": ("PSNR (dB)", ".2f"),
    "hole_psnr": ("hole PSNR (dB)", ".2f"),
    "ssim": ("SSIM", ".3f"),
    "lpips": ("LPIPS", ".3f"),
    "kd": ("KD-AlexNet", ".4f"),
}
"""The metrics in a table: their titles, and how their numbers are printed."""


def metric_table(runs: dict[str, dict[str, Any]]) -> str:
    """Markdown: a line of means and 95 % intervals for each label and its run.json, of one protocol, and what was
    counted."""
    lines = [f"| Method | {' | '.join(title for title, _ in METRICS.values())} |", "|---|" + "---|" * len(METRICS)]
    for label, run in runs.items():
        cells = [_cell(*run["summary"]["all"][metric], spec) for metric, (_, spec) in METRICS.items()]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    first = next(iter(runs.values()))
    counted = f"{first['summary']['all']['rows']} holes in {first['summary']['all']['photographs']} photographs"
    return "\n".join(lines) + f"\n\nMean and 95 % interval over {counted} ({first['protocol']['name']})."


def _cell(mean: float, low: float, high: float, spec: str) -> str:
    return f"{mean:{spec}} <small>[{low:{spec}}, {high:{spec}}]</small>"
