"""The receivers of ``notify:``, and how each gets a message."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from ..config.notify import NotifySettings
from ..config.proxy import find_proxy
from ..errors import ConfigError
from ..journal import Journal
from ..report.masking import mask_phones
from ..text.outward import outward
from ..text.phrase import figure, mark, phrase
from ..text.shortage import behind
from .message import chat_text, facts, plain, subject

_log = logging.getLogger(__name__)

_SECONDS = 10.0

Body = Mapping[str, Any]

_MESSAGE = mark("{setting} could not be called: {why}. The next run delivers the message.")
_PING = mark("{setting} could not be called: {why}.")
_PREFIXES = {"webhook": "", "teams": "teams ", "email": "mail "}


def stored_names(what: str) -> list[str]:
    """Return the names under which messages about ``what`` are stored, by any receiver."""
    return [prefix + what for prefix in _PREFIXES.values()]


class Receiver(NamedTuple):
    """One receiver. ``who`` tells it from others; it may be a secret. ``send`` returns whether it took a message."""

    name: str
    who: str
    send: Callable[[Body], bool]

    def noted_as(self, what: str) -> str:
        """Return the name under which its messages about ``what`` are stored."""
        return _PREFIXES[self.name] + what

    def deliver(self, journal: Journal, what: str, meant: Callable[[Body], bool] = lambda _: True) -> None:
        """Deliver stored messages and ``meant``, in order; the next run delivers those that are not taken."""
        for notice in filter(lambda notice: meant(notice.body), journal.undelivered(self.noted_as(what))):
            if not self.send(notice.body):
                return
            journal.settle_notice(notice.id)


def receivers(settings: NotifySettings, journal: Journal) -> list[Receiver]:
    """Return the receivers of ``notify:``."""
    found = []
    if url := settings.webhook:
        found.append(Receiver("webhook", url, partial(_post, "webhook", url, _chat)))
    if url := settings.teams:
        found.append(Receiver("teams", url, partial(_post, "teams", url, _card)))
    if email := settings.email:
        from .mail import send

        found.append(Receiver("email", email.model_dump_json(), lambda body: send(body, email, journal)))
    return found


def _chat(body: Body) -> Body:
    return {**body, "text": chat_text(body)}


_LINES = 60
"""Facts that a card shows: Teams refuses messages of more than 28 KB."""


def _card(body: Body) -> Body:
    """Return the message as an adaptive card, for a workflow of Teams ("when a webhook request is received").

    Source: https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
    """
    found = [{"title": plain(name), "value": plain(mask_phones(value)[:300])} for name, value in facts(body).items()]
    if (more := len(found) - _LINES) > 0:
        found[_LINES:] = [{"title": "…", "value": phrase("and {count} more", count=figure(more))}]
    bad = body["event"] in {"failing", "missing"} or any(each["failing"] for each in body.get("campaigns", ()))
    title = {
        "type": "TextBlock",
        "text": plain(subject(body)),
        "weight": "Bolder",
        "size": "Medium",
        "wrap": True,
        "color": "Attention" if bad else "Default",
    }
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [title, {"type": "FactSet", "facts": found}],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _post(name: str, url: str, form: Callable[[Body], Body], body: Body) -> bool:
    return _call(f"notify.{name}", _MESSAGE, "POST", url, json=form(outward(body)))


def ping(settings: NotifySettings | None, what: str = "", said: str = "") -> None:
    """Ping ``start``, success (``""``) or ``fail``, with the exit status in ``said``.

    A ping that is not made is what its receiver watches for.

    Source: https://healthchecks.io/docs/http_api/
    """
    if settings is None or not settings.ping:
        return
    parts = urlsplit(settings.ping)
    url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + f"/{what}")) if what else settings.ping
    if said:
        _call("notify.ping", _PING, "POST", url, content=outward(said).encode())
    else:
        _call("notify.ping", _PING, "GET", url)


def _call(name: str, failure: str, method: str, url: str, **content: Any) -> bool:
    """Call an address; return whether it accepted. ``failure`` is the sentence for the log if not."""
    import httpx

    try:
        status = asyncio.run(_status_of(method, url, **content))
        if 200 <= status < 300:
            return True
        reason = phrase("it answered {status}", status=status)
    except TimeoutError:
        reason = phrase("it has not answered within {seconds} seconds", seconds=figure(_SECONDS))
    except ConfigError as error:  # of the proxy
        reason = str(error)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        reason = _why(error)
        if find_proxy(url) and not isinstance(error, httpx.ProxyError):
            reason = phrase("{why}; it is called by a proxy", why=reason)
    except KeyboardInterrupt:
        _log.error(phrase(failure, setting=name, why=phrase("interrupted")))
        raise
    _log.error(phrase(failure, setting=name, why=reason))
    return False


def _why(error: BaseException) -> str:
    """Return why there is no answer. The address may be a secret, so that not even its host is named."""
    import httpx

    for cause in behind(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message.partition(",")[0]  # after which the host may be named
            return phrase("its certificate is not accepted ({why})", why=why)
        if isinstance(cause, ssl.SSLError):
            return phrase("there is no TLS with it: its port may be wrong")
        if isinstance(cause, socket.gaierror):
            return phrase("there is no such host, or this machine cannot look it up")
        if isinstance(cause, ConnectionRefusedError):
            return phrase("it refuses the connection: it may be down, or its port wrong")
    if isinstance(error, httpx.ProxyError):
        return phrase("the proxy does not let it through")
    if isinstance(error, httpx.ConnectError):
        return phrase("there is no connection to it")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | ValueError):
        return phrase("its address is not valid")
    return phrase("it gives no answer that makes sense")


class _Abandoned(ThreadPoolExecutor):
    """Threads whose end nobody waits for, neither the event loop nor the process: the system's look-up of a name cannot
    be cut off."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Start a call in a thread of its own."""
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(call(*args, **options))
            except BaseException as error:  # noqa: BLE001 - the waiting side raises it
                future.set_exception(error)

        future.set_running_or_notify_cancel()
        Thread(target=work, daemon=True).start()
        return future


async def _status_of(method: str, url: str, **content: Any) -> int:
    """Return the HTTP status of the answer. Its body is not read, as it may be endless; redirects are not followed.

    Raises:
        ConfigError: the proxy cannot be used.
        TimeoutError, httpx.HTTPError, OSError: there is no answer.
    """
    import httpx

    asyncio.get_running_loop().set_default_executor(_Abandoned())
    verify, proxy = ssl.create_default_context(), find_proxy(url)  # httpx would ask a proxy for this machine, too
    async with (
        asyncio.timeout(_SECONDS),
        httpx.AsyncClient(verify=verify, proxy=proxy, trust_env=False, timeout=2 * _SECONDS) as client,
        client.stream(method, url, **content) as answer,
    ):
        return answer.status_code
