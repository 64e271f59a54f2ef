"""CSV files → tables: the dialect, the lines, the rows."""
