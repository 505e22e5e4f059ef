"""Reads council and transaction files; every fault names file, key, expected and found. Light imports only."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import stat
from collections.abc import Hashable, Iterator, Set
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from local_digital.authorities import authorities, called, resolve
from local_digital.config.alerts import Alerts, Channel
from local_digital.config.models import UNKNOWN_GSS_CODE, Council, Feed, Tier, Transaction
from local_digital.config.wording import document_fault, faults_of, listed, shown
from local_digital.errors import ConfigurationError
from local_digital.fields import ALWAYS_REQUIRED, DELIVERY_FIELDS, UNMAPPED

_State = frozenset[tuple[str, int, int, int]]
_Model = TypeVar("_Model", bound=BaseModel)
# What a file says plainly of the two; each begins with a plain text, which is found quickly.
_GSS_CODE = re.compile(r"""gss_code["']?\s*:\s*["']?([EWSN]\d{8})""")
_DATA_GROUP = re.compile(r"""data_group["']?\s*:\s*["']?([a-z0-9-]+)""")

# The longest file of the thirteen councils has 7,000 bytes, seven levels and some hundred facts.
_LARGEST_FILE = 2**20
_DEEPEST = 30
_MOST_FACTS = 100_000
# How many faults of a file are looked at; a message tells the first of them.
_MOST_FAULTS = 10

_TAGS: dict[type[yaml.Node], str] = {
    yaml.ScalarNode: yaml.CBaseLoader.DEFAULT_SCALAR_TAG,
    yaml.SequenceNode: yaml.CBaseLoader.DEFAULT_SEQUENCE_TAG,
    yaml.MappingNode: yaml.CBaseLoader.DEFAULT_MAPPING_TAG,
}


class _TextLoader(yaml.CBaseLoader):
    """Every scalar stays text, so `no`, `NULL` and `007` mean what they say, and no tag makes anything of it. A key
    given twice is an error. Levels and facts are counted as they are read: the parser is C, and so is its stack.
    """

    _deep = 0
    _nodes = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - the parent's signature
        self._deep += 1
        self._nodes += 1
        if self._deep > _DEEPEST or self._nodes > _MOST_FACTS:
            raise _boundless()

    def ascend_resolver(self) -> None:
        self._deep -= 1

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 - the parent's signature
        # As the parent, which looks for rules first that there are none of; it is asked once for every word.
        return _TAGS[kind]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002 - the parent's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a list or mapping as a key", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{shown(key.value)}` stands here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=True)


def load_transactions(config: Path) -> tuple[dict[str, Transaction], list[ConfigurationError]]:
    """Read `config/transactions/*.yaml`: the valid contracts by slug, and one error for each broken file.

    They are read again only when a file is another one since.
    """
    contracts, errors = _transactions(config, _state(config / "transactions"))
    return dict(contracts), list(errors)


@functools.lru_cache(maxsize=4)
def _transactions(config: Path, _: _State) -> tuple[dict[str, Transaction], list[ConfigurationError]]:
    contracts: dict[str, Transaction] = {}
    errors: list[ConfigurationError] = []
    for path in _files(config / "transactions"):
        try:
            contract = _read(path, Transaction)
            _named_like_its_file(path, "transaction", contract.transaction)
            contracts[contract.transaction] = contract
        except ConfigurationError as error:
            errors.append(error)
    return contracts, errors


def load_councils(config: Path) -> tuple[dict[str, Council], list[ConfigurationError]]:
    """Read `config/councils/*.yaml` against the contracts: the valid councils by slug, and the errors.

    A broken council, or one whose contract is broken, is left out and has an error; the others are not touched.
    """
    contracts, errors = load_transactions(config)
    councils: dict[str, Council] = {}
    taken = _Taken()
    for path in _files(config / "councils"):
        try:
            council = _read_council(path, contracts)
            taken.add(path, council)
            councils[council.council] = council
        except ConfigurationError as error:
            errors.append(error)
    return councils, errors


def load_council(config: Path, slug: str) -> Council:
    """Read one council; raise ConfigurationError when it is unknown or broken.

    Says the same of it as `load_councils`, and reads of the other files only those that might be in its way: every task
    asks, and the files of hundreds of councils take seconds. It asks twice, for its DAG and for its work, and they are
    read again only when a file is another one since.
    """
    return _council(config, slug, _state(config / "transactions"), _state(config / "councils"))


@functools.lru_cache(maxsize=4)
def _council(config: Path, slug: str, *_: _State) -> Council:
    path = config / "councils" / f"{slug}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in _files(config / "councils"))) or "none"
        raise ConfigurationError(
            f"council {slug}",
            expected=f"a file {path}",
            found=f"the councils {known}",
            action="Check the spelling, or add the council (docs/adding-a-council.md).",
        )
    council = _read_council(path, load_transactions(config)[0])
    taken = _Taken()
    stored = set(council.stored_data_sets)
    for other in _files(config / "councils"):
        # Of two that clash, the first one stands.
        if other < path and _may_clash(other, council, stored):
            with contextlib.suppress(ConfigurationError):
                taken.add(other, load_council(config, other.stem))
    taken.add(path, council)
    return council


def load_alerts(path: Path | None) -> tuple[Channel, ...]:
    """Read the installation's channels; without a file there are none. Raises ConfigurationError when it is broken."""
    if path is None:
        return ()
    if not path.is_file():
        raise ConfigurationError(
            str(path), expected="a file with `alerts`", found="no such file", action="Mend LOCAL_DIGITAL_ALERTS."
        )
    return _read(path, Alerts).alerts


def council_files(config: Path) -> list[str]:
    """Return the slugs of all councils that have a file, broken or not."""
    return [path.stem for path in _files(config / "councils")]


def checks_left(config: Path) -> dict[str, int]:
    """Count the doubts that `local-digital profile` marked and nobody has settled, by council; none is left out."""
    left = {}
    for path in _files(config / "councils"):
        with contextlib.suppress(ConfigurationError):  # told where the file is read
            left[path.stem] = _bytes(path).count(b"CHECK:")
    return {slug: count for slug, count in left.items() if count}


def _read_council(path: Path, contracts: dict[str, Transaction]) -> Council:
    council = _read(path, Council)
    _named_like_its_file(path, "council", council.council)
    _is_an_authority(path, council)
    _names_known_transactions(path, council, contracts)
    _keeps_the_contracts(path, council, contracts)
    return council


def _state(folder: Path) -> _State:
    """Return what tells one state of a folder's files from the next."""
    state: set[tuple[str, int, int, int]] = set()
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            try:
                fact = entry.stat()
            except OSError:  # a link that leads nowhere is a state too
                state.add((entry.name, 0, 0, 0))
            else:
                state.add((entry.name, fact.st_mtime_ns, fact.st_size, fact.st_ino))
    return frozenset(state)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _bytes(path: Path) -> bytes:
    """Return what is in a file, never more than the most that one may hold; raise ConfigurationError."""

    def wrong(expected: str, found: str) -> ConfigurationError:
        return ConfigurationError(str(path), expected=expected, found=found, action="Mend the file.")

    try:
        # A pipe would keep us waiting for whoever writes to it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise wrong("a file", "a folder, or something else that is none")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise wrong("a file that can be read", os.strerror(error.errno or 0)) from None
    if len(content) > _LARGEST_FILE:
        raise wrong(f"at most {_LARGEST_FILE:,} bytes", "more")
    return content


def _facts(path: Path) -> object:
    """Return what a file says: mappings, lists and texts. Raises ConfigurationError."""
    content = _bytes(path)
    try:
        facts = yaml.load(content.decode("utf-8-sig"), Loader=_TextLoader)  # noqa: S506 - builds text only
        # What an alias repeats is there once, and is gone through once for each time that it is repeated.
        if any(number == _MOST_FACTS for number, _ in enumerate(_all_in(facts))):
            raise _boundless()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        found, action = document_fault(error, content)
        raise ConfigurationError(str(path), expected="YAML in UTF-8", found=found, action=action) from None
    return facts


def _all_in(facts: object) -> Iterator[object]:
    ahead = [facts]
    while ahead:
        fact = ahead.pop()
        yield fact
        if isinstance(fact, dict):
            ahead += fact.values()
        elif isinstance(fact, list):
            ahead += fact


def _boundless() -> yaml.YAMLError:
    return yaml.YAMLError(f"more than {_DEEPEST} levels or {_MOST_FACTS:,} facts, repeated ones counted each time")


def _read(path: Path, model: type[_Model]) -> _Model:
    facts = _facts(path)
    try:
        return model.model_validate(facts)
    except ValidationError as error:
        faults = list(faults_of(itertools.islice(error.errors(include_url=False), _MOST_FAULTS), model))
        first = faults[0]
        more = "".join(f" Also: {key}: expected {want}; found {got}." for key, want, got in faults[1:6])
        raise ConfigurationError(
            f"{path}: {first[0]}",
            expected=first[1],
            found=first[2],
            action=f"Mend the file; `local-digital check` reads it again.{more}",
        ) from None


def _named_like_its_file(path: Path, key: str, slug: str) -> None:
    if path.stem != slug:
        raise ConfigurationError(
            f"{path}: {key}",
            expected=f"`{path.stem}`, as the file is called",
            found=f"`{slug}`",
            action="Rename the file or mend the key.",
        )


def _is_an_authority(path: Path, council: Council) -> None:
    def wrong(key: str, expected: str, found: str) -> ConfigurationError:
        return ConfigurationError(f"{path}: {key}", expected=expected, found=found, action="Mend the file.")

    authority = resolve(council.gss_code)
    if council.gss_code == UNKNOWN_GSS_CODE:
        # Marked with a CHECK, which the council's own tests do not let pass.
        return
    if council.tier is Tier.TRANSPORT_EXECUTIVE:
        known = {one.slug for one in authorities()}
        unknown = sorted(set(council.covers) - known)
        if unknown:
            raise wrong("covers", "slugs of authorities in the reference table", listed(unknown))
    elif authority is None:
        raise wrong(
            "gss_code",
            "the code, present or former, of an authority that exists or has one successor",
            f"`{council.gss_code}`",
        )
    elif (meant := called(council.council)) and meant != authority:
        raise wrong(
            "gss_code",
            f"`{meant.gss_code}`, as {meant.name} has it, whose name in the reference table the file bears",
            f"`{council.gss_code}`, which is {authority.name}'s",
        )
    elif authority.tier != council.tier:
        raise wrong("tier", f"`{authority.tier}`, as {authority.name} has it", f"`{council.tier}`")
    members = {member for group in council.compare_with.values() for member in group}
    strangers = members - {one.slug for one in authorities()} if members else set()
    # The list of files is long, and hardly anybody needs it.
    strangers -= {file.stem for file in _files(path.parent)} if strangers else set()
    if strangers:
        expected = "slugs of councils or of authorities in the reference table"
        raise wrong("compare_with", expected, listed(sorted(strangers)))


def _names_known_transactions(path: Path, council: Council, contracts: dict[str, Transaction]) -> None:
    unknown = sorted(council.elsewhere.keys() - contracts.keys())
    if unknown:
        raise ConfigurationError(
            f"{path}: elsewhere", expected=f"transactions that have a contract ({', '.join(contracts)})",
            found=listed(unknown), action="Mend the file.",
        )  # fmt: skip


class _Taken:
    """Which authorities and which data sets on the platform have a council's file already."""

    def __init__(self) -> None:
        self._authorities: dict[str, str] = {}
        self._data_sets: dict[str, str] = {}

    def add(self, path: Path, council: Council) -> None:
        """Take what is the council's; raise ConfigurationError where another file has it."""
        own = resolve(council.gss_code)
        if own and own.slug in self._authorities:
            raise ConfigurationError(
                f"{path}: gss_code", expected="one file for each authority",
                found=f"{own.name} in {self._authorities[own.slug]}.yaml too", action="Mend one of the files.",
            )  # fmt: skip
        stored = council.stored_data_sets
        both = min((name for name in stored if name in self._data_sets), default=None)
        if both:
            raise ConfigurationError(
                f"{path}: platform.data_group", expected="data sets of its own",
                found=f"{both}, which {self._data_sets[both]}.yaml writes too", action="Mend one of the files.",
            )  # fmt: skip
        if own:
            self._authorities[own.slug] = council.council
        self._data_sets |= dict.fromkeys(stored, council.council)


def _may_clash(path: Path, council: Council, stored: Set[str]) -> bool:
    """Say whether a file, by its mere text, might be of the same authority or write into a data set of `stored`."""
    try:
        text = _bytes(path).decode(errors="replace")
    except ConfigurationError:
        return False
    codes, groups = _GSS_CODE.findall(text), _DATA_GROUP.findall(text)
    if (len(codes), len(groups)) != (text.count("gss_code"), text.count("data_group")):
        # It says it in another way, or talks of it.
        return True
    own = resolve(council.gss_code)
    begins = tuple(f"{group}_".replace("-", "_") for group in groups)
    return (own is not None and own in map(resolve, codes)) or any(name.startswith(begins) for name in stored)


def _keeps_the_contracts(path: Path, council: Council, contracts: dict[str, Transaction]) -> None:
    def wrong(key: str, expected: str, found: str) -> ConfigurationError:
        return ConfigurationError(f"{path}: {key}", expected=expected, found=found, action="Mend the file.")

    for slug, feed in council.feeds.items():
        at = f"feeds.{slug}"
        contract = contracts.get(slug)
        if contract is None:
            known = f"a transaction that has a contract ({', '.join(contracts) or 'none can be read'})"
            raise wrong(at, known, f"no transactions/{shown(slug)}.yaml that can be read")
        reason = contract.not_provided_by(council)
        if reason:
            tiers = ", ".join(contract.provided_by)
            raise wrong(at, f"a council that provides this ({tiers})", f"`{council.tier}`: {reason}")
        for name, column in feed.columns.items():
            if name in DELIVERY_FIELDS:
                continue
            field = contract.fields.get(name)
            if field is None:
                raise wrong(f"{at}.columns.{name}", "a field of the contract", "one it does not have")
            given = {*column.words.values(), *(fixed for fixed in (column.value, column.when_blank) if fixed)}
            unknown = sorted(given - set(field.values)) if field.values else []
            if unknown:
                raise wrong(f"{at}.columns.{name}.map", f"values among {', '.join(field.values)}", listed(unknown))
        for name in contract.fields:
            if contract.fields[name].required and name not in {*feed.columns, *ALWAYS_REQUIRED}:
                raise wrong(f"{at}.columns", f"a mapping for the required field `{name}`", "none")
        unknown = sorted({cost.channel for cost in feed.unit_costs} - set(contract.fields["channel"].values))
        if unknown:
            raise wrong(f"{at}.unit_costs", "channels of the contract", listed(unknown))
        streams = list(contract.fields["stream"].values) if "stream" in contract.fields else []
        unknown = sorted({collected.stream for collected in feed.collections} - set(streams))
        if unknown:
            raise wrong(f"{at}.collections", f"bin types of the contract ({', '.join(streams)})", listed(unknown))
        for data_set in feed.publish:
            _publishes_what_the_contract_offers(wrong, at, contract, feed, data_set)


def _publishes_what_the_contract_offers(wrong: Any, at: str, contract: Transaction, feed: Feed, data_set: str) -> None:
    key, labels = f"{at}.publish.{data_set}", set(feed.publish[data_set].labels)
    if data_set not in contract.data_sets:
        raise wrong(key, f"a data set of the contract ({', '.join(contract.data_sets)})", f"`{data_set}`")
    if contract.data_sets[data_set].availability and feed.page is None:
        raise wrong(f"{at}.page", f"the address of the council's page, which `{data_set}` is about", "none")
    # Costs are told for each channel too.
    costs = contract.data_sets[data_set].kpi == "cost-per-transaction"
    breakdown = "channel" if costs else contract.data_sets[data_set].breakdown
    if labels and (contract.data_sets[data_set].across or not breakdown):
        raise wrong(f"{key}.labels", "labels on data sets by one breakdown only", "some here")
    by = (contract.data_sets[data_set].breakdown, contract.data_sets[data_set].across)
    unsaid = [name for name in by if name and name not in {*feed.columns, "channel"}]
    if unsaid:
        raise wrong(key, f"a column for `{unsaid[0]}`, by which it counts", "none: add the column, or take this out")
    values = set(contract.fields[breakdown].values) if breakdown else set()
    if not labels or not values:
        return
    missing = sorted({UNMAPPED} - labels)
    unknown = sorted(labels - values - {UNMAPPED})
    if unknown or missing:
        raise wrong(
            f"{key}.labels",
            f"the contract's values and `{UNMAPPED}`",
            f"unknown: {listed(unknown) or 'none'}; missing: {listed(missing) or 'none'}",
        )
