"""Contacts of the dialler by name, by spreadsheet or by campaign: who is meant, what is there, what is changed."""
