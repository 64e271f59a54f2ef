"""Finds the encoding of a text file."""
