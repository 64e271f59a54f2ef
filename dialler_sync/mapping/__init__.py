"""Cells → contacts: which columns feed which field, what a cell means, and whether the contact may be sent."""
