"""A draft of the council's file from a profile. What is not known stands there with a `# CHECK:` beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.config.models import Division, Tier
from local_digital.errors import ConfigurationError
from local_digital.profiling.draft_feed import FeedDraft
from local_digital.profiling.yaml_writer import Writer, counted, scalar

if TYPE_CHECKING:
    from local_digital.config.models import Transaction
    from local_digital.profiling.facts import Profile

_TIER_BY_CODE = {
    "E06": Tier.UNITARY, "E07": Tier.DISTRICT, "E08": Tier.METROPOLITAN, "E09": Tier.LONDON_BOROUGH,
    "E10": Tier.COUNTY, "W06": Tier.UNITARY, "S12": Tier.UNITARY, "N09": Tier.UNITARY,
}  # fmt: skip
_DIVISION_BY_LETTER = {"S": Division.SCOTLAND, "N": Division.NORTHERN_IRELAND}
_PLACEHOLDER_CODE = "E00000000"
_LONGEST_GROUP = 60 - len("-local-authority")


@dataclass(frozen=True)
class CouncilFacts:
    """What the person who onboards knows already; None where they do not."""

    slug: str = "new-council"
    slug_is_given: bool = False
    name: str | None = None
    gss_code: str | None = None
    tier: Tier | None = None


def draft(found: Profile, contract: Transaction, council: CouncilFacts) -> str:
    """Return the text of `councils/<slug>.yaml`. Raises ConfigurationError when the council's tier does not fit."""
    writer = Writer()
    writer.comment(f"Drafted from {counted(len(found.files), 'sample file')} by `local-digital profile`. "
                   "Every CHECK is a doubt or a placeholder: settle it, then remove the comment.")  # fmt: skip
    _write_head(writer, contract, council)
    FeedDraft(writer, found, contract, council.slug.replace("-", "_")).write()
    return writer.text()


def tier_of(contract: Transaction, council: CouncilFacts) -> Tier | None:
    """Return the tier that was given or that the GSS code says, None when neither does.

    Raises ConfigurationError when councils of that tier do not provide the transaction.
    """
    tier = council.tier or _TIER_BY_CODE.get((council.gss_code or "")[:3])
    if tier is not None and tier not in contract.provided_by:
        raise ConfigurationError(
            "--tier" if council.tier else "--gss",
            expected=f"a council of a tier that provides this ({', '.join(contract.provided_by)})",
            found=f"`{tier}`",
            action="Check code and tier: a council without this service has no feed for it.",
        )
    return tier


def _write_head(writer: Writer, contract: Transaction, council: CouncilFacts) -> None:
    key = council.slug.replace("-", "_")
    code = council.gss_code
    tier = tier_of(contract, council)
    writer.line(
        0, f"council: {council.slug}", "" if council.slug_is_given else "the council's slug, as the file is called"
    )
    writer.line(0, f"name: {scalar(council.name or 'New Council')}", "" if council.name else "the council's full name")
    writer.line(0, f"gss_code: {code or _PLACEHOLDER_CODE}", "" if code else "placeholder; the council's GSS code")
    doubt = "" if council.tier else "from the GSS code" if tier else f"one of {', '.join(contract.provided_by)}"
    writer.line(0, f"tier: {tier or contract.provided_by[0]}", doubt)
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
