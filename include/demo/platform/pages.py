"""The two HTML pages: the first page, and the one for a body that is too large."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape

from demo.platform.data_sets import DataSet

_STYLE = """
body { font: 1.0625rem/1.5 system-ui, sans-serif; color: #0b0c0c; background: #fff; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem }
.notice { border-left: .5rem solid #1d70b8; padding: .5rem 1rem; background: #f3f2f1 }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; padding: .5rem 0 }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid #b1b4b6 }
.number { text-align: right; font-variant-numeric: tabular-nums }
a { color: #1d70b8 }
"""


def first_page(data_sets: Sequence[DataSet], summary: Mapping[str, tuple[int, dt.datetime]]) -> str:
    """Return the page that says what this is and lists the data sets, with the number and newest of their records.

    summary: by stored name; a data set that is not in it is empty.
    """
    rows = "\n".join(_row(each, summary.get(each.name)) for each in data_sets)
    return _page(
        "Performance platform stand-in",
        f"""<p class="notice">This is a stand-in for development and demonstration.
It is not the performance platform, and nothing here is official.</p>
<p>It speaks the write and read API of the platform&rsquo;s data store: records are posted with a bearer token to
<code>/data/&lt;data group&gt;/&lt;data type&gt;</code> and read back, raw or grouped, from the same address.
All times are UTC.</p>
<table>
<caption>Data sets</caption>
<thead><tr><th scope="col">Data set</th><th scope="col" class="number">Records</th>
<th scope="col">Newest record</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>""",
    )


def too_large_page() -> str:
    """Return the page that goes with status 413."""
    return _page("413 Request Entity Too Large", "<p>The data sent, once unpacked, is more than 10 MiB.</p>")


def _row(data_set: DataSet, summary: tuple[int, dt.datetime] | None) -> str:
    count, newest = summary or (0, None)
    stamp = newest.isoformat() if newest else ""
    shown = f'<time datetime="{stamp}">{stamp}</time>' if newest else "none yet"
    path = escape(data_set.path)
    return f'<tr><td><a href="{path}">{path}</a></td><td class="number">{count:,}</td><td>{shown}</td></tr>'


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{content}
</body>
</html>
"""
