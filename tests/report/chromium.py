# SPDX-License-Identifier: Apache-2.0
"""Drives a headless Chromium over a pipe (Chrome DevTools Protocol); needs nothing but Python and the browser."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find():
    """The browser's path, or None."""
    return os.environ.get("OCTET_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """A browser with one empty page. What the page logs, throws and asks of the network is kept in `events`."""

    def __init__(self, patience=60):
        self.folder = tempfile.mkdtemp(prefix="octet-chromium-")
        self.patience, self.last, self.buffer, self.events = patience, 0, b"", []
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        self.process = subprocess.Popen(
            [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", "--user-data-dir=" + self.folder, "about:blank"],
            preexec_fn=lambda: self._ends(to_browser, from_browser), close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.session = None
        target = next(t for t in self._wait_for_targets() if t["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(domain + ".enable")

    def _ends(self, to_browser, from_browser):
        """In the new process: pipes are at descriptors 3 and 4, whatever stood there."""
        read, write = os.dup(to_browser), os.dup(from_browser)
        high = [os.dup2(end, 100 + i) for i, end in enumerate((read, write))]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)
        os.set_inheritable(3, True)
        os.set_inheritable(4, True)
        os.closerange(5, 256)
        os.setsid()

    def _wait_for_targets(self):
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            targets = self.send("Target.getTargets")["targetInfos"]
            if any(t["type"] == "page" for t in targets):
                return targets
            time.sleep(0.05)
        raise TimeoutError("the browser has no page")

    def _message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_end], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.read_end, 1 << 20)
            if not more:
                raise EOFError("the browser is gone")
            self.buffer += more
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def send(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data):]
        until = time.monotonic() + self.patience
        while True:
            answer = self._message(until)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def open(self, path):
        self.events.clear()
        self.send("Page.navigate", url="file://" + os.path.abspath(path))
        until = time.monotonic() + self.patience
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self._message(until))

    def size(self, width, height, phone=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def media(self, medium="", **features):
        """As `scheme="dark"`: prefers-color-scheme: dark."""
        names = {"scheme": "prefers-color-scheme", "motion": "prefers-reduced-motion"}
        self.send("Emulation.setEmulatedMedia", media=medium,
                  features=[{"name": names[k], "value": v} for k, v in features.items()])

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "a script threw"))
        return answer["result"].get("value")

    def key(self, key, code=0, text=""):
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.send("Input.insertText", text=text)

    def screenshot(self, path, whole=False):
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                         **({"clip": self._whole()} if whole else {}))["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def _whole(self):
        area = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": area["width"], "height": min(area["height"], 16000), "scale": 1}

    def pdf(self, path):
        data = self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """Errors and warnings of the console, exceptions, and requests for anything but the page itself."""
        found = []
        for event in self.events:
            method, given = event["method"], event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("thrown: " + given["exceptionDetails"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append("console: " + json.dumps(given["args"]))
            elif method == "Log.entryAdded":
                found.append("log: " + given["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                url = given["request"]["url"]
                if not url.startswith(("data:", given.get("documentURL", "-"))):
                    found.append("request: " + url)
        return found

    def close(self):
        try:
            self.session = None
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, EOFError, TimeoutError, RuntimeError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
