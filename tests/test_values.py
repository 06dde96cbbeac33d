"""The settings of networks: what is given for one is taken or refused in a sentence, before anything is built."""

import re

import pytest
import torch

import inpaintlib as il
from inpaintlib.models.registry import find

ODD = (
    *(None, True, -1, 0, 1.5, 1025, 10**9, -(2**70), float("inf"), float("nan"), "", "x", "2", b"x", object),
    *([], {}, [1, "a"], {"a": 1}, [{}], (1, 2), ["x"], [100] * 4, ("a",) * 4, (1.0,) * 4, "é\n\0"),
)
SETTINGS = [(name, key) for name in il.models() for key in find(name).Config.__dataclass_fields__]


@pytest.mark.parametrize("name, key", SETTINGS, ids=lambda word: word)
def test_an_odd_value_is_taken_or_refused_in_a_sentence(name, key):
    taken = 0
    for value in ODD:
        try:
            with torch.device("meta"):  # takes no memory
                il.build(name, **{"width": 8, key: value})
        except il.InputError as error:
            assert re.fullmatch(r"[^\n]{10,}\.", str(error)), (value, error)  # noqa: PT017
        else:
            taken += 1
    assert taken <= 4


def test_the_right_kinds_are_taken():
    network = il.build("misf", width=8, interaction=True, kernel=3, layout="table1")
    assert network.config.width == 8
    assert il.build("tsgl", width=4, tau=5).config.tau == 5
    assert il.build("tsgl", width=4, depths=[1, 1, 1, 1]).config.depths == (1, 1, 1, 1)
    assert il.build("tsgl", width=4, defects="softmax-axis").config.defects == ("softmax-axis",)
