"""A robots.txt is read as RFC 9309 says."""

from __future__ import annotations

import tracemalloc
from itertools import islice, product
from string import ascii_lowercase

import pytest

from local_digital.robots import Robots

HOST = "https://www.otherham.gov.uk"


def let_in(rules: str, path: str) -> bool:
    return Robots.read(rules, "LocalDigital").allows(HOST + path)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/bins", True),
        ("<html>no such page</html>", "/bins", True),
        ("User-agent: *\nDisallow:", "/bins", True),
        ("User-agent: *\nDisallow: /", "/bins", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /bin", "/bins", False),
        ("User-agent: *\nDisallow: /bins/", "/bins", True),
        ("User-agent: *\nDisallow: /Bins", "/bins", True),
        ("user-AGENT : * # all\rDISALLOW:/bins # not these", "/bins", False),
        ("\ufeffUser-agent: *\r\n\r\nDisallow: /bins", "/bins", False),
    ],
)
def test_a_group_for_everybody_counts(rules: str, path: str, allowed: bool) -> None:
    assert let_in(rules, path) is allowed


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: *\nDisallow: /\nUser-agent: localdigital\nAllow: /", True),
        ("User-agent: *\nDisallow: /\nUser-agent: localdigital/0.1\nDisallow:", True),
        ("User-agent: *\nDisallow: /\nUser-agent: localdigital", True),
        ("User-agent: LOCALDIGITAL\nUser-agent: Other\nDisallow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: local\nDisallow: /", True),
        ("User-agent: LocalDigital2\nDisallow: /", True),
        ("User-agent: LocalDigital-Other\nDisallow: /", True),
        ("User-agent: LocalDigital (all of it)\nDisallow: /", False),
        ("User-agent: *bot\nDisallow: /", True),
        ("User-agent:\nDisallow: /", True),
        ("User-agent: localdigital\nAllow: /x\nUser-agent: b\nAllow: /\nUser-agent: localdigital\nDisallow: /", False),
        ("User-agent: a\nSitemap: /x\nUser-agent: localdigital\nDisallow: /", False),
        ("Disallow: /", True),
    ],
)
def test_groups_for_our_own_name_count_before_the_one_for_everybody(rules: str, allowed: bool) -> None:
    assert let_in(rules, "/bins") is allowed


@pytest.mark.parametrize(
    ("lines", "path", "allowed"),
    [
        ("Disallow: /\nAllow: /bins", "/bins/report", True),
        ("Allow: /\nDisallow: /bins", "/bins/report", False),
        ("Disallow: /bins\nAllow: /bins", "/bins", True),
        ("Disallow: /*?", "/bins?id=1", False),
        ("Disallow: /*?", "/bins", True),
        ("Disallow: /*.php$", "/bins.php", False),
        ("Disallow: /*.php$", "/bins.php?id=1", True),
        ("Disallow: /bins$", "/bins", False),
        ("Disallow: /bins$", "/bins/", True),
        ("Disallow: /a*b*c", "/a1b2c3", False),
        ("Disallow: /a*b*c$", "/a1b2c3", True),
        ("Disallow: /a*b*c", "/a1c3", True),
        ("Disallow: /caf%C3%A9", "/café", False),
        ("Disallow: /café", "/caf%c3%a9", False),
        ("Disallow: /%62ins", "/bins", False),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("Disallow: /a%2fb", "/a%2Fb", False),
        ("Disallow: /a%2A", "/a*", False),
        ("Disallow: /a%2a", "/a%2A", False),
        ("Disallow: /a%2A", "/abc", True),
        ("Disallow: /a*c", "/a%2Ac", False),
        ("Disallow: /a%24", "/a$", False),
        ("Disallow: /a%24", "/a%24b", False),
        ("Disallow: /a%24", "/a", True),
        ("Disallow: /a$b", "/a%24b", False),
        ("Disallow: /a|b", "/a%7cb", False),
        ("Disallow: /100%-free", "/100%25-free", False),
    ],
)
def test_the_rule_with_the_longest_path_that_fits_counts(lines: str, path: str, allowed: bool) -> None:
    assert let_in(f"User-agent: *\n{lines}", path) is allowed


def test_a_pattern_made_to_be_tried_in_all_ways_is_no_more_work_than_others() -> None:
    assert let_in("User-agent: *\nDisallow: /" + "*a" * 10_000 + "b$", "/" + "a" * 20_000)


def test_many_agents_in_one_group_ask_for_no_more_memory_than_their_lines() -> None:
    names = ("".join(letters) for letters in islice(product(ascii_lowercase, repeat=3), 2_000))
    rules = "\n".join(f"User-agent: {name}" for name in names) + "\nDisallow: /"
    tracemalloc.start()
    try:
        assert let_in(rules, "/bins")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20 * len(rules)
