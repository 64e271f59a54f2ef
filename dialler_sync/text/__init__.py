"""Plain text: made safe to show, searched for secrets, and told from what spreadsheet programs make of it."""
