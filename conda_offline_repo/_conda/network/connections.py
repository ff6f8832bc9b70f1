"""Why a server was not reached: what conda, requests, urllib3 and ssl have in their errors."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from socket import gaierror
from urllib.parse import urlsplit

from conda import CondaError
from conda.base.context import context
from conda.exceptions import CondaDependencyError, CondaHTTPError, CondaSSLError, ProxyError
from conda.gateways.connection.session import get_session
from requests import exceptions as requested
from requests.utils import select_proxy
from urllib3 import exceptions as urllib3

from .. import conda_errors
from .sessions import LOGIN_WANTED, settings_of

Causes = tuple[BaseException, ...]

#: An error of these kinds is about a connection, whatever its cause.
ABOUT_CONNECTIONS = (
    CondaDependencyError,  # of a proxy that speaks SOCKS
    CondaHTTPError,
    CondaSSLError,
    ConnectionError,
    ProxyError,
    TimeoutError,
    gaierror,
    requested.RequestException,
    ssl.SSLError,
    urllib3.HTTPError,
)
#: What a proxy answers in place of a tunnel to the server.
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}) ?(.*)")
#: OpenSSL's codes where nobody who is trusted has signed a certificate.
UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
#: OpenSSL's reasons where something else than TLS answers.
NOT_TLS = frozenset({"wrong_version_number", "record_layer_failure", "http_request"})
#: The variables that requests prefers to conda's setting `ssl_verify`, in this order.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CHECK_ADDRESS = "Check the address and the network, then run the same command again."
CHECK_PROXY = (
    "Check the setting proxy_servers of conda and the variables http_proxy, https_proxy and "
    "no_proxy."
)
CORRECT_CERTIFICATES = "Correct {} or client_ssl_cert in conda's configuration."


@dataclass(frozen=True)
class Unreached:
    """A server that was not reached.

    Attributes:
        url: What was asked for, maybe with credentials; empty where no error says it.
        reason: Why, as the end of a sentence.
        hint: What to do.
        passing: Whether it may work the next time.
    """

    url: str
    reason: str
    hint: str
    passing: bool = True


def unreached(error: BaseException) -> Unreached | None:
    """Return why a server was not reached; None for an error of another kind."""
    causes = tuple(_causes(error))
    url = next(filter(None, map(conda_errors.address, causes)), "")
    host = urlsplit(url).netloc.rpartition("@")[2] or "the server"
    if path := conda_errors.missing_certificates(error):
        hint = CORRECT_CERTIFICATES.format(_certificates())
        return Unreached(url, f"the file of certificates {path} does not exist", hint, False)
    if not isinstance(error, ABOUT_CONNECTIONS):
        return None
    if _among(causes, requested.ProxyError, urllib3.ProxyError, requested.InvalidProxyURL):
        return _of_proxy(url, causes, host)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _of_tls(url, cause)
    if _among(causes, requested.InvalidURL, urllib3.LocationParseError):
        proxy = proxy_of(url)
        reason = f"the address of the proxy {proxy} is not valid" if proxy else "it is not valid"
        return Unreached(url, reason, CHECK_PROXY if proxy else CHECK_ADDRESS, False)
    if isinstance(error, (CondaDependencyError, requested.InvalidSchema)):
        reason, hint = "conda cannot read such an address", CHECK_ADDRESS
        if "socks" in str(error).lower():
            reason = "the proxy speaks SOCKS, which needs pysocks"
            hint = "Install it beside conda: conda install -n base pysocks"
        return Unreached(url, reason, hint, False)
    if _among(causes, requested.TooManyRedirects):
        hint = "Log in to it as for conda itself if it wants that, or tell its owner."
        return Unreached(url, "it redirects without end", hint, False)
    return Unreached(url, *_of_network(causes, host))


def proxy_of(url: str) -> str:
    """Return the proxy between this machine and a URL, without its login; empty without one."""
    scheme, _, rest = _proxy(url).partition("://")  # it need not be a URL
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0].rstrip('/')}" if scheme else ""


def _proxy(url: str) -> str:
    try:
        proxy = select_proxy(url, settings_of(get_session(url), url)["proxies"]) if url else None
    except (ValueError, CondaError):  # it is not a URL, or a setting of it is not valid
        return ""
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy or ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, the nearest first."""
    todo, known = [error], set()
    while todo:
        cause = todo.pop(0)
        if id(cause) in known:
            continue
        known.add(id(cause))
        yield cause
        inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        todo += [part for part in inner if isinstance(part, BaseException)]


