"""Cells → contacts: the columns that feed each field, the meaning of a cell, and whether a contact may be sent."""
