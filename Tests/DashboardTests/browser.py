#!/usr/bin/env python3
"""Opens the dashboard in Chromium while a run goes on, and checks what a user meets.

    Tests/DashboardTests/browser.py CHROMIUM DASHBOARD_TRIAL [--runs N] [--points N] [--pictures FOLDER]

It drives the browser over its debugging pipe, prints what it measured as JSON, and ends with status 1 where a check
fails. It needs Python and no packages.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOING_ON = "resnet56-resnet20/dkd-lr0.1/seed-0"
ANOTHER = "resnet56-resnet20/at-lr0.1/seed-1"
CONTROLS = "a[href], button, input, select, summary, canvas[tabindex]"
CUT_OFF = """[...document.body.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const isHidden = e.closest(".skip, .spoken, thead") || box.width === 0 || style.visibility === "hidden";
    const isOut = box.right > innerWidth + 0.5 || box.left < -0.5;
    return !isHidden && (isOut || (style.overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1));
}).map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))"""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, program, folder):
        (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()
        # The browser reads from descriptor 3 and writes to 4; high numbers first, so that none is overwritten.
        shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL)
        os.close(theirs_in), os.close(theirs_out)
        self.input, self.output, self.count, self.rest = ours_out, ours_in, 0, b""
        self.console, self.session = [], None
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def message(self):
        while b"\0" not in self.rest:
            piece = os.read(self.output, 1 << 20)
            if not piece:
                sys.exit("the browser has gone")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.count += 1
        request = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.input, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.count:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            if message.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                self.console.append(message["params"])

    def js(self, code):
        result = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"{code}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, code, seconds=60):
        end = time.time() + seconds
        while not (value := self.js(code)):
            if time.time() > end:
                sys.exit(f"waited {seconds} s in vain for: {code}; the console: {self.console}")
            time.sleep(0.05)
        return value

    def open(self, url):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait("performance.getEntriesByName('drawn').length > 0")

    def size(self, width, height, ratio=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio,
                  mobile=width < 500)
        time.sleep(0.5)

    def theme(self, theme):
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        time.sleep(0.5)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def key(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      **({"text": " "} if key == " " and kind == "keyDown" else {}))


def check(is_right, text):
    if not is_right:
        sys.exit(f"wrong: {text}")


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
    page.js(f"document.querySelectorAll('{CONTROLS}').forEach((e) => {{ if (e.checkVisibility()) e.dataset.walk = ''; }})")
    count = page.js("document.querySelectorAll('[data-walk]').length")
    for _ in range(count + 20):
        page.key("Tab", 9)
        page.js("delete document.activeElement.dataset.walk")
    left = page.js("[...document.querySelectorAll('[data-walk]')].map((e) => e.outerHTML.slice(0, 80))")
    check(not left, f"not reached by Tab: {left}")
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
            page.js("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            time.sleep(0.5)
            width = page.js("document.scrollingElement.scrollWidth")
            check(width <= 360, f"the page is {width} pixels wide on a screen of 360")
            cut = page.js(CUT_OFF)
            check(not cut, f"cut off at 360 pixels: {cut}")
            page.js("document.querySelectorAll('details').forEach((e) => { e.open = false; })")
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
