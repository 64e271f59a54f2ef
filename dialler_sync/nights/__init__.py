"""Runs that nobody watches: files that come into a folder, and word of how it went."""
