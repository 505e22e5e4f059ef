"""A draft of the council's file from a profile. What is not known stands there with a `# CHECK:` beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.authorities import authorities, called, resolve
from local_digital.config.models import UNKNOWN_GSS_CODE, Division, Nation, Tier
from local_digital.errors import ConfigurationError
from local_digital.plurals import counted
from local_digital.profiling.draft_feed import FeedDraft
from local_digital.profiling.yaml_writer import Writer, listed, scalar

if TYPE_CHECKING:
    from local_digital.authorities import Authority
    from local_digital.config.models import Transaction
    from local_digital.profiling.facts import Profile

_DIVISION_BY_LETTER = {"S": Division.SCOTLAND, "N": Division.NORTHERN_IRELAND}
# Of the reference table: such an authority may run passenger transport, and provides nothing else.
_COMBINED = "combined"
_LONGEST_GROUP = 60 - len("-local-authority")


@dataclass(frozen=True)
class CouncilFacts:
    """What the person who onboards knows already; None where they do not and the reference table neither."""

    slug: str = "new-council"
    slug_is_given: bool = False
    name: str | None = None
    gss_code: str | None = None
    tier: Tier | None = None


def look_up(
    slug: str | None, *, name: str | None = None, gss_code: str | None = None, tier: Tier | None = None
) -> CouncilFacts:
    """Return what was said of a council, with what the reference table knows of its code or else of its slug."""
    known = resolve(gss_code) if gss_code else called(slug) if slug else None
    return CouncilFacts(
        slug or CouncilFacts.slug,
        slug is not None,
        name or (known.official_name if known else None),
        gss_code or (known.gss_code if known else None),
        tier,
    )


def draft(found: Profile, contract: Transaction, council: CouncilFacts) -> str:
    """Return the text of `councils/<slug>.yaml`. Raises ConfigurationError when the council does not provide this."""
    writer = Writer()
    writer.comment(f"Drafted from {counted(len(found.files), 'sample file')} by `local-digital profile`. "
                   "Every CHECK is a doubt or a placeholder: settle it, then remove the comment.")  # fmt: skip
    _write_head(writer, contract, council)
    FeedDraft(writer, found, contract, council.slug.replace("-", "_")).write()
    return writer.text()


def tier_of(contract: Transaction, council: CouncilFacts) -> Tier | None:
    """Return the tier that was given or that the authority of the GSS code has, None when neither is known.

    Raises ConfigurationError when the code is none that `check` would take, when the tier is another than the
    authority's, and when such councils, or those of that nation, do not provide the transaction.
    """
    authority = resolve(council.gss_code) if council.gss_code else None
    if council.gss_code and authority is None:
        raise ConfigurationError(
            "--gss",
            expected="the code, present or former, of an authority that exists or has one successor",
            found=f"`{council.gss_code}`",
            action="Look it up at the ONS.",
        )
    tier = council.tier or _tier_in_table(contract, authority)
    if authority is not None and tier is not Tier.TRANSPORT_EXECUTIVE and tier != authority.tier:
        raise ConfigurationError(
            "--tier",
            expected=f"`{authority.tier}`, as {authority.name} has it",
            found=f"`{tier}`",
            action="Leave it out: the reference table says it.",
        )
    nation = {"E": Nation.ENGLAND, "W": Nation.WALES, "S": Nation.SCOTLAND, "N": Nation.NORTHERN_IRELAND}.get(
        (council.gss_code or "")[:1], contract.nations[0]
    )
    if (tier is not None and tier not in contract.provided_by) or nation not in contract.nations:
        where = "" if nation in contract.nations else f" in {', '.join(contract.nations)}"
        raise ConfigurationError(
            "--tier" if council.tier else council.name or council.slug,
            expected=f"a council of a tier that provides this ({', '.join(contract.provided_by)}){where}",
            found=f"`{tier}`" + (f" in {nation}" if where else ""),
            action="Check code and tier: a council without this service has no feed for it.",
        )
    return tier


def _tier_in_table(contract: Transaction, authority: Authority | None) -> Tier | None:
    if authority is None:
        return None
    if authority.tier != _COMBINED:
        return Tier(authority.tier)
    if Tier.TRANSPORT_EXECUTIVE in contract.provided_by:
        return Tier.TRANSPORT_EXECUTIVE
    raise ConfigurationError(
        authority.official_name,
        expected=f"a council of a tier that provides this ({', '.join(contract.provided_by)})",
        found="a combined authority",
        action="Name one of its councils.",
    )


def _write_head(writer: Writer, contract: Transaction, council: CouncilFacts) -> None:
    key = council.slug.replace("-", "_")
    code = council.gss_code
    tier = tier_of(contract, council)
    writer.line(
        0, f"council: {council.slug}", "" if council.slug_is_given else "the council's slug, as the file is called"
    )
    writer.line(0, f"name: {scalar(council.name or 'New Council')}", "" if council.name else "the council's full name")
    writer.line(0, f"gss_code: {code or UNKNOWN_GSS_CODE}", "" if code else "placeholder; the council's GSS code")
    writer.line(
        0, f"tier: {tier or contract.provided_by[0]}", "" if tier else f"one of {', '.join(contract.provided_by)}"
    )
    if tier is Tier.TRANSPORT_EXECUTIVE:
        writer.line(0, f"covers: {listed(_may_cover(code))}", "the slugs of the councils that it serves")
    division = _DIVISION_BY_LETTER.get(code[0] if code else "", Division.ENGLAND_AND_WALES)
    writer.line(0, f"bank_holidays: {division}", "" if code else f"one of {', '.join(Division)}")
    writer.line(0, "phase: 3", "when the council joins")
    writer.line(0, 'schedule: "20 5 * * *"', "when the export is there, London time; spread the councils over the hour")
    writer.blank()
    writer.line(0, "privacy:")
    writer.line(1, f"connection: {key}_privacy", "add this connection; its password keys the premises")
    writer.blank()
    writer.line(0, "platform:")
    writer.line(1, f"connection: {key}_platform", "add this connection")
    writer.line(
        1, f"data_group: {council.slug[:_LONGEST_GROUP]}-local-authority", "the platform's name for the council"
    )
    writer.blank()


def _may_cover(code: str | None) -> list[str]:
    """Return the councils that an executive serves as far as the table can say: the metropolitan ones of its region."""
    authority = resolve(code) if code else None
    found = [
        one.slug
        for one in authorities()
        if authority is not None and one.current and one.tier == Tier.METROPOLITAN and one.region == authority.region
    ]
    return found or [next(one.slug for one in authorities() if one.current and one.tier == Tier.METROPOLITAN)]
