"""From claims to verdicts: every evidence is checked to exist before any is read, then each claim's rule decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inpaintlib.claims import counted, differences, maps, orders, printed
from inpaintlib.claims.claim import DIRECTION, REPRODUCED, Claim, Evidence, Finding, Judged, not_testable
from inpaintlib.claims.rules import RULES
from inpaintlib.claims.statistic import PSEUDO, Measured, Statistic, check_arguments, labels_of
from inpaintlib.errors import InputError
from inpaintlib.experiments import SCALES
from inpaintlib.measurements import Measurements, NotRun, Stale
from inpaintlib.protocols import PROTOCOLS
from inpaintlib.questions import GROUPS
from inpaintlib.statistics import Interval

FEWEST_SEEDS = 2
"""Trainings of each row that the verdict "reproduced" asks for."""
LARGEST_FIRST = ("paper", "gpu", "laptop")
NOT_RUN = not_testable("not run yet")
OUT_OF_DATE = not_testable("results of an older protocol")
STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for module in (differences, orders, maps, counted, printed)
    for statistic in module.STATISTICS
}


@dataclass(frozen=True)
class Source:
    """Where evidence comes from.

    groups: name -> labels.  columns: protocol -> names of its columns.  profiles: largest first.  open(group, protocol,
    profile): the measurements, which raise NotRun where there are none.
    """

    groups: Mapping[str, Sequence[str]]
    columns: Mapping[str, Sequence[str]]
    profiles: Sequence[str]
    open: Callable[[str, str, str], Measured]


def shipped() -> Source:
    """The study's own groups, protocols and results."""
    return Source(
        {name: tuple(group.rows) for name, group in GROUPS.items()},
        {name: tuple(protocol.columns) for name, protocol in PROTOCOLS.items()},
        tuple(name for name in LARGEST_FIRST if name in SCALES),
        Measurements,
    )


def judge(claims: Sequence[Claim], source: Source, profile: str | None = None) -> list[Judged]:
    """Every claim with its verdict, in order.

    profile: None takes for each claim the largest profile whose evidence is complete, else the smallest.
    Raises InputError, naming the claim, when any claim is declared wrongly, before anything is read; and on an unknown
    profile.
    """
    if profile is not None and profile not in source.profiles:
        raise InputError(f"There is no study in the profile {profile!r}; there is one in {', '.join(source.profiles)}.")
    check_ids(claims)
    for claim in claims:
        check(claim, source)
    opened = lru_cache(maxsize=None)(source.open)
    profiles = source.profiles if profile is None else (profile,)
    return [_judged(claim, profiles, opened) for claim in claims]


def check_ids(claims: Sequence[Claim]) -> None:
    """Raises InputError when two claims share an id."""
    ids = [claim.id for claim in claims]
    for name in ids:
        if ids.count(name) > 1:
            raise InputError(f"Two claims have the id {name!r}; ids are unique.")


def check(claim: Claim, source: Source) -> None:
    """Raises InputError, naming the claim, when its rule or its evidence is not declared, or a reason is missing."""
    if claim.rule not in RULES:
        raise InputError(f"The claim {claim.id} names the rule {claim.rule!r}; there is {', '.join(RULES)}.")
    if bool(claim.evidence) == bool(claim.reason):
        raise InputError(f"The claim {claim.id} needs either evidence or a reason why there is none.")
    for evidence in claim.evidence:
        try:
            _check_evidence(evidence, source)
        except InputError as error:
            raise InputError(f"The claim {claim.id} is declared wrongly: {str(error).rstrip('.')}.") from error


def _check_evidence(evidence: Evidence, source: Source) -> None:
    if evidence.statistic not in STATISTICS:
        raise InputError(f"there is no statistic {evidence.statistic!r}; there is {', '.join(STATISTICS)}")
    statistic = STATISTICS[evidence.statistic]
    place = (evidence.group, evidence.protocol)
    if statistic.pseudo is None:
        _known("group", evidence.group, source.groups)
        _known("protocol", evidence.protocol, source.columns)
    elif place != statistic.pseudo:
        raise InputError(f"{evidence.statistic!r} belongs to {statistic.pseudo}, not to {place}")
    of = statistic.arguments(evidence.of)
    labels = statistic.check(**of)
    if place not in PSEUDO:
        check_arguments(
            {**of, "labels": tuple(labels)}, source.groups[evidence.group], source.columns[evidence.protocol]
        )


def _known(what: str, name: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise InputError(f"there is no {what} {name!r}; there is {', '.join(known)}")


def _judged(claim: Claim, profiles: Sequence[str], opened: Callable[[str, str, str], Measured]) -> Judged:
    fields = vars(claim)
    if not claim.evidence:
        return Judged(**fields, verdict=not_testable(claim.reason))
    missing = NOT_RUN
    for profile in profiles:
        try:
            findings, scale = _measured(claim, profile, opened)
        except NotRun as why:
            missing = OUT_OF_DATE if isinstance(why, Stale) else missing
            continue
        rule = RULES[claim.rule]
        verdict = at_most(rule.decide(findings), scale)
        return Judged(**fields, verdict=verdict, number=rule.headline(findings), findings=findings, scale=scale)
    return Judged(**fields, verdict=missing, scale={"profile": profiles[-1], "photographs": 0, "seeds": 0})


def at_most(verdict: str, scale: Mapping[str, Any]) -> str:
    """The verdict that a scale allows: one training a row is no ground for "reproduced", whatever its photographs say,
    because a second training of the same row would differ as well. Counted and printed evidence has no seeds."""
    return DIRECTION if verdict == REPRODUCED and scale.get("seeds", FEWEST_SEEDS) < FEWEST_SEEDS else verdict


def _measured(claim: Claim, profile: str, opened: Callable) -> tuple[tuple[Finding, ...], dict[str, Any]]:
    findings: list[Finding] = []
    commits: set[str] = set()
    for evidence in claim.evidence:
        statistic = STATISTICS[evidence.statistic]
        of = statistic.arguments(evidence.of)
        pseudo = statistic.pseudo is not None
        measured = None if pseudo else opened(evidence.group, evidence.protocol, profile)
        findings += statistic.compute(measured, **of)
        if not pseudo:
            commits |= set(measured.scale([*labels_of(of), *statistic.check(**of)])["commits"])
    intervals = [f.estimate for f in findings if isinstance(f.estimate, Interval)]
    if not intervals:
        return tuple(findings), {}
    scale = {"profile": profile, "photographs": min(i.photographs for i in intervals)}
    return tuple(findings), scale | {"seeds": min(i.seeds for i in intervals), "commits": sorted(commits)}
