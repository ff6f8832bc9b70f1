"""Connect to the store of a URL."""

from __future__ import annotations

import os
import re
from importlib import import_module
from urllib.parse import urlsplit

from ...redaction import Secrets, secrets_in
from ...repository.names import DROPPED
from .exceptions import AddressError, ProtocolError, StoreError
from .protocols import KNOWN, S3, SSH, Protocol
from .store import Store

#: How the names of variables with credentials of stores begin, and what else they and the names of
#: fsspec's options have.
VARIABLES = ("AWS_", "AZURE_", "FSSPEC_", "GOOGLE_", "GCSFS_")
SECRET = re.compile(r"(?i)key|secret|token|passw|passphrase|connection_string|credential")


def shown(url: str) -> str:
    """Return a URL without user, password, query and trailing slash.

    Raises:
        AddressError: It cannot be the target.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressError("The URL", "it cannot be read") from None
    if "::" in url.partition("//")[0]:  # the credentials of the last may be in the path
        raise AddressError("The URL", "it chains protocols with '::'")
    host = parts.netloc.rpartition("@")[2]
    text = f"{parts.scheme}://{host}{parts.path}".rstrip("/")
    if parts.scheme in ("http", "https"):
        raise AddressError(text, "a web server cannot be written to")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise AddressError(text, "it has a ? or #, and credentials do not belong into a URL")
    folders = [*parts.path[1:].rstrip("/").split("/")] if parts.path.strip("/") else []
    if not (host or folders) or {"", ".", ".."} & {*folders}:
        raise AddressError(text, "it is not the address of a folder")
    if any(folder.endswith((" ", "%20", ".")) for folder in folders):
        raise AddressError(text, DROPPED)
    return text


def secrets(url: str) -> Secrets:
    """Return the credentials in a URL, in the environment, and in fsspec's configuration."""
    values: set[str] = set()
    for name, value in os.environ.items():
        if name.startswith(VARIABLES) and SECRET.search(name):
            values.update((value, *re.findall(r"(?i)(?:key|signature)=([^;]+)", value)))
    if _has("fsspec"):
        from fsspec.config import conf

        for options in conf.values():
            values.update(str(v) for name, v in options.items() if SECRET.search(name))
    return secrets_in([url], tokens=values)


def open_store(url: str) -> Store:
    """Connect to the store of a URL.

    Raises:
        AddressError: It cannot be the target.
        ProtocolError: What speaks its protocol is not installed.
        StoreError: It cannot be reached.
    """
    text, name = shown(url), urlsplit(url).scheme
    url = f"{name}{url[len(name) :]}"
    protocol = KNOWN.get(name, Protocol())
    if protocol is S3 and "@" in urlsplit(url).netloc:
        raise AddressError(text, "it has a login, and credentials do not belong into a URL")
    packages = {"fsspec": "fsspec", protocol.package: protocol.module}
    lacking = [package for package, module in packages.items() if module and not _has(module)]
    if lacking:
        raise ProtocolError(name, lacking)
    from fsspec import get_filesystem_class
    from fsspec.config import conf

    if protocol is SSH:
        from sshfs import SSHFileSystem as kind
    else:
        try:
            kind = get_filesystem_class(name)
        except ValueError as error:
            raise AddressError(text, f"fsspec does not know the protocol {name!r}") from error
        except ImportError as error:
            raise AddressError(text, str(error)) from error
    try:
        # sshfs is not told of fsspec's configuration
        options = {**protocol.options, **conf.get(name, {}), **kind._get_kwargs_from_urls(url)}
        system = kind(**options, skip_instance_cache=True)
        root = str(kind._strip_protocol(url)).rstrip("/")
    except Exception as error:  # whatever the libraries of so many protocols raise
        raise StoreError(text, error) from error
    if not root.strip("/"):
        raise AddressError(text, "it is the whole server")
    return Store(text, system, root, protocol)


def _has(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True
