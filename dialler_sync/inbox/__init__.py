"""Files that come into a folder: which are complete, taken out, imported, filed away."""
