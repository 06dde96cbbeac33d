"""The grammar of Table IV: its twelve rows, whatever else a student writes, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import inpaintlib as il
from inpaintlib.variant import GUIDE_WORDS, Branch, Variant

PAPER = """Baseline|Global → Global|Global → Local|Local → Global|Local → Local|Texture → Global|Texture → Local
2Global(Local) → Local(Global)|2Global(Local) → Local(Local)|Global(2Local) → Global(Local)
2Global(Texture) → Global(Local)|2Global(Local) → Global(Local)""".replace("\n", "|").split("|")


def test_table_iv_is_the_papers_in_its_order():
    assert [Variant.parse(row) for row in PAPER] == list(il.TABLE_IV.values())
    assert [str(v) for v in il.TABLE_IV.values()] == list(il.TABLE_IV)


def test_rows_say_who_guides_whom():
    rows = il.TABLE_IV
    assert rows["Baseline"].branches == ()
    assert rows["Local->Global"].branches == (Branch("residual", "global"),)
    assert rows["Texture->Local"].branches == (Branch("texture", "local"),)
    assert rows["Global(2Local)->Global(Local)"].branches == (
        Branch("structure", "global"),
        Branch("residual", "local", 2),
    )


branches = st.builds(
    Branch, st.sampled_from(list(GUIDE_WORDS)), st.sampled_from(["global", "local"]), st.integers(1, 9)
)


@given(st.lists(branches, max_size=2))
def test_every_variant_survives_its_own_string(some):
    variant = Variant(tuple(some))
    assert Variant.parse(str(variant)) == variant
    assert Variant.parse(str(variant).replace("->", " → ").lower()) == variant


@pytest.mark.parametrize(
    "text", ["3Local->Local", "Texture(Global)->Local(Global)", "global -> LOCAL", "2Texture→batch"]
)
def test_other_combinations_parse(text):
    assert Variant.parse(str(Variant.parse(text))) == Variant.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Global", "Global->", "->Local", "Global->Local(Local)", "Global(Local)->Global", "Edge->Local"),
        *("Global->Banana", "0Global->Local", "10Global->Local", "Global->2Local", "Global(Local->Global(Local)"),
        *("Global>Local", "🙂", None),
    ],
)
def test_a_wrong_one_is_refused_with_the_grammar(text):
    with pytest.raises(il.InputError) as error:
        Variant.parse(text)
    message = str(error.value)
    assert repr(text) in message
    assert "->" in message or "there are" in message
    assert message.count("\n") == 0


def test_a_text_of_any_length_is_refused_in_one_sentence():
    with pytest.raises(il.InputError, match=r"such as .*, not one of 100008 characters\.$"):
        Variant.parse("Global->" + "x" * 100_000)
