"""Where a form came from: what is kept of it, and what it is counted by."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_KEPT_BITS = {4: 24, 6: 48}
# From there a proxy passes on what somebody else asked: whoever it was, we were not told.
_NEARBY = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def network_of(peer: str) -> str:
    """The network of an address, without the part that names a household; empty if not known."""
    address = _read(peer)
    if address is None or any(address in network for network in _NEARBY):
        return ""
    return str(ip_network((address, _KEPT_BITS[address.version]), strict=False))


def kept_of(peer: str, how: str) -> str:
    """What a receipt says of where a form came from; `how` is [joining] network."""
    if how == "none":
        return "not kept, as [joining] network says"
    network = network_of(peer)
    if not network:
        return "not known: the form came through a proxy, or from nearby"
    return str(_read(peer)) if how == "full" else network


def _read(peer: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(peer)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
