"""The catalogue of the open data, as DCAT-AP 3 in JSON-LD, for portals that collect such catalogues.

Its IRIs are absolute where the site's address is known. Where it is not, they are relative to the catalogue's own
address, which JSON-LD 1.1 takes for the base when a document names none: a site that moves stays right.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from local_digital.site.tables import FORMS, MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.site.about import About
    from local_digital.site.tables import Form, Table

PATH = "data/catalogue.jsonld"
_OWN = "catalogue.jsonld"
_EU = "http://publications.europa.eu/resource/authority"
_ENGLISH = {"@id": f"{_EU}/language/ENG"}
_GOVERNMENT = {"@id": f"{_EU}/data-theme/GOVE"}
_PUBLIC = {"@id": f"{_EU}/access-right/PUBLIC"}
_GZIP = "https://www.iana.org/assignments/media-types/application/gzip"
_FREQUENCIES = {"week": "WEEKLY", "month": "MONTHLY", "quarter": "QUARTERLY", None: "IRREG"}
_RESOLUTIONS = {"week": "P7D", "month": "P1M", "quarter": "P3M"}
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def catalogue(tables: Sequence[Table], about: About) -> bytes:
    """Return the catalogue: each table a dataset, its CSV and JSON the distributions."""
    base = f"{about.url}data/" if about.url else ""
    publisher = {"@id": f"{base}{_OWN}#publisher", "@type": "foaf:Agent", "foaf:name": _english(about.publisher)}
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@id": f"{base}{_OWN}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _english(about.title),
        "dct:description": _english(
            "Figures that councils have released about their transactions with the public: counts, key performance "
            "indicators and benchmarks."
        ),
        "dct:publisher": publisher,
        "dct:license": {"@id": about.licence_url},
        "dct:language": _ENGLISH,
        "dcat:themeTaxonomy": {"@id": f"{_EU}/data-theme"},
        "foaf:homepage": {"@id": base or "./"},
        **_dates(
            [table.issued for table in tables if table.issued], [table.modified for table in tables if table.modified]
        ),
        "dcat:dataset": [_dataset(table, about, base) for table in tables],
    }
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def _dataset(table: Table, about: About, base: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": f"{base}{_OWN}#{table.identifier}",
        "@type": "dcat:Dataset",
        "dct:identifier": table.identifier,
        "dct:title": _english(table.title),
        "dct:description": _english(table.means),
        "dct:publisher": {"@id": f"{base}{_OWN}#publisher"},
        "dct:language": _ENGLISH,
        "dct:accessRights": _PUBLIC,
        "dct:accrualPeriodicity": {"@id": f"{_EU}/frequency/{_FREQUENCIES[table.period]}"},
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": _english(about.source)},
        "dcat:theme": _GOVERNMENT,
        "dcat:keyword": [_english(word) for word in table.keywords],
        "dcat:landingPage": {"@id": base or "./"},
        **_dates([table.issued] if table.issued else [], [table.modified] if table.modified else []),
    }
    if table.first_day and table.last_day:
        found["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed("date", table.first_day.isoformat()),
            "dcat:endDate": _typed("date", table.last_day.isoformat()),
        }
    if table.period:
        found["dcat:temporalResolution"] = _typed("duration", _RESOLUTIONS[table.period])
    if table.gss_codes:
        # The identifiers that the Office for National Statistics gives to areas; http is part of them.
        found["dct:spatial"] = [
            {"@id": f"http://statistics.data.gov.uk/id/statistical-geography/{code}"} for code in table.gss_codes
        ]
    found["dcat:distribution"] = [_distribution(table, form, about, base) for form in FORMS]
    return found


def _distribution(table: Table, form: Form, about: About, base: str) -> dict[str, Any]:
    made = table.made(form)
    address = {"@id": f"{base}{table.path(form).removeprefix('data/')}"}
    return {
        "@id": f"{base}{_OWN}#{table.identifier}.{form}",
        "@type": "dcat:Distribution",
        "dct:title": _english(f"{table.title} ({form.upper()})"),
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{MEDIA_TYPES[form]}"},
        **({"dcat:compressFormat": {"@id": _GZIP}} if table.packed else {}),
        "dct:format": {"@id": f"{_EU}/file-type/{form.upper()}"},
        "dct:license": {"@id": about.licence_url},
        "dct:language": _ENGLISH,
        "dcat:byteSize": _typed("nonNegativeInteger", str(made.size)),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": _typed("hexBinary", made.sha256),
        },
    }


def _dates(issued: list[dt.datetime], modified: list[dt.datetime]) -> dict[str, Any]:
    if not issued or not modified:
        return {}
    return {"dct:issued": _moment(min(issued)), "dct:modified": _moment(max(modified))}


def _moment(value: dt.datetime) -> dict[str, str]:
    return _typed("dateTime", value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _english(words: str) -> dict[str, str]:
    return {"@language": "en", "@value": words}


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}
