"""Imported once by the process that the commands are forked from."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # no threads in a process that forks

import gc
import importlib
import pkgutil

import hypothesis.extra.pandas  # noqa: F401
import openpyxl  # noqa: F401
import pandas as pd
import pandera.pandas as pa
import pytest  # noqa: F401
import rich.progress  # noqa: F401
import xlsxwriter  # noqa: F401

import dialler_sync
import tests.helpers.commands  # noqa: F401

# Commands import the rest when they run. A process that starts at once has it all.
pa.DataFrameSchema({}).validate(pd.DataFrame())
for module in pkgutil.walk_packages(dialler_sync.__path__, "dialler_sync."):
    if "cluster" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
gc.freeze()  # the collector of a fork leaves the pages alone that it shares
