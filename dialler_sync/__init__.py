"""Imports contacts from spreadsheets into a call-centre dialler, and says what became of every row."""

__version__ = "0.1.0"
