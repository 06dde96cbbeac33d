"""The pictures that methods are shown with: the same holes for all, what was filled where it was hole."""

import numpy as np
import pytest

from inpaintlib import gallery, methods
from inpaintlib.protocols import PROTOCOLS

SMALL = PROTOCOLS["smoke-64"]


def test_a_hole_of_each_size_in_photographs_apart():
    protocol = PROTOCOLS["bundled-256"]
    rows, chosen = protocol.rows(), gallery.shown_rows(PROTOCOLS["bundled-256"])
    assert [rows.bin[i] for i in chosen] == list(gallery.BINS)
    assert len({rows.group[i] for i in chosen}) == len(chosen)
    assert gallery.filled(methods.classical("telea"), protocol).shape == (192, 4 * 192, 3)


def test_known_pixels_are_the_photographs_and_holes_are_the_methods():
    given, original = gallery.given(SMALL)
    filled = gallery.filled(methods.classical("telea"), SMALL)
    hole = (given == 255).all(axis=2) & (original != 255).any(axis=2)
    assert np.array_equal(given[~hole], original[~hole])
    assert np.array_equal(filled[~hole], original[~hole])
    assert (filled[hole] != given[hole]).any()
    pictures = gallery.apart(filled)
    assert len(pictures) == 4
    assert np.array_equal(np.concatenate(pictures, axis=1), filled)


@pytest.mark.parametrize("name", ["bundled-512"])
def test_a_protocol_without_these_sizes_shows_nothing(name):
    assert gallery.shown_rows(PROTOCOLS[name]) == []
