"""Finds the header, rows and footnotes of a table, for CSV and Excel alike."""
