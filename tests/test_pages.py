"""The ledger's page and the page of all figures and tables: complete, in whatever state the results are."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import whole

import inpaintlib as il
from inpaintlib import claims, paths, questions, regenerated, results, trainings
from inpaintlib.chapters import chapter_of
from inpaintlib.claims import claim as states
from inpaintlib.claims import counted
from inpaintlib.claims.claim import Finding, Judged
from inpaintlib.counting import Count
from inpaintlib.errors import InputError
from inpaintlib.methods import CLASSICAL
from inpaintlib.protocols import PROTOCOLS, TABLES
from inpaintlib.questions import GROUPS
from inpaintlib.statistics import Interval
from inpaintlib.trainings import TRAININGS

ROOT = Path(__file__).parents[1]
ITEMS = il.published.items()
TABLE_IDS = il.published.ids()
VERDICTS = (states.REPRODUCED, states.DIRECTION, states.NOT_REPRODUCED, states.not_testable("not run yet"))


def cells(name: str) -> list[tuple[list[str], str]]:
    """Tags and source of a notebook's code cells."""
    notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [(cell["metadata"].get("tags", []), "".join(cell["source"])) for cell in code]


def shown(name: str) -> str:
    """What the cells of a notebook show, run here in the smoke profile; the last cell, its footer, is left out."""
    space, texts = {}, []
    for tags, source in cells(name)[:-1]:
        body = ast.parse(source).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), name, "exec"), space)
        if "parameters" in tags:
            space["profile"] = "smoke"
        value = last and eval(compile(ast.Expression(last.value), name, "eval"), space)
        texts.append(getattr(value, "data", ""))
    return "\n".join(texts)


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A checkout with the notebooks and without results."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    monkeypatch.setenv("INPAINTLIB_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def quick_counts(monkeypatch):
    """Counting networks takes seconds, and is tested where it is written."""
    one = Count(1_000_000, 10**9, 10**9)
    parts = dict.fromkeys(("inference", "head", "stages", "structure", "guides", "fusion"), one)
    monkeypatch.setattr(counted, "counted", lambda *_: parts)


def judged(claim, verdict):
    """A claim with this verdict, and findings as evidence would leave them."""
    if not claim.evidence:
        return Judged(**vars(claim), verdict=states.not_testable(claim.reason))
    if verdict == VERDICTS[-1]:
        return Judged(**vars(claim), verdict=verdict, scale={"profile": "laptop", "photographs": 0, "seeds": 0})
    found = (Finding("a|b, 10-20", Interval(0.5, 0.25, 0.75, 23, 3), 1, 0.01), Finding("c", 0.125, -1))
    scale = {"profile": "laptop", "photographs": 23, "seeds": 3, "commits": ["0123abc"]}
    return Judged(**vars(claim), verdict=verdict, number=f"{found[0]}; {found[1]}", findings=found, scale=scale)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_ledger_shows_every_claim_with_its_verdict_in_words(home, monkeypatch, verdict):
    ledger = [judged(claim, verdict) for claim in claims.CLAIMS]
    monkeypatch.setattr(claims, "ledger", lambda profile=None: ledger)
    page = shown("00_claims.ipynb").replace("\\", "")
    cards = page.split(":::::{div}")[1:]
    assert len(cards) == len(claims.CLAIMS)
    for one in ledger:
        (card,) = (text for text in cards if f":name: {one.id}\n" in text)
        assert one.verdict.partition(" (")[0] in card
        assert ("0.5 [0.25, 0.75]" in card) == bool(one.number)
        assert one.reason in card
        assert (f"{chapter_of(one.id)}.ipynb" in card) == bool(chapter_of(one.id))
    assert f"All {len(ledger)} claims" in page
    sheet = (paths.figures("smoke") / "book" / "ledger.csv").read_text(encoding="utf-8")
    assert all(f"\n{one.id}," in sheet for one in ledger)


def test_the_ledger_prints_the_words_of_every_rule(home, monkeypatch):
    monkeypatch.setattr(claims, "ledger", lambda profile=None: [judged(c, VERDICTS[-1]) for c in claims.CLAIMS])
    page = shown("00_claims.ipynb").replace("\\", "")
    assert all(rule.words in page for rule in claims.RULES.values())


def test_the_page_of_items_holds_every_item_and_row(home, quick_counts):
    page = shown("00_items.ipynb").replace("\\", "")
    for item in ITEMS:
        assert f"{item.number}{'.' if item.kind == 'table' else '**'} {item.title}" in page
    for id in TABLE_IDS:
        (table,) = (part for part in page.split("::::{dropdown}") if f":name: {id}\n" in part)
        for row, origin in regenerated.rows_of(id).items():
            assert f"**{row.replace('->', '→')}**" in table
            assert origin.state in table
            assert origin.experiment in table
        assert all(note.note.replace("->", "→") in table for note in il.published.notes(id))
        assert ", here" not in table
    sheet = (paths.figures("smoke") / "book" / "items.csv").read_text(encoding="utf-8")
    assert all(f"\n{item.id}," in sheet for item in ITEMS)


