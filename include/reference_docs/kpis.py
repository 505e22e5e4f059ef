"""The parts of docs/kpis.md that are the definitions themselves: the list of KPIs, and what readers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.kpis import CAVEATS, KPIS
from reference_docs.markdown import anchor, code, table

if TYPE_CHECKING:
    from local_digital.config.models import Transaction
    from local_digital.kpis import Kpi

_UNITS = {"share": "share, 0 to 1", "score": "score, 0 to 1", "rate": "per 100,000"}
_BETTER = {"higher": "more", "lower": "less", None: ""}


def kpi_sections(contracts: dict[str, Transaction]) -> dict[str, str]:
    """Return the generated sections of the page by name. contracts: by slug."""
    return {
        "kpi-list": table(
            ("KPI", "What it says", "Unit", "By", "Better", "A feed must send", "Source"),
            ((_name(name, kpi), kpi.means, _UNITS.get(kpi.unit, kpi.unit), ", ".join(kpi.periods),
              _BETTER[kpi.better], code(kpi.fields), kpi.source) for name, kpi in KPIS.items()),
        ),
        "kpi-contracts": table(
            ("Transaction", "KPIs"),
            ((f"[{contract.name}](data-dictionary.md#{anchor(contract.name)})", code(contract.kpis))
             for contract in contracts.values()),
        ),
        "kpi-caveats": table(
            ("Key", "What readers are told"), ((f"`{key}`", sentence) for key, sentence in CAVEATS.items())
        ),
    }  # fmt: skip


def _name(name: str, kpi: Kpi) -> str:
    return f"`{name}` {kpi.title}" + (f" (versions {', '.join(kpi.versions)})" if len(kpi.versions) > 1 else "")
