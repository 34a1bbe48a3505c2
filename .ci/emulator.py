#!/usr/bin/env python3
"""Sends every event in events/ to a built dingops and checks the answer and the reply; then talks to it.

    .ci/emulator.py lambda BINARY SIMULATOR              as a function, through cargo-lambda's emulator
    .ci/emulator.py http BINARY SIMULATOR                as a server, `dingops serve`
    .ci/emulator.py function-compute BINARY SIMULATOR    as a function of Function Compute, that is frozen and called back

BINARY is the executable as it gets deployed (`bootstrap`), SIMULATOR the program of that name, which pushes what people say
to the address that DingTalk would push it to. A stand-in takes the place of DingTalk's session webhook for the events, and
dingops.toml is copied with the two as the only session hosts. Python's standard library only; `lambda` also needs
`cargo lambda` on the PATH.
"""

import argparse
import base64
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What events/README.md documents: no secret of anyone's, the events are signed with it.
SECRET = "SECfixture0000000000000000000000000000000000000000000000000000000000"
FUNCTION = "dingops"

EMPTY = {"msgtype": "empty"}

# How an event gets from its file to the function.
AS_IS = "as it is"
SIGNED = "signed afresh"
POINTED = "signed afresh, its sessionWebhook pointed at the stand-in"

# The number of messages that must arrive.
UNREAD = "one message in a private chat, none in a group"

# File name, or all of it that comes before a hyphen: (how it is sent, status, messages). The
# longest name wins. A file that no line covers is an error: a new event needs an expectation.
EXPECTED = {
    # Words.
    "help": (POINTED, 200, 1),
    "ping": (POINTED, 200, 1),
    "whoami": (POINTED, 200, 1),
    "about": (POINTED, 200, 1),
    "answer": (POINTED, 200, 1),
    "unknown-command": (POINTED, 200, 1),
    "richtext": (POINTED, 200, 1),
    "audio": (POINTED, 200, 1),
    "quote": (POINTED, 200, 1),
    "base64": (POINTED, 200, 1),
    "no-staff-id": (POINTED, 200, 1),
    # No words.
    "picture": (POINTED, 200, UNREAD),
    "video": (POINTED, 200, UNREAD),
    "file": (POINTED, 200, UNREAD),
    "interactive-card": (POINTED, 200, UNREAD),
    "action-card": (POINTED, 200, UNREAD),
    "chat-record": (POINTED, 200, UNREAD),
    "markdown": (POINTED, 200, UNREAD),
    "reply": (POINTED, 200, UNREAD),
    "unknown-msgtype": (POINTED, 200, UNREAD),
    "quota-exhausted": (POINTED, 200, 0),
    # Refused.
    "wrong-sign": (AS_IS, 401, 0),
    "stale": (AS_IS, 401, 0),
    "unknown-host": (SIGNED, 400, 0),
    "encrypted": (SIGNED, 400, 0),
    # No callbacks at all.
    "probe": (AS_IS, 200, 0),
    "get": (AS_IS, 200, 0),
}

# What the conversation needs beside the shipped settings: a command that changes something, and where it goes.
MORE_SETTINGS = """
[[allow]]
who = ["staff"]
run = ["say"]
confirm = "none"
accept_one_tap = true

[robots.duty]
token = "{token}"
keywords = ["告警"]
""".format(token="0a2e".rjust(64, "0"))

START_TIMEOUT = 30  # seconds until a process listens
REPLY_TIMEOUT = 15  # seconds until a reply is there
STOP_TIMEOUT = 10  # seconds until a process that was asked to stop is gone


# What is said through the simulator, by whom and where: what the reply must hold, or None for no reply at all.
CONVERSATION = [
    ("ping", "alice", "private", "pong"),
    ("帮助", "alice", "ops", "help"),
    ("whoami", "bob", "ops", "0147000003"),
    ("pnig", "bob", "private", "ping"),
    ("whoami", "nobody", "private", "员工 ID"),
    ("say robot:duty 告警：磁盘快满了", "alice", "ops", "已发出：robot:duty"),
    ("ping", "carol", "ops", None),
]


class Failure(Exception):
    """Something is so wrong that there is nothing to go on with."""


