"""Starts the playground as the README says, looks at its page, and ends it with Ctrl-C.

    python3 page.py PLAYGROUND
"""

import http.client
import json
import re
import signal
import subprocess
import sys
import time


def main(playground):
    process = subprocess.Popen([playground, "--no-open"], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        address = re.search(r"http://([\w.:]+)/", line)[1]
        get = http.client.HTTPConnection(address, timeout=10)
        get.request("GET", "/")
        page = get.getresponse()
        if page.status != 200 or b"<html" not in page.read():
            sys.exit(f"the page: HTTP {page.status}")
        print("ok  the page")
        said = {"person": "alice", "place": {"kind": "private", "name": "alice"}, "text": "ping"}
        post = http.client.HTTPConnection(address, timeout=10)
        post.request("POST", "/page/say", json.dumps(said), {"Content-Type": "application/json"})
        status = post.getresponse().status
        if status // 100 != 2:
            sys.exit(f"saying something: HTTP {status}")
        time.sleep(0.5)
        get.request("GET", "/page/state")
        state = get.getresponse().read().decode()
        if "pong" not in state:
            sys.exit("the robot did not reply")
        print("ok  a reply")
    finally:
        process.send_signal(signal.SIGINT)
        ended = process.wait(timeout=10)
    if ended != 0:
        sys.exit(f"Ctrl-C: exit code {ended}")
    print("ok  Ctrl-C")


if __name__ == "__main__":
    main(sys.argv[1])
