"""The pictures that methods are shown with: the same holes for all, what was filled where it was hole."""

import numpy as np

from inpaintlib import gallery, methods
from inpaintlib.protocols import PROTOCOLS

SMALL = PROTOCOLS["smoke-64"]


def test_a_hole_of_each_size_in_photographs_apart():
    protocol = PROTOCOLS["bundled-256"]
    rows, chosen = protocol.rows(), gallery.shown_rows(PROTOCOLS["bundled-256"])
    assert [rows.bin[i] for i in chosen] == ["10-20", "20-30", "30-40", "40-50"]
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


def test_a_hole_of_each_width_at_512():
    protocol = PROTOCOLS["bundled-512"]
    assert [protocol.rows().bin[i] for i in gallery.shown_rows(protocol)] == ["narrow", "medium", "wide"]
    assert gallery.filled(methods.classical("telea"), protocol).shape == (192, 3 * 192, 3)


def test_a_hole_of_a_photograph_is_one_row_and_its_picture_hides_what_the_hole_hides():
    batch = gallery.case(SMALL, 3, "20-30")  # of two photographs: the second
    rows = SMALL.rows()
    (row,) = np.flatnonzero((rows.photo == list(dict.fromkeys(rows.photo))[1]) & (rows.bin == "20-30"))
    images, masks = rows.part([row])
    assert np.array_equal(gallery.picture(batch.target.image), images[0].permute(1, 2, 0))
    known = masks[0, 0].numpy() == 1
    shown = gallery.seen(batch)
    assert np.array_equal(shown[known], images[0].permute(1, 2, 0).numpy()[known])
    assert (shown[~known] == 255).all()
