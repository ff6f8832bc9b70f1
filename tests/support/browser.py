"""A real browser, Chromium, driven through its own protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import websocket

from tests.support.systems import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

#: Seconds after which the browser counts as hung.
PATIENCE = 60
LISTENING = "DevTools listening on "
#: What is pressed, by name, as the protocol has it.
KEYS: dict[str, dict[str, Any]] = {
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Space": {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
    "Escape": {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
}


class Browser:
    """Chromium without a window.

    Args:
        connection: to it.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(
            json.dumps({**message, **({"sessionId": session} if session else {})})
        )
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, method: str) -> None:
        """Wait for an event, unless it has come."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._connection.recv())
        return answer

    @contextmanager
    def open(
        self, path: Path, *, scripts: bool = True, dark: bool = False, width: int = 1200
    ) -> Iterator[Page]:
        """Open a file, with nothing remembered of any other.

        Args:
            path: which one.
            scripts: whether they are run.
            dark: whether the user prefers dark colours.
            width: of the window.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", features=[scheme])
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        page.ask("Emulation.setDeviceMetricsOverride", **screen)
        self.events.clear()
        page.ask("Page.navigate", url=path.as_uri())
        self.wait("Page.loadEventFired")
        yield page
        self.ask("Target.closeTarget", targetId=target)


class Page:
    """A page that is open."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command to the page; see `Browser.ask`."""
        return self._browser.ask(method, self._session, **parameters)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript; a promise is waited for."""
        result = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, *names: str) -> None:
        """Press keys, one after the other."""
        for name in names:
            self.ask("Input.dispatchKeyEvent", type="keyDown", **KEYS[name])
            self.ask("Input.dispatchKeyEvent", type="keyUp", **KEYS[name])

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.ask("Input.insertText", text=text)

    @property
    def requests(self) -> list[str]:
        """The URLs that the page has asked for, its own too."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """What was written to the console, what scripts raised, and what a policy has refused."""
        methods = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [event for event in self._browser.events if event.get("method") in methods]

    def picture(self) -> bytes:
        """A PNG of the whole page."""
        screenshot = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(screenshot["data"])


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile in a folder, and end it."""
    process = subprocess.Popen(
        [
            str(CHROMIUM),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stderr is not None
    try:
        line = next((line for line in process.stderr if line.startswith(LISTENING)), None)
        assert line, "Chromium has ended before it could be spoken to"
        Thread(target=process.stderr.read, daemon=True).start()  # or it would wait for a reader
        connection = websocket.create_connection(
            line.removeprefix(LISTENING).strip(), timeout=PATIENCE, suppress_origin=True
        )
        yield Browser(connection)
        connection.close()
    finally:
        process.terminate()
        process.wait(PATIENCE)
