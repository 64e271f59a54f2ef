"""Composes the stages into one run, from the first row read to the last report written.

::

    execution ── of rows: prepare → plan → send → reports
    sending ── from here or by a cluster; resumption: only what an earlier run has left
    bulk ── of contacts: locks, unlocks, deletes, puts back
    session ── the client that a run shares, until Ctrl-C; interrupt
    summary ── the counts that must add up, and the reports; saved_cells: the rows once more
"""
