"""The catalogue has what DCAT-AP 3 asks for, and everything that it points to is there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest

from local_digital.site.about import About
from tests.site.whole import open_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.site.figures import Figures

ADDRESS = "https://figures.example.org/councils/"
# Mandatory or recommended by DCAT-AP 3.0.
OF_A_CATALOGUE = {
    "dct:title", "dct:description", "dct:publisher", "dcat:dataset", "dct:license", "dct:language", "dct:issued",
    "dct:modified", "dcat:themeTaxonomy", "foaf:homepage",
}  # fmt: skip
OF_A_DATASET = {
    "dct:title", "dct:description", "dct:identifier", "dct:publisher", "dcat:theme", "dcat:keyword",
    "dcat:distribution", "dct:issued", "dct:modified", "dct:accrualPeriodicity", "dct:language",
}  # fmt: skip
OF_A_DISTRIBUTION = {
    "dcat:accessURL", "dcat:downloadURL", "dcat:mediaType", "dct:format", "dct:license", "dcat:byteSize",
    "spdx:checksum", "dct:title",
}  # fmt: skip


@pytest.fixture(params=[ADDRESS, None])
def made(request: pytest.FixtureRequest, figures: Figures) -> dict[str, bytes]:
    return {file.path: file.make() for file in open_data(figures, About("Councils of the test", request.param))}


@pytest.fixture
def catalogue(made: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made["data/catalogue.jsonld"])
    return found


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a document but its context."""
    if isinstance(value, dict):
        yield value
        for key, part in value.items():
            if key != "@context":
                yield from nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from nodes(part)


def test_everything_that_dcat_ap_asks_for_is_told(catalogue: dict[str, Any]) -> None:
    assert catalogue["@type"] == "dcat:Catalog"
    assert catalogue.keys() >= OF_A_CATALOGUE
    assert catalogue["dct:publisher"]["@type"] == "foaf:Agent"
    assert catalogue["dct:publisher"]["foaf:name"]["@value"] == "Councils of the test"
    assert len(catalogue["dcat:dataset"]) > 8
    for dataset in catalogue["dcat:dataset"]:
        assert dataset["@type"] == "dcat:Dataset"
        assert dataset.keys() >= OF_A_DATASET
        for distribution in dataset["dcat:distribution"]:
            assert distribution["@type"] == "dcat:Distribution"
            assert distribution.keys() >= OF_A_DISTRIBUTION


def test_every_name_is_of_a_vocabulary_that_the_context_tells(catalogue: dict[str, Any]) -> None:
    known = {*catalogue["@context"], "https", "http"}
    for node in nodes(catalogue):
        for key, value in node.items():
            if not key.startswith("@"):
                assert key.partition(":")[0] in known
            if key == "@type":
                assert value.partition(":")[0] in known


def test_every_file_that_it_points_to_is_there_as_it_says(made: dict[str, bytes], catalogue: dict[str, Any]) -> None:
    pointed = set()
    for dataset in catalogue["dcat:dataset"]:
        for distribution in dataset["dcat:distribution"]:
            # As a reader of JSON-LD finds the address, from where it found the catalogue.
            url = urljoin(f"{ADDRESS}data/catalogue.jsonld", distribution["dcat:downloadURL"]["@id"])
            path = url.removeprefix(ADDRESS)
            pointed.add(path)
            assert distribution["dcat:byteSize"]["@value"] == str(len(made[path]))
            checksum = distribution["spdx:checksum"]["spdx:checksumValue"]["@value"]
            assert checksum == hashlib.sha256(made[path]).hexdigest()
    # One council's part of a table is in the table.
    tables = {path for path in made if path.endswith((".csv", ".json", ".gz")) and path.count("/") < 3}
    assert pointed == {path for path in tables if not path.endswith("datapackage.json")}


def test_nodes_are_told_apart(catalogue: dict[str, Any]) -> None:
    told = [node["@id"] for node in nodes(catalogue) if "@id" in node and "@type" in node]
    assert len(set(told)) == len(told)


def test_addresses_are_absolute_once_the_site_has_one(figures: Figures) -> None:
    (made,) = (file.make() for file in open_data(figures, About("Councils", ADDRESS)) if file.path.endswith(".jsonld"))
    addresses = [node["@id"] for node in nodes(json.loads(made)) if "@id" in node]
    assert [address for address in addresses if not urlsplit(address).scheme] == []
    assert any(address.startswith(f"{ADDRESS}data/report-missed-bin/") for address in addresses)


def test_places_periods_and_rhythm_are_told(catalogue: dict[str, Any]) -> None:
    wards = next(
        one for one in catalogue["dcat:dataset"] if one["dct:identifier"] == "report-missed-bin/missed-bin-by-ward"
    )
    assert "http://statistics.data.gov.uk/id/statistical-geography/S12000047" in {
        place["@id"] for place in wards["dct:spatial"]
    }
    assert wards["dct:temporal"]["dcat:startDate"] == {"@type": "xsd:date", "@value": "2025-11-03"}
    assert wards["dct:temporal"]["dcat:endDate"] == {"@type": "xsd:date", "@value": "2025-11-30"}
    assert wards["dct:accrualPeriodicity"]["@id"].endswith("/WEEKLY")
    assert wards["dcat:temporalResolution"]["@value"] == "P7D"
