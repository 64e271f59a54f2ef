"""Object stores whose answers come to an end, and whose keys are never shown, wherever they come from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import s3fs
from aiobotocore.httpsession import AIOHTTPSession
from fsspec.asyn import sync

from ..text.outward import keep_secret
from .limits import Count
from .web import Answer


class Objects(s3fs.S3FileSystem):  # type: ignore[misc] # s3fs has no types
    """Objects of a store."""

    cachable = False

    async def _iterdir(self, bucket: str, *given: Any, **options: Any) -> AsyncIterator[Any]:
        count = Count(f"s3://{bucket}/{options.get('prefix', '')}")
        async for info in super()._iterdir(bucket, *given, **options):
            count.add()
            yield info


def open_s3(profile: str | None, endpoint_url: str | None, ca_file: Path | None, timeout: float) -> Objects:
    """Return the objects of a store. The keys that it is asked with are secrets from then on: those of the variables,
    of ``~/.aws``, or of whatever gives them to this machine.
    """

    class Session(AIOHTTPSession):  # type: ignore[misc] # aiobotocore has no types
        async def _get_session(self, proxy_url: str | None) -> Any:
            session = await super()._get_session(proxy_url)
            session._response_class = type("Piece", (Answer,), {"window": timeout})
            return session

    files = Objects(
        profile=profile,
        endpoint_url=endpoint_url,
        client_kwargs={"verify": str(ca_file)} if ca_file else {},
        config_kwargs={"connect_timeout": timeout, "read_timeout": timeout, "http_session_cls": Session},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    sync(files.loop, _keep_keys, files)
    return files


async def _keep_keys(files: Objects) -> None:
    await files.set_session()
    if found := await files.session.get_credentials():
        keys = await found.get_frozen_credentials()
        keep_secret(keys.secret_key, keys.token)
