"""Workbooks → tables: ``.xlsx``, ``.xls``, ``.xlsb``, ``.ods``, and ``.xls`` that is HTML or XML.

Callers use :func:`.tables.excel_tables`. It calls :func:`.book.open_book`, the one place that tells the formats apart.
calamine reads the cells of ``.xlsx``; the rest of this package works round faults of calamine and xlrd, which
tests/unit/read/excel shows with python-calamine 0.9.1.
"""
