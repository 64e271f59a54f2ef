"""Send the rows of one run from the workers of a Dask cluster.

::

    run ── prepares, plans, reports; only this process writes the journal
        │
    coordinator ── splits the rows by the hash of their UserData, finds each partition a sender, and replaces a sender
        │          whose worker is lost
    conversation ── gives rows to a sender, and passes outcomes to the writer
        │  messages: Order →, ← Report
    sender ── runs on a worker: the load stage of every run (load.Loader), with the coordinator as its journal

Only ``engine``, ``workers``, ``local`` and ``certificates`` know Dask. A sender stops when its lease runs out without
word from the coordinator: a lost sender is idle before its rows are given to another.
"""
