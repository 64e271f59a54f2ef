"""Workbooks → tables: ``.xlsx``, ``.xls``, ``.xlsb``, ``.ods``.

:func:`.tables.excel_tables` is what others call. It calls :func:`.book.open_book`, the one place that tells the formats
apart. calamine reads the cells of ``.xlsx``; the rest of this package does what calamine and xlrd do not, which
tests/unit/read/excel shows with python-calamine 0.9.1.
"""
