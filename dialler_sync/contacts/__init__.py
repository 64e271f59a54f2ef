"""Contacts of the dialler by ID, UserData, spreadsheet or campaign: find, read and change them."""
