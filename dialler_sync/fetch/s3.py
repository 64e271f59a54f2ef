"""Object stores, whose listings end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from s3fs import S3FileSystem

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
