"""The one outbound HTTP client: nothing in Allotment reaches another machine except through here.

Invariant: a socket is opened only to an address that was checked after DNS resolution (DESIGN §2, promise 5).
Refuses: redirects of a POST, private addresses unless an administrator allowed them for this connection, and
answers without end. Never logs a body or a header.
"""

from allotment.kernel.outbound.addresses import AddressRefused, Reach
from allotment.kernel.outbound.client import Outbound, Patience
from allotment.kernel.outbound.failures import Hung, Rejected, Unreadable, decoded, from_status, unreadable

__all__ = [
    "AddressRefused",
    "Hung",
    "Outbound",
    "Patience",
    "Reach",
    "Rejected",
    "Unreadable",
    "decoded",
    "from_status",
    "unreadable",
]
