"""What a chapter says of itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from inpaintlib import chapters
from inpaintlib.claims import CLAIMS
from inpaintlib.diagnostics import channel_energy

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def test_a_claim_belongs_to_the_chapter_that_makes_its_item_or_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    for name, made in (
        ("01_one", {"items": ["tsgl-fig-1"], "groups": []}),
        ("02_two", {"items": ["tsgl-fig-11"], "groups": [], "claims": ["beyond-leak"]}),
    ):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(json.dumps({"metadata": {"inpaintlib": made}}))
    assert chapters.chapter_of("tsgl-fig-1-mutual-guidance") == "01_one"
    assert chapters.chapter_of("tsgl-fig-11-final") == "02_two"
    assert chapters.chapter_of("beyond-leak") == "02_two"
    assert chapters.chapter_of("misf-table-4-depth") == ""
    assert [claim.id for claim in chapters.claims_of("01_one")] == ["tsgl-fig-1-mutual-guidance"]
    assert "No claim" in chapters.verdicts("03_three")


def test_what_notebooks_declare_exists():
    known = {claim.id for claim in CLAIMS}
    named = [claim for made in chapters.declared().values() for claim in made.get("claims", ())]
    assert set(named) <= known
    assert len(named) == len(set(named))
    assert set(chapters.declared()) == {path.stem for path in NOTEBOOKS.glob("*.ipynb")}


def test_verdicts_hold_a_line_for_each_claim():
    (chapter,) = (name for name, made in chapters.declared().items() if "misf-fig-7" in made["items"])
    page = chapters.verdicts(chapter)
    for claim in chapters.claims_of(chapter):
        assert chapters.plain(claim.says) in page
        assert f"](#{claim.id})" in page


def test_source_is_the_librarys_own_text():
    shown = chapters.source(channel_energy)
    assert "return features.abs().mean(dim=(2, 3))" in shown
    assert shown.startswith("```python\ndef channel_energy")


def test_the_footer_names_what_numbers_rest_on():
    said = chapters.footer("laptop", 3, 0.0)
    assert said.startswith("*Profile laptop, seed 3; ")
    assert "torch 2" in said


@pytest.mark.parametrize("text, shown", [("a->b", "a→b"), ("f_k * 2", r"f\_k \* 2"), ("[x]", r"\[x\]")])
def test_plain_text_stays_plain(text, shown):
    assert chapters.plain(text) == shown


def test_what_only_reads_results_does_not_wait_for_what_trains():
    reads = "from inpaintlib import chapters, layerwise, plotting, results, study"
    heavy = "print(sorted({'lightning', 'torchmetrics', 'torchvision', 'torch._dynamo'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"import sys\n{reads}\n{heavy}"], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
