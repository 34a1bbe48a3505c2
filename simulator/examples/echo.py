"""A robot in another language: says back what it hears.

    DINGTALK_APP_SECRET=SECfixture python3 simulator/examples/echo.py

It needs Python's standard library only, and is all that DingTalk asks of a robot: check the signature, acknowledge at
once, reply to the sessionWebhook.
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = os.environ["DINGTALK_APP_SECRET"].encode()
PORT = int(os.environ.get("PORT", "9000"))


def signed_by_dingtalk(headers):
    timestamp, sign = headers.get("timestamp", ""), headers.get("sign", "")
    if not timestamp.isdigit() or abs(time.time() * 1000 - int(timestamp)) > 3600 * 1000:
        return False
    mac = hmac.new(SECRET, timestamp.encode() + b"\n" + SECRET, hashlib.sha256)
    return hmac.compare_digest(base64.b64encode(mac.digest()).decode(), sign)


def reply(callback):
    heard = callback.get("text", {}).get("content", "").strip()
    message = {"msgtype": "text", "text": {"content": f"你说：{heard}"}}
    request = urllib.request.Request(
        callback["sessionWebhook"], json.dumps(message).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        print("DingTalk:", response.read().decode(), flush=True)


class Robot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not signed_by_dingtalk(self.headers):
            return self.answer(401, {"error": "not signed by DingTalk"})
        self.answer(200, {"msgtype": "empty"})
        threading.Thread(target=reply, args=[json.loads(body)]).start()

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", PORT), Robot).serve_forever()
