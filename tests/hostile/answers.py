"""Answers of servers that are broken, or want to break us, as Hypothesis makes them up."""

from __future__ import annotations

import gzip
import json
import zlib

from hypothesis import strategies as st

# Stand for what a server says of people: no message and no log may hold it.
PERSON = "Mrs Miggins of 12 Rose Cottage"

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [PERSON, "", "0", "\0", "\ud800", "next", "ok", "9" * 5000, 10**400, -(10**400), 1e400, "\u202efdp.exe"]
    )
    | st.text(max_size=10)
)
KEYS = [
    "items",
    "meta",
    "next",
    "data",
    "status",
    "messages",
    "_id",
    "_timestamp",
    "service_request_id",
    "error",
    PERSON,
]
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
DEEP = (b"[" * 100_000 + b"]" * 100_000, b'{"items":' * 100_000 + b"1" + b"}" * 100_000, b"<a>" * 100_000)
LONG_NUMBER = b'{"items": [{"id": 1' + b"0" * 1_000_000 + b"}]}"
ODD_BODIES = (
    *DEEP,
    LONG_NUMBER,
    b"",
    b" ",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf{}",
    b"\xff",
    b"NaN",
    b"[NaN]",
    b'{"data": [{"x": NaN}]}',
    b'{"items": [], "items": [{"id": 1}]}',
    b'{"data": [{"_id": "a\\u0000"}]}',
    b'{"data": [{"x": 1e999}]}',
    b"\0" * 1000,
    b"<html>",
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '{"items": []}'.encode("utf-16"),
    b'{"items": [{"id": 1}',
    b"PK\3\4",
)
bodies = st.sampled_from(ODD_BODIES) | st.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())

STATUSES = [
    "200 OK",
    "200",
    "201 Created",
    "204 No Content",
    "206 Partial",
    "301 x",
    "302 x",
    "304 x",
    "308 x",
    "400 x",
    "401 x",
    "403 x",
    "404 x",
    "429 x",
    "500 x",
    "503 x",
    "999 x",
    "100 Continue",
    "099 x",
    "2000 OK",
    "-1 x",
    "x y",
]
BOMB = gzip.compress(b" " * 20_000_000)


def links(elsewhere: str) -> st.SearchStrategy[str]:
    """Where an answer may point to. elsewhere: the URL of another server, which nobody may be sent to."""
    host = elsewhere.removeprefix("http://")
    return st.sampled_from(
        [
            elsewhere,
            f"//{host}/x",
            f"http://127.0.0.1@{host}/",
            f"http:\\\\{host}",
            f"http:{host}",
            f"\t{elsewhere}",
            f"http://{host}#@127.0.0.1",
            f"http://localhost:{host.rpartition(':')[2]}/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/x",
            "gopher://127.0.0.1/",
            "javascript:1",
            "http://169.254.169.254/latest/",
            "http://[::1]/",
            "http://[",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:x/",
            "/",
            "/loop",
            "",
            "?",
            "#",
            "..",
            "\r\nX: y",
            "/" + "a" * 100_000,
            "http://\u2100.example/",
            "/\u2028",
        ]
    )


def answers(elsewhere: str) -> st.SearchStrategy[bytes]:
    """The bytes of one answer, head and body."""
    header = st.one_of(
        links(elsewhere).map(lambda link: ("Location", link)),
        links(elsewhere).map(lambda link: ("Link", f'<{link}>; rel="next"')),
        st.sampled_from(
            [
                ("Retry-After", "31536000"),
                ("Retry-After", "-1"),
                ("Retry-After", PERSON),
                ("Retry-After", "9" * 500),
                ("Retry-After", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"),
                ("Retry-After", "Fri, 31 Dec 2999 23:59:59 +9999"),
                ("Content-Encoding", "gzip"),
                ("Content-Encoding", "deflate"),
                ("Content-Encoding", "gzip, gzip, gzip"),
                ("Content-Encoding", "br"),
                ("Content-Encoding", ", ".join(["gzip"] * 100)),
                ("Content-Length", "5"),
                ("Content-Length", "-1"),
                ("Content-Length", "x"),
                ("Content-Length", "99999999999999999999"),
                ("Transfer-Encoding", "chunked"),
                ("Transfer-Encoding", "identity, chunked"),
                ("Content-Type", "text/html; charset=no-such-thing"),
                ("Link", "<<>>;;rel=next,,<"),
                ("Link", "<" * 1000),
                ("Set-Cookie", f"a={PERSON}; Max-Age=99999999999999999999"),
                ("Set-Cookie", "a=b; expires=Fri, 31 Dec 99999 23:59:59 GMT"),
                ("X", "y" * 70_000),
                (" folded", "x"),
                ("", "nothing"),
                ("X\0", "\0"),
            ]
        ),
    )

    def written(status: str, headers: list[tuple[str, str]], flood: int, body: bytes, packed: str) -> bytes:
        body = {
            "gzip": gzip.compress(body),
            "cut": gzip.compress(body)[:-5],
            "zlib": zlib.compress(body),
            "bomb": BOMB,
        }.get(packed, body)
        if packed in {"gzip", "cut", "bomb"}:
            headers = [*headers, ("Content-Encoding", "gzip")]
        if packed == "chunked":
            headers = [*headers, ("Transfer-Encoding", "chunked")]
            body = b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"e" * 100, body)
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), *[f"X-{flood}: y"] * flood]
        if not any(name in {"Content-Length", "Transfer-Encoding"} for name, _ in headers):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body

    proper = st.builds(
        written,
        st.sampled_from(STATUSES) | st.just("200 OK"),
        st.lists(header, max_size=3),
        st.sampled_from([0, 0, 0, 90, 200]),
        bodies,
        st.sampled_from(["", "", "gzip", "cut", "zlib", "bomb", "chunked"]),
    )
    return (
        proper
        | st.binary(max_size=60)
        | st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/9.9 200 OK\r\n\r\n{}"])
    )
