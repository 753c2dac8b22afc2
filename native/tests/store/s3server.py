"""A small S3 service in memory: put, get of ranges, delete, list (version 2, in pages). It verifies signatures and bodies, and
fails on demand."""

import hashlib
import hmac
import random
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

ACCESS, SECRET, REGION, BUCKET = "AKIATEST", "secret/with+signs=", "eu-test-1", "backups"
PAGE = 7


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_is_right(method, path, query, headers):
    """Signature version 4, computed anew from what arrived."""
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)",
                         headers.get("Authorization", ""))
    if not match or match[1] != ACCESS or match[3] != REGION:
        return False
    date, signed = match[2], match[4].split(";")
    if "host" not in signed or "x-amz-date" not in signed or "x-amz-content-sha256" not in signed:
        return False
    if any(name not in headers for name in signed):
        return False
    canonical = "\n".join([method, path, query, *(f"{name}:{' '.join(headers[name].split())}" for name in signed), "", match[4],
                           headers["x-amz-content-sha256"]])
    scope = f"{date}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (date, REGION, "s3", "aws4_request"):
        key = _hmac(key, part)
    return hmac.compare_digest(_hmac(key, text).hex(), match[5])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def handle_one(self):
        s3 = self.server.s3
        length = int(self.headers.get("Content-Length") or 0)
        path, _, query = self.path.partition("?")
        fault = s3.next_fault(self.command, path)
        body = b""
        while len(body) < length:
            if fault == "drop" and len(body) > length // 2:
                return self.drop()
            piece = self.rfile.read(min(65536, length - len(body)))
            if not piece:
                return self.drop()
            body += piece
        if fault == "hang":
            s3.released.wait(30)
            return self.drop()
        if fault == "drop":
            return self.drop()
        if isinstance(fault, int):
            return self.refuse(fault, {507: "QuotaExceeded", 403: "AccessDenied"}.get(fault, "SlowDown"))
        if not signature_is_right(self.command, path, query, self.headers):
            with s3.lock:
                s3.bad_signatures += 1
            return self.refuse(403, "SignatureDoesNotMatch")
        if hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]:
            return self.refuse(400, "XAmzContentSHA256Mismatch")
        with s3.lock:
            s3.requests.append(self.command)
        key = urllib.parse.unquote(path).lstrip("/")
        bucket, _, key = key.partition("/")
        if bucket != BUCKET:
            return self.refuse(404, "NoSuchBucket")
        return getattr(self, "do_" + self.command.lower())(key, dict(urllib.parse.parse_qsl(query)), body, fault)

    do_PUT = do_GET = do_DELETE = handle_one

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def do_put(self, key, _query, body, _fault):
        with self.server.s3.lock:
            self.server.s3.objects[key] = body
        self.answer(200)

    def do_delete(self, key, _query, _body, _fault):
        with self.server.s3.lock:
            self.server.s3.objects.pop(key, None)
        self.answer(204)

    def do_get(self, key, query, _body, fault):
        if not key:
            return self.list_objects(query)
        data = self.server.s3.objects.get(key)
        if data is None:
            return self.refuse(404, "NoSuchKey")
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not match:
            return self.answer(200, data)
        first, last = int(match[1]), min(int(match[2]), len(data) - 1)
        if first >= len(data):
            return self.refuse(416, "InvalidRange")
        part = data[first:last + 1]
        if fault == "cut":  # promises more than it sends
            self.send_response(206)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[:len(part) // 2])
            return self.drop()
        return self.answer(206, part, [("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    def list_objects(self, query):
        if query.get("list-type") != "2":
            return self.refuse(400, "InvalidArgument")
        with self.server.s3.lock:
            keys = sorted(k for k in self.server.s3.objects if k.startswith(query.get("prefix", "")))
            sizes = {k: len(self.server.s3.objects[k]) for k in keys}
        after = query.get("continuation-token")
        if after:
            keys = [k for k in keys if k > after.removesuffix("/+= &")]
        page, more = keys[:PAGE], len(keys) > PAGE
        xml = "<?xml version='1.0'?><ListBucketResult>" + "".join(
            f"<Contents><Key>{escape(k)}</Key><Size>{sizes[k]}</Size></Contents>" for k in page)
        xml += f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        if more:
            xml += f"<NextContinuationToken>{escape(page[-1] + '/+= &')}</NextContinuationToken>"
        return self.answer(200, (xml + "</ListBucketResult>").encode())


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class S3:
    def __init__(self):
        self.lock = threading.Lock()
        self.objects, self.requests, self.bad_signatures = {}, [], 0
        self.faults = lambda _method, _path: None
        self.released = threading.Event()
        self.http = QuietServer(("127.0.0.1", 0), Handler)
        self.http.s3 = self
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.http.server_address[1]}"

    def next_fault(self, method, path):
        with self.lock:
            return self.faults(method, path)

    def sometimes(self, chance, kinds, seed=1):
        """Each request fails with that chance, in one of the ways: a status, "drop", "cut"."""
        rng = random.Random(seed)
        self.faults = lambda _method, _path: rng.choice(kinds) if rng.random() < chance else None

    def ref(self):
        return {"kind": "S3", "endpoint": self.endpoint, "bucket": BUCKET, "prefix": "some where/deep", "region": REGION, "accessKey": ACCESS,
                "secretKey": SECRET}

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)
