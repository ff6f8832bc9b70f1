#!/usr/bin/env bash
# requests reads the certificates of all authorities for each connection, of one session as well.
#
# With `verify=True`, or the path of a file, requests hands the path to urllib3's pool, and urllib3
# makes an `ssl.SSLContext` for each new connection and loads the file into it: with certifi's
# authorities and OpenSSL 3, that takes 10 to 15 ms of processor time, and more than half a megabyte
# while the connection is open, so that fifty connections to one server begin with more than half a
# second of work. A context that is made once and given to the pool (`ssl_context`), without the
# path, is read once.
#
# Seen with requests 2.34.2 and urllib3 2.8.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    requests==2.34.2 urllib3==2.8.0
cd "$folder"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -addext subjectAltName=IP:127.0.0.1 \
    -keyout key.pem -out certificate.pem 2> /dev/null
env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE no_proxy=127.0.0.1 "$folder/venv/bin/python" - <<'PY'
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
import urllib3
from urllib3.util import ssl_

CONNECTIONS = 4
reads, connections = [], []


class Context(ssl.SSLContext):
    def load_verify_locations(self, *arguments, **more):
        reads.append(arguments)
        return super().load_verify_locations(*arguments, **more)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        connections.append(self.client_address)
        super().setup()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"x")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("certificate.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"https://127.0.0.1:{server.server_port}/"

ssl_.SSLContext = Context
session = requests.Session()
session.verify = "certificate.pem"
# bodies that are not read yet keep their connections
answers = [session.get(url, stream=True) for _ in range(CONNECTIONS)]
print("requests", requests.__version__, "urllib3", urllib3.__version__, ssl.OPENSSL_VERSION)
print(f"{len(connections)} connections, authorities read {len(reads)} times")
as_seen = len(reads) == len(connections) == CONNECTIONS

reads.clear()
connections.clear()
context = ssl_.create_urllib3_context()
context.load_verify_locations("certificate.pem")
pool = urllib3.HTTPSConnectionPool("127.0.0.1", server.server_port, ssl_context=context)
answers = [pool.urlopen("GET", "/", preload_content=False) for _ in range(CONNECTIONS)]
print(f"{len(connections)} connections with one context, authorities read {len(reads)} times")
sys.exit(not as_seen or len(reads) != 1)
PY
