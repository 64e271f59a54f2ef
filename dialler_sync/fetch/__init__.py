"""A FILE as the user names it → a readable file of this machine: itself, or a private copy.

The one face of all sources. ``folder.RemoteFolder`` is the other way: files of this machine → a folder at an address.
"""

from .local import STDIN, Local, expand, fetch, keep, require_size

__all__ = ["STDIN", "Local", "expand", "fetch", "keep", "require_size"]