def expectation(path):
    fitting = [name for name in EXPECTED if path.stem == name or path.stem.startswith(name + "-")]
    if not fitting:
        raise Failure(f"{path.name}: add to EXPECTED in .ci/emulator.py what should come of it")
    return EXPECTED[max(fitting, key=len)]


def body_of(event):
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def in_group(event):
    try:
        return str(json.loads(body_of(event)).get("conversationType")) == "2"
    except ValueError:
        return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class StandIn:
    """DingTalk's session webhook: says that all is well, and remembers what it was sent."""

    def __init__(self):
        self.arrived = {}  # session -> messages
        self.stray = []  # what no event should have caused
        self.change = threading.Condition()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                stand_in.take(self.path, body)
                answer = b'{"errcode":0,"errmsg":"ok"}'
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self):
                stand_in.take(f"GET {self.path}", b"")
                self.send_error(405)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, target, body):
        url = urllib.parse.urlsplit(target)
        session = dict(urllib.parse.parse_qsl(url.query)).get("session")
        with self.change:
            if url.path == "/robot/sendBySession" and session:
                self.arrived.setdefault(session, []).append(body)
            else:
                self.stray.append(target)
            self.change.notify_all()

    def webhook(self, session):
        return f"{self.origin}/robot/sendBySession?session={session}"

    def count(self, session):
        with self.change:
            return len(self.arrived.get(session, []))

    def wait_for(self, session, count):
        with self.change:
            self.change.wait_for(lambda: len(self.arrived.get(session, [])) >= count, REPLY_TIMEOUT)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Processes:
    """What this script started, each in a process group of its own, so that all of it ends with us."""

    def __init__(self):
        self.running = []

    def start(self, command, log, **env):
        # Settings of whoever runs this must not leak into what is checked.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DINGOPS_", "DINGTALK_", "AWS_", "RUST_LOG"))}
        with open(log, "wb") as out:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=clean | env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def stop(self, process):
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, how)
            except ProcessLookupError:
                pass
            try:
                process.wait(STOP_TIMEOUT)
                break
            except subprocess.TimeoutExpired:
                continue
        try:
            os.killpg(process.pid, signal.SIGKILL)  # what the leader left behind
        except ProcessLookupError:
            pass
        self.running.remove(process)

    def stop_all(self):
        for process in reversed(list(self.running)):
            self.stop(process)


def wait_until_listening(port, process, log):
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"it ended with {process.returncode} before it listened:\n{log.read_text(errors='replace')}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failure(f"nobody listens after {START_TIMEOUT} s:\n{log.read_text(errors='replace')}")


def parse(what, text):
    try:
        return json.loads(text)
    except ValueError:
        raise Failure(f"{what} is not JSON: {text[:500]!r}") from None


