"""Plain text: made safe to show, searched for secrets, and checked for changes by spreadsheet programs."""
