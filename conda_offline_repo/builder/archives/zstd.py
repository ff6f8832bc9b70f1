"""The zstd module: part of Python since 3.14, before that the backport that conda-index brings."""

from __future__ import annotations

try:
    from compression import zstd
except ImportError:
    from backports import zstd

__all__ = ["zstd"]