class Lambda:
    """The executable as a function under `cargo lambda watch`.

    The emulator is told not to build and start the function (`--only-lambda-apis`): what runs is
    the very file that gets deployed, and nothing is compiled a second time.
    """

    def __init__(self, binary, processes, folder, env):
        self.port = free_port()
        self.processes = processes
        self.log = folder / "function.log"
        self.used_invoke = False
        self.folder = folder
        emulator_log = folder / "emulator.log"
        command = ["cargo", "lambda", "watch", "--only-lambda-apis"]
        command += ["--invoke-address", "127.0.0.1", "--invoke-port", self.port]
        emulator = processes.start(command, emulator_log)
        wait_until_listening(self.port, emulator, emulator_log)
        self.function = processes.start(
            [binary],
            self.log,
            AWS_LAMBDA_RUNTIME_API=f"http://127.0.0.1:{self.port}/.rt/{FUNCTION}",
            AWS_LAMBDA_FUNCTION_NAME=FUNCTION,
            AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
            AWS_LAMBDA_LOG_FORMAT="JSON",
            AWS_REGION="us-east-1",
            **env,
        )

    def send(self, event):
        # An event that nobody takes is never answered.
        if self.function.poll() is not None:
            raise Failure(f"the function ended with {self.function.returncode}:\n{self.log.read_text(errors='replace')}")
        payload = json.dumps(event)
        if self.used_invoke:
            text = self.post(payload)
        else:
            # Once as people do it by hand; the others straight to the address that this uses.
            self.used_invoke = True
            text = self.invoke(payload)
        answer = parse("what the emulator answered", text)
        if "statusCode" not in answer:
            raise Failure(f"the invocation failed: {text[:500]}")
        return answer["statusCode"], body_of(answer)

    def invoke(self, payload):
        file = self.folder / "event.json"
        file.write_text(payload)
        command = ["cargo", "lambda", "invoke", FUNCTION, "--data-file", str(file)]
        command += ["--invoke-address", "127.0.0.1", "--invoke-port", str(self.port)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=REPLY_TIMEOUT * 2
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"`cargo lambda invoke` had no answer:\n{self.log.read_text(errors='replace')}") from None
        if done.returncode:
            raise Failure(f"`cargo lambda invoke` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def post(self, payload):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REPLY_TIMEOUT * 2)
        try:
            connection.request("POST", f"/2015-03-31/functions/{FUNCTION}/invocations", payload.encode())
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def address(self):
        """The function URL: what DingTalk would push to."""
        return f"http://127.0.0.1:{self.port}/lambda-url/{FUNCTION}/"

    def finish(self, probe):
        # The next event is taken when the work of the one before is done.
        self.send(probe)
        self.processes.stop(self.function)


class Http:
    """The executable as a server of plain HTTP."""

    def __init__(self, binary, processes, folder, env):
        self.port = free_port()
        self.processes = processes
        self.log = folder / "server.log"
        self.server = self.start(binary, env)

    def start(self, binary, env):
        server = self.processes.start([binary, "serve"], self.log, DINGOPS_LISTEN=f"127.0.0.1:{self.port}", **env)
        wait_until_listening(self.port, server, self.log)
        return server

    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def send(self, event):
        call = event["requestContext"]["http"]
        query = event.get("rawQueryString")
        target = event.get("rawPath", "/") + (f"?{query}" if query else "")
        # Those of the connection are ours.
        headers = {k: v for k, v in event["headers"].items() if k.lower() not in ("host", "content-length", "connection")}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REPLY_TIMEOUT)
        try:
            connection.request(call["method"], target, body_of(event) or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def finish(self, _):
        # It does not end before its work is done.
        self.processes.stop(self.server)
        if self.server.returncode != 0:
            raise Failure(f"asked to stop, it ended with {self.server.returncode}")


class FunctionCompute(Http):
    """The executable behind a gateway that does what Function Compute does.

    The gateway adds the platform's headers, keys among them. What says `X-Fc-Invocation-Type: Async` is answered 202 and
    invoked afterwards, once. While nothing is asked of it the process is stopped: what it left for later does not happen.
    """

    KEY = "a-key-of-the-platform"

    def start(self, binary, env):
        behind = free_port()
        self.open = 0
        self.asynchronous = []  # statuses
        self.lock = threading.Lock()
        self.frozen = False
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
                call = (behind, self.command, self.path, body, headers)
                if self.headers.get("x-fc-invocation-type") == "Async":
                    threading.Thread(target=host.invoke_later, args=call).start()
                    status, answer, kind = 202, b"", None
                else:
                    status, answer, kind = host.invoke(*call)
                self.send_response(status)
                if kind:
                    self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else answer)

            do_GET = do_HEAD = do_POST = pass_on

            def log_message(self, *_):
                pass

        gateway = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        platform = {"FC_FUNCTION_NAME": FUNCTION, "FC_SERVER_PORT": str(behind)}
        # As s.yaml has it: all in one, and an empty variable takes nothing away.
        secrets = {"DINGOPS_SELF_URL": self.address(), "DINGTALK_APP_SECRET": env["DINGTALK_APP_SECRET"]}
        own = {"DINGOPS_SECRETS": json.dumps(secrets), "DINGTALK_APP_SECRET": ""}
        server = self.processes.start([binary], self.log, **env | platform | own)
        self.pid = server.pid
        wait_until_listening(behind, server, self.log)
        self.freeze()
        return server

    def freeze(self):
        with self.lock:
            if not self.open and not self.frozen:
                self.frozen = True
                os.kill(self.pid, signal.SIGSTOP)

    def thaw(self, opened):
        with self.lock:
            self.open += opened
            if self.frozen:
                self.frozen = False
                os.kill(self.pid, signal.SIGCONT)

    def invoke(self, port, method, path, body, headers):
        keys = ("x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token", "x-fc-request-id")
        self.thaw(1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REPLY_TIMEOUT * 2)
        try:
            connection.request(method, path, body or None, headers | {key: self.KEY for key in keys})
            response = connection.getresponse()
            return response.status, response.read(), response.getheader("content-type")
        finally:
            connection.close()
            with self.lock:
                self.open -= 1
            self.freeze()

    def invoke_later(self, *call):
        self.asynchronous.append(self.invoke(*call)[0])

    def finish(self, probe):
        self.thaw(1)
        super().finish(probe)
        log = self.log.read_text(errors="replace")
        if self.KEY in log or "x-fc" in log:
            raise Failure("headers of the platform are in the log")
        if not self.asynchronous or set(self.asynchronous) != {200}:
            raise Failure(f"asynchronous invocations: expected 200 for each, came {self.asynchronous}")


