"""What a user names → a file of this machine that can be read: itself, or a private copy.

The one face of all sources. ``folder.RemoteFolder`` is the other way: files of this machine → a folder at an address.
"""

from .local import STDIN, Local, expand, fetch, keep

__all__ = ["STDIN", "Local", "expand", "fetch", "keep"]
