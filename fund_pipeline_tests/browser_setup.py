"""Make sure that a Chromium is installed: `make test` runs this before the tests, which never skip the browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get update && apt-get install --yes --no-install-recommends chromium"


def find_browser() -> str | None:
    """Path of the first Chromium found, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Install Chromium when root on a Debian machine; otherwise name the command that a person must run."""
    if find_browser():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium for the browser tests", flush=True)
        subprocess.run(INSTALL, shell=True, check=False, stdout=subprocess.DEVNULL)
    if find_browser():
        return 0
    print(f"The browser tests need Chromium. Run as root: {INSTALL}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
