"""The editor's desk: who may come to it, what it shows, what is done there and undone.

``sessions`` and ``passwords`` are the door, ``copies`` and ``pages`` what is seen, ``acts`` and ``editions`` what is
done, each in one transaction and into one log.  Over HTTP it is ``web/desk.py`` and ``web/door.py``.
"""
