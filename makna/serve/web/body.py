"""The body of a request, counted while it streams: what is too long is never read into memory."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from makna.core.messages import LANGUAGES, say


class TooLongError(Exception):
    """The body goes on past its limit."""


class Body:
    """What comes in, up to a limit.

    Parameters
    ----------
    receive : Receive
        ASGI's.
    limit : int
        Bytes.
    """

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self.limit = receive, limit
        self._count = 0
        self._waiting: list[Message] = []
        self.is_over = False

    def announced(self, headers: Headers) -> bool:
        """Tell whether the request says itself that it is too long, or lies about its length."""
        length = headers.get("content-length")
        return length is not None and (not length.isdecimal() or int(length) > self.limit)

    async def receive(self) -> Message:
        """Return the next part.

        Raises
        ------
        TooLongError
            The limit is passed; everything after it stays unread.
        """
        if self._waiting:
            return self._waiting.pop(0)
        if self.is_over:
            raise TooLongError
        message = await self._receive()
        self._count += len(message.get("body", b""))
        if self._count > self.limit:
            self.is_over = True
            raise TooLongError
        return message

    async def field(self, name: str) -> str | None:
        """Return one field of a form, and keep what was read for who reads it next.

        Parameters
        ----------
        name : str
            Of the field.
        """
        parts: list[Message] = []
        try:
            while not parts or parts[-1].get("more_body", False):
                parts.append(await self.receive())
        except TooLongError:
            return None
        self._waiting = parts
        text = b"".join(part.get("body", b"") for part in parts).decode("utf-8", "replace")
        try:
            return parse_qs(text, max_num_fields=100)[name][0]
        except (KeyError, ValueError):
            return None

    def answering(self, send: Send) -> Send:
        """Return a `send` that answers 413 in place of whatever is made of a body that was too long."""
        state = {"started": False, "answered": False}

        async def sending(message: Message) -> None:
            if self.is_over and not state["started"]:
                if not state["answered"]:
                    state["answered"] = True
                    await _too_long(self.limit)({"type": "http", "method": "POST"}, self._receive, send)
                return
            state["started"] = True
            await send(message)

        return sending

    async def refuse(self, scope: Scope, send: Send) -> None:
        """Answer 413 without reading anything."""
        await _too_long(self.limit)(scope, self._receive, send)


def _too_long(limit: int) -> PlainTextResponse:
    text = "\n".join(say("serve.site_too_long", lang, limit=f"{limit / 1024 / 1024:g}") for lang in LANGUAGES)
    return PlainTextResponse(f"{text}\n", 413, {"connection": "close"})
