"""Lists of calls: what the dialler says came of the contacts, each call once."""
