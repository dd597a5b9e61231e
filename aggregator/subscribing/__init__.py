"""People subscribe to a digest themselves, choose, pause, move and leave.

    addresses.py   what is a mail address, one mailbox, one network                pure
    forms.py       what somebody filled in, and what is wrong with it              pure
    words.py       what they agree to                                              pure
    letters.py     the mails                                                       pure
    pages.py       the pages                                                       pure
    lists.py       lists of addresses from elsewhere (CSV)                         pure
    desk.py        what is done about it, in the writer's turn

Nobody is subscribed who has not pressed a button behind a link that only their mailbox has.  Nothing is sent from here:
a mail is a row that ``post`` takes.  What a stranger is told never depends on who is subscribed.
"""
