"""Watches a real run on the dashboard, until the run is killed.

    real_run.py CHROMIUM URL PROCESS
"""

import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "BasicsTestSupport/Python"))
from chromium import Browser, check  # noqa: E402

program, url, process = sys.argv[1:]
LAST = "Math.max(0, ...[...document.querySelectorAll('canvas')].map((c) => +c.getAttribute('aria-valuemax')))"
STATE = "document.querySelector('#list li .state')?.textContent"
with tempfile.TemporaryDirectory() as folder:
    page = Browser(program, folder)
    try:
        page.size(1440, 1000)
        page.open(url + "#newest")
        page.js("window.isSame = true")
        page.wait(f"{LAST} > 0")
        start = page.js(LAST)
        page.wait(f"{LAST} > {start} + 20")
        check(page.js("window.isSame"), "the page was loaded anew")
        check(page.js(STATE) == "running", f"a run that goes on is shown as {page.js(STATE)}")
        os.kill(int(process), signal.SIGKILL)
        page.wait(f"{STATE} === 'interrupted'")
        check(not page.console, f"the console is not empty: {page.console}")
        print(f"a real run grew from step {start} to {page.js(LAST)} on the dashboard")
    finally:
        page.process.kill()
