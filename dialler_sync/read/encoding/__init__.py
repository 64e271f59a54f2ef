"""Which encoding the bytes of a text file are in."""
