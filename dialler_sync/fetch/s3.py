"""Object stores, whose listings end, and whose keys are secrets wherever they come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.loaders import Loader, create_loader
from fsspec.asyn import sync
from s3fs import S3FileSystem

from ..text.outward import keep_secret
from ..text.phrase import phrase
from .copies import BLOCK
from .limits import Names, declares_entities
from .web import RefusedError, require_part

_REGION = "x-amz-bucket-region"
"""The header with which Amazon leads on to another region, whose host botocore knows."""

_MOST = 64 * BLOCK
"""Most bytes of one answer, which the libraries read at once; s3fs asks for 51 MB of an object."""

_MOST_SAID = 4 * BLOCK
"""The same of a page of a listing, which has at most 1,000 names, and of an error. They are XML, which takes up to
thirty times as much memory."""


_MOST_EMPTY = 1_000
"""Pages of a listing without a name; a store may give some, where it has deleted much."""


def session_of(profile: str | None) -> AioSession:
    """Return a session with the keys of a profile; what the services offer is read once a process."""
    session = AioSession(profile=profile)
    session.register_component("data_loader", _services(session.get_config_variable("data_path")))
    return session


@cache
def _services(folders: str | None) -> Loader:
    return create_loader(folders)


class OneHostSession(AIOHTTPSession):  # type: ignore[misc] # aiobotocore has no types
    """Sends no request, with the keys' token in it, to where an answer points: botocore itself never does; and reads
    no answer that has no end."""

    async def _get_session(self, proxy_url: str | None) -> Any:
        session = await super()._get_session(proxy_url)
        return SimpleNamespace(request=partial(_request, session))


async def _request(session: aiohttp.ClientSession, method: str, **options: Any) -> aiohttp.ClientResponse:
    response = await session.request(method, allow_redirects=False, **options)
    if 300 < response.status < 400 and "Location" in response.headers and _REGION not in response.headers:
        response.close()
        raise RefusedError(phrase("the server leads on to another one. Ask who runs it for the right endpoint_url."))
    asked, told = options.get("headers", {}).get("Range", ""), response.headers.get("Content-Range", "")
    require_part(asked.decode() if isinstance(asked, bytes) else asked, told, response.status)
    of_object = method == "GET" and response.status < 300 and "list-type" not in response.url.query
    content = _Content(response.content, _MOST) if of_object else _Said(response.content, response.status)
    response.content = content  # type: ignore[assignment]
    return response


class _Content:
    """The body of an answer, of at most ``longest`` bytes."""

    def __init__(self, content: aiohttp.StreamReader, longest: int) -> None:
        self._content, self._longest = content, longest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, most: int = -1) -> bytes:
        """Return the next ``most`` bytes; without them, the body.

        Raises:
            RefusedError: it is too long.
        """
        if most >= 0:
            return await self._content.read(most)
        whole = bytearray()
        while piece := await self._content.readany():
            whole += piece
            if len(whole) > self._longest:
                raise RefusedError(phrase("the server sends more than it was asked for. Ask who runs it."))
        return bytes(whole)


class _Said(_Content):
    """An answer in XML that declares no entities; else an error has no text, and anything else is none of a store."""

    def __init__(self, content: aiohttp.StreamReader, status: int) -> None:
        super().__init__(content, _MOST_SAID)
        self._status = status

    async def read(self, most: int = -1) -> bytes:
        said = await super().read(most)
        if not declares_entities(said):
            return said
        if self._status < 300:
            raise RefusedError(phrase("the server does not answer as an object store. Check endpoint_url."))
        return b""


def _told(entry: Mapping[str, Any]) -> str:
    return "".join(map(str, entry.values()))


class LimitedS3(S3FileSystem):  # type: ignore[misc] # s3fs has no types
    """Objects of a store."""

    cachable = False
    counted: Names | None = None

    async def _iterdir(self, bucket: str, *rest: Any, **options: Any) -> AsyncIterator[dict[str, Any]]:
        names = Names(bucket)
        async for each in super()._iterdir(bucket, *rest, **options):
            names.count(_told(each))
            yield each

    async def _ls(self, *arguments: Any, **options: Any) -> Any:
        found = await super()._ls(*arguments, **options)
        if self.counted:  # here, as _iterdir gives a folder also to those who ask whether it is there
            for each in found:
                self.counted.count(_told(each))
        return found

    async def _list_pages(self, *method: Any, **options: Any) -> AsyncIterator[dict[str, Any]]:
        empty = 0
        async for page in super()._list_pages(*method, **options):
            empty += not (page.get("Contents") or page.get("CommonPrefixes"))
            if empty > _MOST_EMPTY:
                raise RefusedError(phrase("the server's list of names has no end. Ask who runs it."))
            yield page

    def split_path(self, path: str) -> tuple[str, str, None]:
        """Return bucket and name. s3fs takes what follows ``?versionId=`` for no part of the name: whoever puts an
        object there would have another one read, and deleted."""
        bare = self._strip_protocol(path).lstrip("/")
        if "/" not in bare:
            return bare, "", None
        bucket, name = self._find_bucket_key(bare)
        return bucket, name + path[len(path.rstrip("/")) :], None

    def keep_keys(self) -> None:
        """Keep the keys secret that this store is asked with: of the variables, of ``~/.aws``, or of a program."""
        sync(self.loop, self._keep_keys)

    async def _keep_keys(self) -> None:
        await self.set_session()
        if found := await self.session.get_credentials():
            keys = await found.get_frozen_credentials()
            keep_secret(keys.secret_key, keys.token)
