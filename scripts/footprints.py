"""Time and memory of every compared network at 512 pixels, at the papers' own widths, kept for the chapter on costs.

On a CPU that takes longer than a page may. Run it while nothing else runs: python scripts/footprints.py
"""

import argparse

from inpaintlib.footprint import compared, footprint, record

SIZE = 512


def main() -> None:
    """Measure network after network, and write what was found at the end."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile", default="laptop", help="whose results they become (default: %(default)s)")
    profile = options.parse_args().profile
    found = {}
    for label, network in compared():
        found[label] = footprint(network, SIZE, repeats=1)
        print(f"{label:16} {found[label].seconds:7.2f} s", flush=True)
    print(record(profile, SIZE, found))


if __name__ == "__main__":
    main()
