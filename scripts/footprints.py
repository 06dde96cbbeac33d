"""Time and memory of every compared network at 512 pixels, at the papers' own widths, kept for the chapter on costs.

On a CPU that takes longer than a page may. Run it while nothing else runs: python scripts/footprints.py
"""

from inpaintlib.footprint import compared, footprint, record

SIZE = 512


def main() -> None:
    """Measure network after network, and write what was found at the end."""
    found = {}
    for label, network in compared():
        found[label] = footprint(network, SIZE, repeats=1)
        print(f"{label:16} {found[label].seconds:7.2f} s", flush=True)
    print(record(SIZE, found))


if __name__ == "__main__":
    main()
