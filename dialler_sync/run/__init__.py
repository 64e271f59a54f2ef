"""Composes the stages into one run, from the first row read to the last report written.

::

    begin ── a run begins, or goes on; lifecycle ── what every run has in common, until its end is told
    rows ── runs of rows: prepare → plan → send → reports
    sending ── from here or by a cluster; resumption, keyless: only what an earlier run has left
    changes ── runs of contacts: lock, unlock, delete, undo
    session ── the client that a run shares, until Ctrl-C
    reports ── the counts that must add up, and the files; saved_cells: the rows once more
"""
