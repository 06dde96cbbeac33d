"""The table of a few methods' metrics on a generated page."""

from typing import Any

TITLES = {"psnr": "PSNR (dB)", "hole_psnr": "hole PSNR (dB)", "ssim": "SSIM", "lpips": "LPIPS", "kd": "KD-AlexNet"}
SPEC = {"psnr": ".2f", "hole_psnr": ".2f", "ssim": ".3f", "lpips": ".3f", "kd": ".3f"}
"""The metrics in a table, and how many digits each has."""


def metric_table(runs: dict[str, dict[str, Any]]) -> str:
    """Markdown: a line of means and 95 % intervals for each label and its run.json, of one protocol, and what was
    counted."""
    lines = [f"| Method | {' | '.join(TITLES.values())} |", "|---|" + "---|" * len(TITLES)]
    for label, run in runs.items():
        values = run["summary"]["all"]
        cells = [f"{{:{SPEC[m]}}} [{{:{SPEC[m]}}}, {{:{SPEC[m]}}}]".format(*values[m]) for m in TITLES]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    first = next(iter(runs.values()))
    counted = f"{first['summary']['all']['rows']} holes in {first['summary']['all']['photographs']} photographs"
    return "\n".join(lines) + f"\n\nMean and 95 % interval over {counted} ({first['protocol']['name']})."
