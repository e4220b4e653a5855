#!/usr/bin/env python3
"""Opens the dashboard in Chromium while a run goes on, and checks what a user meets.

    Tests/DashboardTests/browser.py CHROMIUM DASHBOARD_TRIAL [--runs N] [--points N] [--pictures FOLDER]

It drives the browser over its debugging pipe, prints what it measured as JSON, and ends with status 1 where a check
fails. It needs Python and no packages.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "BasicsTestSupport/Python"))
from chromium import Browser, check, fits_a_phone, reach  # noqa: E402

GOING_ON = "resnet56-resnet20/dkd-lr0.1/seed-0"
ANOTHER = "resnet56-resnet20/at-lr0.1/seed-1"


def newest(name):
    return f"document.querySelector('#list li .name')?.textContent === '{name}'"


def follow_growth(page, url, trial, file, children):
    """The newest run's curve grows without a reload, and the choice stays when another run appears."""
    page.open(url + "#newest")
    page.js("window.isSame = true")
    last = "Math.max(0, ...[...document.querySelectorAll('canvas')].map((c) => +c.getAttribute('aria-valuemax')))"
    page.wait(f"{newest(GOING_ON)} && {last} > 0")
    start = page.js(last)
    page.wait(f"{last} > {start} + 20")
    check(page.js("window.isSame"), "the page was loaded anew")
    page.open(url + "#runs=1,2")
    chosen = "[...document.querySelectorAll('#list input')].filter((box) => box.checked).length"
    check(page.js(chosen) == 2, "two runs are chosen")
    children.append(subprocess.Popen([trial, "grow", file, ANOTHER, "2000", "300", "100"]))
    page.wait(newest(ANOTHER))
    check(page.js(chosen) == 2, "the choice stays when a run appears")


def walk(page, url):
    """Each control is reached by Tab, and works with the keys."""
    page.open(url + "#runs=1,2")
    count = reach(page)
    page.js("document.getElementById('follow').focus()")
    page.key(" ", 32)
    check(page.js("location.hash").endswith("newest"), "the space bar works a box")
    page.js("document.querySelector('canvas').focus()")
    page.key("ArrowLeft", 37)
    check(page.js("!document.querySelector('.readout').hidden"), "the arrow keys move along a curve")
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chromium")
    parser.add_argument("trial")
    parser.add_argument("--runs", default="10")
    parser.add_argument("--points", default="200")
    parser.add_argument("--pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file, children = folder + "/runs.sqlite", []
        subprocess.run([options.trial, "fill", file, options.runs, options.points], check=True)
        try:
            children.append(subprocess.Popen([options.trial, "serve", file], stdout=subprocess.PIPE, text=True))
            url = children[0].stdout.readline().strip()
            page = Browser(options.chromium, folder + "/browser")
            children.append(page.process)
            page.size(1440, 1000)
            report = {}
            # An empty choice of runs is no empty page.
            opened = []
            for _ in range(5):
                page.open(url + "#runs=all")
                opened.append(page.js("performance.getEntriesByName('drawn')[0].startTime"))
            report["opened_ms"] = [round(time) for time in opened]
            report["opened_median_ms"] = round(statistics.median(opened))
            children.append(subprocess.Popen([options.trial, "grow", file, GOING_ON, "2000", "1200", "100"]))
            page.wait(newest(GOING_ON))
            page.wait("performance.getEntriesByName('update').length >= 40")
            updates = page.js("performance.getEntriesByName('update').map((e) => e.duration)")
            report["update_median_ms"] = round(statistics.median(updates), 1)
            report["update_greatest_ms"] = round(max(updates), 1)
            follow_growth(page, url, options.trial, file, children)
            report["controls"] = walk(page, url)
            pictures = Path(options.pictures or folder)
            pictures.mkdir(parents=True, exist_ok=True)
            page.open(url)
            for theme in ("light", "dark"):
                page.theme(theme)
                page.picture(pictures / f"dashboard-{theme}.png")
            page.theme("light")
            page.size(360, 1500, 2)
            page.open(url)
            fits_a_phone(page)
            page.picture(pictures / "dashboard-narrow.png")
            check(not page.console, f"the console is not empty: {page.console}")
            page.call("Browser.close")
            print(json.dumps(report))
        finally:
            for child in children:
                child.kill()
                child.wait()


if __name__ == "__main__":
    main()
