"""The claims ledger: what both papers claim, what it predicts here, and a verdict by a rule fixed beforehand."""

from inpaintlib.claims import beyond, misf, tsgl_cost, tsgl_layers, tsgl_losses, tsgl_tables
from inpaintlib.claims.claim import Claim, Evidence, Finding, Judged
from inpaintlib.claims.judging import STATISTICS, judge, shipped
from inpaintlib.claims.rules import RULES, Rule

__all__ = ["CLAIMS", "RULES", "STATISTICS", "Claim", "Evidence", "Finding", "Judged", "Rule", "ledger"]

CLAIMS: tuple[Claim, ...] = tuple(
    claim for part in (tsgl_layers, tsgl_losses, tsgl_tables, tsgl_cost, misf, beyond) for claim in part.CLAIMS
)
"""Every claim, TSGL's first, in the order of the book's first page."""


def ledger(profile: str | None = None) -> list[Judged]:
    """Every claim with its verdict, in the order of CLAIMS.

    profile: "laptop", "gpu" or "paper"; None takes for each claim the largest one whose evidence is complete. Verdicts:
    "reproduced", "reproduced in direction only", "not reproduced", "not testable here (reason)". Evidence that is
    declared and has no results yet gives "not testable here (not run yet)". Raises InputError, naming the claim, where
    evidence names something that does not exist, whatever the other claims; and on an unknown profile.
    """
    return judge(CLAIMS, shipped(), profile)
