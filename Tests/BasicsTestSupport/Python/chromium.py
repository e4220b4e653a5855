"""Drives one page of a headless Chromium over its debugging pipe. It needs Python and no packages."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

CONTROLS = "a[href], button, input, select, summary, canvas[tabindex]"
CUT_OFF = """[...document.body.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const isHidden = e.closest(".skip, .spoken, thead, .scroll") || box.width === 0 || style.visibility === "hidden";
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
        self.console, self.requests, self.session = [], [], None
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
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
            elif message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

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

    def open(self, url, until="performance.getEntriesByName('drawn').length > 0"):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait(until)

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


def reach(page):
    """Checks that the Tab key reaches each control, and gives how many there are."""
    page.js(f"document.querySelectorAll('{CONTROLS}').forEach((e) => {{ if (e.checkVisibility()) e.dataset.walk = ''; }})")
    count = page.js("document.querySelectorAll('[data-walk]').length")
    for _ in range(count + 20):
        page.key("Tab", 9)
        page.js("delete document.activeElement.dataset.walk")
    left = page.js("[...document.querySelectorAll('[data-walk]')].map((e) => e.outerHTML.slice(0, 80))")
    check(not left, f"not reached by Tab: {left}")
    return count


def fits_a_phone(page):
    """Checks that a page 360 pixels wide is cut off nowhere, with everything unfolded."""
    page.js("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    time.sleep(0.5)
    width = page.js("document.scrollingElement.scrollWidth")
    check(width <= 360, f"the page is {width} pixels wide on a screen of 360")
    cut = page.js(CUT_OFF)
    check(not cut, f"cut off at 360 pixels: {cut}")
    page.js("document.querySelectorAll('details').forEach((e) => { e.open = false; })")
