"""The rows of one run, sent by the workers of a Dask cluster.

::

    execution ── prepares, plans, reports; the only one that writes the journal
        │
    coordinator ── splits the rows by the hash of their UserData, finds each partition a sender, and replaces a sender
        │          whose worker is lost
    conversation ── gives rows to a sender, and has a writer write down what comes back
        │  messages: Order →, ← Report
    sender ── runs on a worker: the load stage of every run (load.Loader), whose journal is the coordinator

``engine`` is all that knows Dask. A sender works as long as it hears from the coordinator, and no longer than its
lease: what was lost from sight has come to rest when its rows are given to another.
"""
