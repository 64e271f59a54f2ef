"""What a user names → a file of this machine that can be read: itself, or a private copy.

The one face of all sources. A new kind (a URL, say) adds a branch to ``local._at_hand``.
"""

from .local import STDIN, Local, expand, fetch, keep

__all__ = ["STDIN", "Local", "expand", "fetch", "keep"]