def test_our_numbers_stand_below_the_printed_ones_and_never_as_fid(home, quick_counts):
    rows = PROTOCOLS["smoke-64"].rows()
    note = {"name": "smoke-64", "checksum": rows.checksum}
    values = {name: np.full(len(rows), 12.25) for name in ("psnr", "ssim", "l1", "lpips")}
    kernel = np.full((len(rows.protocol.columns), len(set(rows.group))), 7.5)
    run = whole.run(experiment="tsgl-baseline-s0", profile="smoke", commit="0123abcdef")
    run |= {"group": "table-iv", "protocol": note, "also": [], "diagnostics_protocol": note}
    results.write_run(paths.results("smoke", run["experiment"]), run, stats=values, distances={"kd": kernel})
    (table,) = (part for part in shown("00_items.ipynb").split("::::{dropdown}") if ":name: tsgl-table-4\n" in part)
    parts = dict(part.split(" |", 1) for part in table.split("\n\n| ")[1:])
    assert "| *Baseline, here* | 12.25<br>[12.25, 12.25] |" in parts["PSNR (dB) ↑"]
    assert "here" not in parts["FID ↓"]
    assert "| Baseline | 7.5000<br>[7.5000, 7.5000] |" in parts["KD-AlexNet, here ↓"]
    assert "2 photographs" in table


@pytest.mark.parametrize("id", TABLE_IDS)
def test_every_row_of_a_table_has_one_of_three_states(id):
    rows = regenerated.rows_of(id)
    assert list(rows) == list(il.published.table(id).row.unique())
    for origin in rows.values():
        assert origin.state in regenerated.STATES
        assert bool(origin.why) or origin.state == regenerated.REGENERATED
        if origin.experiment:
            assert GROUPS[origin.group].rows[origin.label] == origin.experiment
            assert origin.experiment in TRAININGS or origin.state == regenerated.WAITS


def test_all_rows_of_a_group_are_in_its_table():
    for id, group in (("tsgl-table-1", "direction"), ("tsgl-table-4", "table-iv"), ("tsgl-table-7", "decoders")):
        assert {o.label for o in regenerated.rows_of(id).values()} == set(GROUPS[group].rows)
    for id, group in (("tsgl-table-8", "priors"), ("misf-table-3", "misf-ablation"), ("misf-table-4", "misf-depth")):
        assert {o.label for o in regenerated.rows_of(id).values()} == set(GROUPS[group].rows)


def test_table_1_is_mapped_to_the_printed_rows():
    rows = regenerated.rows_of("tsgl-table-1")
    assert rows["w/o. structure feature map"].experiment == trainings.ROW["Baseline"]
    assert rows["w. texture feature map"].experiment == "tsgl-structure-guided"


def test_a_row_is_regenerated_only_on_the_protocol_of_its_table(monkeypatch):
    assert TABLES["tsgl-table-2"].here == "bundled-256"
    assert regenerated.rows_of("tsgl-table-2")["PENNet"].state == regenerated.REGENERATED
    monkeypatch.setitem(TRAININGS, "hifill", trainings.Training("hifill"))
    assert regenerated.rows_of("tsgl-table-6")["HiFill"].state == regenerated.WAITS
    monkeypatch.setitem(TRAININGS, "hifill", trainings.Training("hifill", protocols=("bundled-512",)))
    assert regenerated.rows_of("tsgl-table-6")["HiFill"].state == regenerated.REGENERATED
    monkeypatch.delitem(TRAININGS, "hifill")
    assert regenerated.rows_of("tsgl-table-6")["HiFill"].state == regenerated.WAITS


def test_counted_and_printed_rows():
    rows = regenerated.rows_of("tsgl-table-5")
    assert rows["Ours"].state == regenerated.REGENERATED
    assert rows["HAN"].experiment == "han"
    assert rows["GC"].label == "DeepFill v2"
    printed = {row: o for row, o in regenerated.rows_of("tsgl-table-2").items() if o.state == regenerated.PRINTED}
    assert printed.keys() == {"DGTS", "FAR", "IR-SDE"}
    assert all(origin.why == regenerated.UNWRITTEN[row] for row, origin in printed.items())
    assert regenerated.rows_of("tsgl-table-3")["Big-LaMa"].state == regenerated.REGENERATED
    assert "tsgl-table-6-lama-parameters" in regenerated.counts_of()["tsgl-table-6", "Big-LaMa"]


def test_every_figure_but_a_drawing_names_its_groups():
    assert set(regenerated.GROUPS_OF) <= {item.id for item in ITEMS}
    for item in ITEMS:
        groups = regenerated.groups_of(item.id)
        assert bool(groups) == (item.kind != "diagram")
        assert set(groups) <= set(GROUPS)
    with pytest.raises(InputError, match="no item 'tsgl-fig-99'"):
        regenerated.groups_of("tsgl-fig-99")


def test_a_ledger_declares_every_group_that_has_results_of_its_own():

    homes = {questions.home(name) for name in (*TRAININGS, *CLASSICAL)}
    for notebook in ("00_claims.ipynb", "00_items.ipynb"):
        metadata = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["metadata"]
        assert set(metadata["inpaintlib"]["groups"]) == homes
