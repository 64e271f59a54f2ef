"""Actions → dialler, each exactly once, every step in the journal before and after it is done.

::

    loader ── sends rows concurrently; the first try of each
    retrier ── a row whose first try failed: send it again, look it up, or give up
    attempt ── the states of such a row, and how often it may be sent again
    evidence ── what the dialler's contacts tell of a row that may have been sent
    moves ── whether a row took its contact from another campaign, or left it there; how contacts are looked up
    kept ── whether the dialler keeps fields that an overwrite leaves out
    outcomes ── what that means for the journal and for those who watch
    change, undo ── the same for locks and deletions, and for putting back what a run did
    making_again ── contacts that the undone run has deleted
    put_back ── the outcomes of an undo
    recorder ── brings intents and outcomes to the journal, few transactions for many rows
"""
