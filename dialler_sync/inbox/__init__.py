"""Import files from a folder: detect complete ones, claim, import and file them."""
