"""Every mode of `il.inpaint` on the test photographs at their native size, kept for the chapter that fills holes.

It takes ten minutes on a core: python scripts/modes.py
"""

from inpaintlib.inpainting import network
from inpaintlib.modes import KINDS, differences, large, measured, record, recorded
from inpaintlib.photos import bundled

MODEL = "tsgl"


def main() -> None:
    """Measure kind after kind, write what was found at the end, and print how modes differ."""
    photographs = large(bundled("test"))
    asked, rows = network(MODEL, "laptop", "cpu"), {}
    for kind in KINDS:
        rows[kind] = list(measured(asked, photographs, kind))
        print(kind, flush=True)
    print(record(photographs, rows, MODEL))
    for (kind, mode, name), found in differences(recorded()).items():
        print(f"{kind:22} {mode:7} {name:6} {found.difference:.4f} p {found.p:.4f}")


if __name__ == "__main__":
    main()