def wrong_words(simulator, host, port):
    """What is wrong with what comes of people talking to the bot, if anything."""
    for line, person, place, holds in CONVERSATION:
        command = [simulator, "--robot", host.address(), "--secret", SECRET, "--listen", f"127.0.0.1:{port}"]
        command += ["--say", line, "--as", person, "--in", place, "--wait", str(REPLY_TIMEOUT if holds else 1)]
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        said = f"{person} in {place}: {line}"
        if holds is None and (done.returncode == 0 or done.stdout.strip()):
            yield f"{said}: expected no reply, came {done.stdout!r}"
        if holds is not None and (done.returncode or holds not in done.stdout):
            yield f"{said}: expected {holds!r}, came {done.stdout!r} {done.stderr!r}"
        print(f"    {said:40} {'answered' if done.stdout.strip() else 'not answered'}", flush=True)


def wrong_log(log):
    """What is wrong with a host's log: its lines are what log levels, the template's metric filter and an audit need."""
    lines = []
    for line in log.splitlines():
        try:
            lines.append(json.loads(line))
            if not {"timestamp", "level", "message"} <= lines[-1].keys():
                yield f"a log line without timestamp, level or message: {line[:300]}"
        except (ValueError, AttributeError):
            yield f"a log line that is not JSON: {line[:300]}"
    audit = [line for line in lines if isinstance(line, dict) and line.get("target") == "dingops::audit"]
    if not any(line.get("command") == "help" and line.get("requestId") and line.get("msgId") for line in audit):
        yield "no audit line of the help command with its ids"


def fresh(binary, path, webhook, env):
    command = [str(binary), "event", "--from", str(path)]
    if webhook:
        command += ["--session-webhook", webhook]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    if done.returncode:
        raise Failure(f"`dingops event --from events/{path.name}` ended with {done.returncode}: {done.stderr}")
    return parse(f"`dingops event --from events/{path.name}`", done.stdout)


def wrong_body(event, status, body):
    """What is wrong with the body of an answer, if anything."""
    method = event["requestContext"]["http"]["method"]
    if method in ("GET", "HEAD"):
        name = b"dingops" if method == "GET" else b""
        return None if body.strip() == name else f"answered {body!r} instead of {name!r}"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"the answer is not JSON: {body!r}"
    if status == 200:
        return None if answer == EMPTY else f"answered {answer} instead of {EMPTY}"
    return None if isinstance(answer, dict) and list(answer) == ["error"] else f"the error is {answer}"


def wrong_message(message):
    try:
        return None if json.loads(message).get("msgtype") else f"a message without msgtype: {message!r}"
    except (ValueError, AttributeError):
        return f"a message that is no JSON object: {message!r}"


def shipped_settings(*origins):
    """The shipped dingops.toml, with the stand-in and the simulator as the only hosts that are ever posted to."""
    text = (ROOT / "dingops.toml").read_text()
    text, count = re.subn(r"(?m)^session_hosts\s*=\s*\[[^\]\n]*\]", f"session_hosts = {json.dumps(origins)}", text)
    if count != 1:
        raise Failure(f"dingops.toml has {count} lines `session_hosts = [..]` instead of one")
    # All events are one person's, within seconds.
    text = re.sub(r"(?m)^per_minute\s*=\s*\d+", "per_minute = 1000", text)
    # Custom robots are the simulator's, too.
    text, count = re.subn(r"(?m)^oapi\s*=.*$", f'oapi = "{origins[-1]}"', text)
    if count != 1:
        raise Failure(f"dingops.toml has {count} lines `oapi = ..` instead of one")
    return text + MORE_SETTINGS


