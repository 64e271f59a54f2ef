"""Workbooks → tables: ``.xlsx``, ``.xls``, ``.xlsb``, ``.ods``."""
