"""Stands in the place of the video server: writes down who asks for what, and shows what a browser keeps to itself."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Video</title><link rel="icon" href="data:,">
<h1>Video room</h1><pre id="hash"></pre><a id="link">To the appointment</a>
<script>document.getElementById('hash').textContent = location.hash</script>"""


@dataclass
class Request:
    line: str
    headers: dict

    @property
    def path(self):
        return self.line.split(" ")[1]


class Video:
    """A server on a free port, and every request that came to it."""

    def __init__(self):
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.append(Request(self.requestline, headers))
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def asked_for(self, path):
        """The requests for what is below a path."""
        return [request for request in self.requests if request.path.startswith(path)]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
