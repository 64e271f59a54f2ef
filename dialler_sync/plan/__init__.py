"""Decides what happens with every row, before anything is sent.

::

    survey ── reads what the dialler has, into a snapshot on disk
    suppress ── who must not be called
    answers ── whether the dialler's records tell of what decides
    called ── what a record says of the calls to its contact; pure
    keep ── fields of a contact that stay as they are; pure
    decide ── one contact × what the dialler has → an action; pure
    planner ── decides for all rows, and for contacts that the file no longer has
    file ── a plan that is shown, kept, and carried out exactly or not at all
"""
