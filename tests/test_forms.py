"""Files of plain values: what lacks something is refused, and what is amiss is named."""

import json

import pytest
import whole
from hypothesis import given
from hypothesis import strategies as st

from inpaintlib import forms, paths, results
from inpaintlib.errors import InputError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Whatever JSON can say."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write run.json of an experiment, and read it as the library does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INPAINTLIB_HOME", str(tmp_path_factory.mktemp("home")))
        file = paths.results("laptop", "x-s0") / "run.json"
        file.parent.mkdir(parents=True)

        def read(value):
            file.write_text(value if isinstance(value, str) else json.dumps(value))
            return results.read_run("x-s0", "laptop")

        yield read


def test_what_is_amiss_is_named():
    form = {"a": int, "b": {"c": float}, "d": [{"e": str}]}
    right = {"a": 1, "b": {"c": 2}, "d": [{"e": "x"}], "more": None}
    assert forms.fault(right, form) == ""
    assert forms.fault(right | {"a": True}, form) == "a is true or false where a whole number belongs"
    assert forms.fault(right | {"b": {}}, form) == "b.c is missing"
    assert forms.fault(right | {"d": [{"e": "x"}, {"e": 1}]}, form) == "d[1].e is a whole number where a text belongs"
    assert forms.fault([], form) == "it is a list where an object belongs"


@given(VALUES)
def test_a_value_is_faultless_or_the_fault_is_told(value):
    assert forms.fault(value, type(value)) == ""
    assert forms.fault(value, forms.RUN)


@given(st.sampled_from(sorted(forms.RUN)), VALUES)
def test_a_result_with_another_value_is_read_or_refused_in_a_sentence(written, key, value):
    assert written(whole.run()) == whole.run()
    changed = whole.run(**{key: value})
    if forms.fault(changed, forms.RUN) or changed["schema"] != results.SCHEMA:
        with pytest.raises(InputError, match=r"run\.json (is not what this library writes \(\w|has schema)"):
            written(changed)
    else:
        assert forms.fault(written(changed), forms.RUN) == ""


@given(st.text() | VALUES)
def test_what_is_no_result_is_refused_in_a_sentence(written, value):
    with pytest.raises(
        InputError, match=r"run\.json (is no whole JSON file|is not what this library writes|has schema)"
    ):
        written(value)
