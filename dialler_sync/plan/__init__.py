"""Decides what happens with every row, before anything is sent.

::

    survey ── fills a snapshot with the dialler's contacts that the run needs, and checks that they tell what decides;
    fill ── reads them
    suppress ── do-not-call lists
    called ── the calls and the result of a contact, from its record; pure
    keep ── fields of a contact that an import leaves as they are; pure
    decide ── one row × its contact in the dialler → an action; pure
    planner ── decides every row; extra ── changes contacts without a row
    file ── a plan as a file: shown, kept, and carried out exactly or not at all
"""
