"""Object stores, whose listings end, and whose keys are secrets wherever they come from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fsspec.asyn import sync
from s3fs import S3FileSystem

from ..text.outward import keep_secret
from .limits import refuse_more


class LimitedS3(S3FileSystem):  # type: ignore[misc] # s3fs has no types
    """Objects of a store."""

    cachable = False

    async def _iterdir(self, bucket: str, *rest: Any, **options: Any) -> AsyncIterator[dict[str, Any]]:
        number = 0
        async for each in super()._iterdir(bucket, *rest, **options):
            number += 1
            refuse_more(number, bucket)
            yield each

    def keep_keys(self) -> None:
        """Keep the keys secret that this store is asked with: of the variables, of ``~/.aws``, or of a program."""
        sync(self.loop, self._keep_keys)

    async def _keep_keys(self) -> None:
        await self.set_session()
        if found := await self.session.get_credentials():
            keys = await found.get_frozen_credentials()
            keep_secret(keys.secret_key, keys.token)
