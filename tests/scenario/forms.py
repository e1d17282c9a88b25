"""HTML forms as a script fills them in: enough to sign in at the lab without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    """A form of a page. ``buttons`` are (name, value, text)."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    text: str = ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._button: tuple[str, str] | None = None
        self._button_text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._open = Form(values.get("action", ""), values.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None and tag == "input" and values.get("type") != "submit":
            if "name" in values:
                self._open.fields[values["name"]] = values.get("value", "")
        elif self._open is not None and tag == "button":
            self._button = (values.get("name", ""), values.get("value", ""))
            self._button_text = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._open is not None and self._button is not None:
            self._open.buttons.append((*self._button, " ".join(self._button_text.split())))
            self._button = None
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.text += data
        if self._button is not None:
            self._button_text += data


def forms(page: str) -> list[Form]:
    """The forms of a page, in order."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


async def press(client: httpx.AsyncClient, answer: httpx.Response, button: str) -> httpx.Response:
    """Press the button that says ``button`` (or whose value or form does), and follow where it leads."""
    for form in forms(answer.text):
        for name, value, text in form.buttons:
            if button in (text, value) or button in text or button in form.fields.values():
                fields = {**form.fields, **({name: value} if name else {})}
                url = urljoin(str(answer.url), form.action)
                if form.method == "post":
                    return await client.post(url, data=fields)
                return await client.get(url, params=fields)
    raise AssertionError(f"no button {button!r} on {answer.url}: {answer.text[:2000]}")
