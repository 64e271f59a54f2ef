"""Compare files with the dialler, changing neither.

::

    run ── one reconciliation, from the first row to the last report
    source_of_truth ── reads the dialler's side: one list, or lookups
    sides ── joins both sides on disk
    compare ── the class of each contact and each row; pure
    calls ── counts the contacts' calls
    moves ── changes since an earlier reconciliation
    summary ── the counts
"""
