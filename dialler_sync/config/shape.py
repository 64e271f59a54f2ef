"""The places of settings in a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from .settings import Settings


def is_path(at: Sequence[str | int]) -> bool:
    """Whether what stands at a place of a configuration is the path of a file or folder."""
    model = model_at(at[:-1])
    setting = model.model_fields.get(str(at[-1])) if model else None
    annotation: Any = setting.annotation if setting else None
    return annotation is Path or Path in getattr(annotation, "__args__", ())


def model_at(at: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the model of the setting at a place of a configuration."""
    model: type[BaseModel] | None = Settings
    for part in at:
        if model is None:
            break
        inner = model.model_fields.get(str(part))
        model = _model_of(inner.annotation) if inner else _model_of(model)
    return model


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in reversed(getattr(annotation, "__args__", ())):
        if found := _model_of(inner):
            return found
    return None
