"""What differs between files and dialler, found without changing either.

::

    files ── the jobs: compare, and plan the import that mends what differs
    run ── one reconciliation; source_of_truth: how the dialler's side is read; sides: both, joined on disk
    compare ── the class of each contact and each row; pure
    calls ── what came of the contacts; moves: what is different from last time
    summary ── the numbers
"""
