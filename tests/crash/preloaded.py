"""Imported once by the process that the commands are forked from."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # no threads in a process that forks

import pandera.pandas  # noqa: F401
import phonenumbers  # noqa: F401
import pytest  # noqa: F401

import tests.helpers.commands  # noqa: F401
