"""Where a table's header, rows and footnotes stand: what CSV and Excel share."""
