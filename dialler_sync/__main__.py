"""``python -m dialler_sync``."""

from .cli import main

if __name__ == "__main__":
    main()