def check(host_class, binary, simulator, stand_in, processes, folder):
    """Sends everything; returns how many events there were, what was wrong, and what was logged."""
    files = sorted((ROOT / "events").glob("*.json"))
    if not files:
        raise Failure("there is nothing in events/")
    config = folder / "dingops.toml"
    simulator_port = free_port()
    config.write_text(shipped_settings(stand_in.origin, f"http://127.0.0.1:{simulator_port}"))
    env = {"DINGTALK_APP_SECRET": SECRET, "DINGOPS_CONFIG": str(config)}

    probe = next((json.loads(p.read_text()) for p in files if p.stem == "probe"), None)
    if probe is None:
        raise Failure("events/probe.json is missing")

    host = host_class(binary, processes, folder, env)
    wrong = []
    expected = {}  # session -> (file name, messages)
    for path in files:
        how, status, messages = expectation(path)
        # A session for each event, so that each message can be put down to one.
        session = hashlib.md5(path.name.encode()).hexdigest()
        webhook = stand_in.webhook(session) if how == POINTED else None
        event = json.loads(path.read_text()) if how == AS_IS else fresh(binary, path, webhook, env)
        if messages == UNREAD:
            messages = 0 if in_group(event) else 1
        expected[session] = (path.name, messages)

        got, body = host.send(event)
        problem = f"status {got} instead of {status}" if got != status else wrong_body(event, got, body)
        if messages and not problem:
            stand_in.wait_for(session, messages)
        if problem:
            wrong.append(f"{path.name}: {problem}")
        print(f"    {path.name:32} {got}  {messages} expected, {stand_in.count(session)} arrived", flush=True)

    # A forgery of this moment, in which only the secret is wrong.
    another = env | {"DINGTALK_APP_SECRET": SECRET[::-1]}
    got, _ = host.send(fresh(binary, ROOT / "events" / "help.json", stand_in.webhook("forged"), another))
    if got != 401:
        wrong.append(f"a callback signed with another secret: status {got} instead of 401")

    wrong += wrong_words(simulator, host, simulator_port)

    # Only now is it certain that nothing more is on its way.
    host.finish(probe)
    for session, (name, messages) in expected.items():
        arrived = stand_in.arrived.pop(session, [])
        if len(arrived) != messages:
            wrong.append(f"{name}: {len(arrived)} messages instead of {messages}")
        wrong += [f"{name}: {problem}" for problem in map(wrong_message, arrived) if problem]
    wrong += [f"a message for a session that no event has: {session}" for session in stand_in.arrived]
    wrong += [f"a stray request: {target}" for target in stand_in.stray]

    log = host.log.read_text(errors="replace")
    if SECRET in log:
        wrong.append("the secret is in the log")
    wrong += [f"{name}: its session is in the log" for session, (name, _) in expected.items() if session in log]
    wrong += wrong_log(log)
    if wrong:
        print(f"--- its log, the last lines ---\n{log[-8000:].replace(SECRET, '***')}---", flush=True)
    return len(files), wrong, log


HOSTS = {"lambda": Lambda, "http": Http, "function-compute": FunctionCompute}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("simulator", type=pathlib.Path)
    parser.add_argument("--keep-log", type=pathlib.Path, help="where to put what it logged")
    args = parser.parse_args()

    # Being told to stop is no reason to leave anything running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes = Processes()
    stand_in = StandIn()
    with tempfile.TemporaryDirectory(prefix="dingops-") as folder:
        try:
            programs = (args.binary.resolve(), args.simulator.resolve())
            count, wrong, log = check(HOSTS[args.host], *programs, stand_in, processes, pathlib.Path(folder))
            if args.keep_log:
                args.keep_log.write_text(log)
        except (Failure, OSError, subprocess.TimeoutExpired) as failure:
            print(f"{args.host}: {failure}", file=sys.stderr)
            return 1
        finally:
            processes.stop_all()
            stand_in.close()
    for line in wrong:
        print(f"{args.host}: {line}", file=sys.stderr)
    print(f"{args.host}: {count} events and {len(CONVERSATION)} lines of a conversation checked, {len(wrong)} mismatches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
