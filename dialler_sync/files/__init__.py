"""Files of this machine: trust, private creation, atomic replacement, and bounded reading."""
