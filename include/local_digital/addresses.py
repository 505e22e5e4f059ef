"""Which addresses secrets may be sent to, which are those of pages, and which are on the internet."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+")
# These are translated to the IPv4 address in their last bits (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Nobody's on the internet, though some version of Python says they are: site-local addresses, those for protocols (a
# cloud's metadata is at one), relays of 6to4, and examples (RFC 3879, 6890, 7526, 9637).
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("fec0::/10", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))


def is_safe_address(url: str) -> bool:
    """Say whether a base URL is https, or http on this machine, without user name, query or fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - reading it raises for one that is no number
    except ValueError:
        return False
    if not host or not _PRINTABLE.fullmatch(url) or "@" in parts.netloc or "?" in url or "#" in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def is_page(url: str) -> bool:
    """Say whether a URL is one of a public page: http or https, without user name or fragment."""
    return origin(url) is not None and _PRINTABLE.fullmatch(url) is not None and "#" not in url


def origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of a URL; None for one without them, or with a user name in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the internet: not of this machine, a private network or the link."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        low = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or low or found
    inside = found.is_multicast or found.is_reserved or any(found in network for network in _NOT_PUBLIC)
    return found.is_global and not inside


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
