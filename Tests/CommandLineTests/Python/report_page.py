"""Opens a report as a file, and checks what a reader meets.

    report_page.py CHROMIUM REPORT [FOLDER]

FOLDER takes screenshots.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "BasicsTestSupport/Python"))
from chromium import Browser, check, fits_a_phone, reach  # noqa: E402

program, report, *pictures = sys.argv[1:]
UNSEEN = """[...document.images].filter((e) => !e.complete || !e.naturalWidth || !e.alt)
    .map((e) => e.outerHTML.slice(0, 80))"""
with tempfile.TemporaryDirectory() as folder:
    page = Browser(program, folder)
    try:
        address = Path(report).resolve().as_uri()
        page.size(1440, 1000)
        page.open(address, until="document.readyState === 'complete' && location.protocol === 'file:'")
        pictured = page.js("document.images.length")
        check(pictured > 0, "the report has pictures")
        check(not page.js(UNSEEN), f"pictures without pixels or words: {page.js(UNSEEN)}")
        controls = reach(page)
        check(controls > 0, "the report has controls")
        colours = []
        page.js("scrollTo(0, 0)")
        for theme in ("light", "dark"):
            page.theme(theme)
            colours.append(page.js("getComputedStyle(document.body).backgroundColor"))
            for path in pictures:
                page.picture(Path(path) / f"report-{theme}.png")
        check(colours[0] != colours[1], f"light and dark are both {colours[0]}")
        page.theme("light")
        page.size(360, 1500, 2)
        fits_a_phone(page)
        for path in pictures:
            page.picture(Path(path) / "report-narrow.png")
        others = [url for url in page.requests if not url.startswith(("data:", "about:")) and url != address]
        check(not others, f"the report asks for other files: {others}")
        check(not page.console, f"the console is not empty: {page.console}")
        print(f"a report of {pictured} pictures and {controls} controls, opened as a file")
    finally:
        page.process.kill()
