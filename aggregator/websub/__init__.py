"""WebSub both ways (W3C Recommendation, 23 January 2018): a hub for our readers, and a subscriber to our sources.

Decisions, pure:

    requests.py       what a request to our hub means, and whether there is room for it
    verification.py   asking a callback whether it meant it
    delivery.py       what is sent to whom, when it is tried again, and when not any more
    signatures.py     X-Hub-Signature, both ways
    announcements.py  which hub a feed announces
    leases.py         our own subscriptions: what to ask of which hub, and what we confirm
    rates.py          how often something may happen

and what carries them out:

    hub.py            takes requests, asks callbacks back, delivers, pings the public hubs
    subscriber.py     subscribes at the hubs of sources, answers them, takes what they bring
    crowd.py          so many at once, and so many of one host
"""

from aggregator.websub.hub import Hub
from aggregator.websub.subscriber import Subscriber

__all__ = ["Hub", "Subscriber"]