def _among(causes: Causes, *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _of_proxy(url: str, causes: Causes, host: str) -> Unreached:
    proxy = f"the proxy {proxy_of(url)}".strip()
    answer = next(filter(None, (TUNNEL.match(str(cause)) for cause in causes)), None)
    if not answer:
        reason, _ = _of_network(causes, proxy)
        return Unreached(url, reason, CHECK_PROXY)
    status = int(answer[1])
    reason = f"{proxy} answers with HTTP {status} in its place"
    hint = (
        f"Ask who runs the proxy to let {host} through. If it can be reached without the proxy, "
        "name it in the variable no_proxy."
    )
    if status == LOGIN_WANTED:
        wish = "does not accept its login" if "@" in _proxy(url) else "wants a login"
        reason = f"{proxy} {wish} (HTTP {status})"
        hint = (
            "Put user and password into its address, http://USER:PASSWORD@HOST:PORT, in the "
            "setting proxy_servers of conda or in the variable that names the proxy."
        )
    elif status >= 500:
        hint = "Run the same command again later. If it stays, tell who runs the proxy."
    return Unreached(url, reason, hint, status >= 500)


def _of_tls(url: str, error: ssl.SSLError) -> Unreached:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is not accepted: {error.verify_message.rstrip('.')}"
        hint = "Check the address and the clock of this machine, or tell the owner of the server."
        if error.verify_code in UNKNOWN_AUTHORITY:
            hint = (
                "If your company or its proxy has a certificate authority of its own, name the "
                f"file with its certificates in {_certificates()}."
            )
    elif str(error.library).lower() in ("x509", "pem"):
        reason = "the file of certificates cannot be read"
        hint = CORRECT_CERTIFICATES.format(_certificates())
    elif str(error.reason).lower() in NOT_TLS:
        reason = "the server does not speak TLS (https:) there"
        hint = "Check the address: it may have to begin with http:, or have another port."
    else:
        reason = f"the encrypted connection failed: {error.reason or error.strerror or error}"
        hint = (
            f"{CHECK_ADDRESS} If the server wants a certificate of this machine, name it in the "
            "setting client_ssl_cert of conda."
        )
        return Unreached(url, reason, hint)
    return Unreached(url, reason, hint, False)


def _certificates() -> str:
    """Return which setting has the certificates of authorities."""
    for name in CERTIFICATES:
        if os.environ.get(name):
            return f"the variable {name}, which conda prefers to its setting ssl_verify,"
    return "the setting ssl_verify"


def _of_network(causes: Causes, host: str) -> tuple[str, str]:
    if _among(causes, gaierror):
        return f"the name of {host} cannot be resolved", CHECK_ADDRESS
    if _among(causes, ConnectionRefusedError):
        return f"{host} refuses connections", CHECK_ADDRESS
    if _among(causes, urllib3.ReadTimeoutError, requested.ReadTimeout):
        hint = (
            "Run the same command again later. To let conda wait longer: "
            "conda config --set remote_read_timeout_secs 300"
        )
        return f"nothing arrived from {host} for {context.remote_read_timeout_secs:g} s", hint
    if _among(causes, ConnectionError, urllib3.ProtocolError, requested.ChunkedEncodingError):
        return f"the connection to {host} was cut", CHECK_ADDRESS
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return f"there is no connection to {host}: {cause.strerror}", CHECK_ADDRESS
    if _among(causes, urllib3.ConnectTimeoutError, requested.ConnectTimeout, TimeoutError):
        seconds = context.remote_connect_timeout_secs
        return f"{host} did not answer within {seconds:g} s", CHECK_ADDRESS
    return f"the connection to {host} failed", CHECK_ADDRESS
