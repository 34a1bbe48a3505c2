"""Points published DingTalk clients at the simulator: what they send as valid must be taken.

    python clients.py SIMULATOR [NODE-PACKAGES]

Needs the packages DingtalkChatbot and alibabacloud_dingtalk; NODE-PACKAGES is where npm installed dingtalk-robot-sender. The robot is simulator/examples/echo.py.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
from alibabacloud_dingtalk.robot_1_0 import models
from alibabacloud_dingtalk.robot_1_0.client import Client as Robot
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from dingtalkchatbot.chatbot import ActionCard, CardItem, DingtalkChatbot, FeedLink

ROBOT_SECRET = "SECfixture"
ECHO = os.path.join(os.path.dirname(__file__), "..", "simulator", "examples", "echo.py")


def expect(what, came, wanted):
    if came != wanted:
        sys.exit(f"{what}: expected {wanted}, came {came}")
    print(f"ok  {what}")


@contextlib.contextmanager
def running(command, **env):
    process = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        if process.wait(timeout=10) not in (0, -signal.SIGTERM):
            sys.exit(f"{command[0]} ended with {process.returncode}")


def simulator(binary, robot):
    arguments = ["--robot", robot, "--secret", ROBOT_SECRET, "--listen", "127.0.0.1:0", "--no-open"]
    return running([binary, *arguments])


def printed(process):
    """The addresses and ids that the simulator prints when it starts."""
    text = ""
    while "Chat:" not in text:
        line = process.stdout.readline()
        if not line:
            sys.exit(f"the simulator ended: {text}")
        text += line
    found = re.search(r"Custom robot: (\S+)\s+\(secret (\S+)\)", text)
    return {
        "origin": re.search(r"OpenAPI: http://(\S+)", text)[1],
        "key": re.search(r"appKey (\w+)", text)[1],
        "robot_code": re.search(r"robotCode (\w+)", text)[1],
        "webhook": found[1],
        "secret": found[2],
    }


def custom_robot(at):
    bot = DingtalkChatbot(at["webhook"], secret=at["secret"])
    page, picture = "https://example.com/", "https://example.com/a.png"
    button = CardItem(title="看", url=page)
    messages = {
        "image": lambda: bot.send_image(picture),
        "text": lambda: bot.send_text(msg="构建完成 @13800000002", at_mobiles=["13800000002"]),
        "text to all": lambda: bot.send_text(msg="构建完成", is_at_all=True),
        "markdown": lambda: bot.send_markdown(title="构建", text="#### 构建\n> 完成", at_mobiles=[]),
        "link": lambda: bot.send_link(title="构建", text="完成", message_url=page, pic_url=""),
        "card, one button": lambda: bot.send_action_card(ActionCard("构建", "完成", [button])),
        "card, two buttons": lambda: bot.send_action_card(ActionCard("构建", "完成", [button, button], 1, 1)),
        "feed": lambda: bot.send_feed_card([FeedLink("构建", page, picture), FeedLink("部署", page, picture)]),
    }
    for what, send in messages.items():
        expect(f"DingtalkChatbot: {what}", send(), {"errcode": 0, "errmsg": "ok"})
    wrong = DingtalkChatbot(at["webhook"], secret="SECanother")
    expect("DingtalkChatbot: wrong secret", wrong.send_text(msg="x")["errcode"], 310000)
    stranger = DingtalkChatbot(at["webhook"].replace("0a1e", "0a1f"), secret=at["secret"])
    expect("DingtalkChatbot: unknown token", stranger.send_text(msg="x")["errcode"], 300005)


def openapi(at):
    config = Config(protocol="http", region_id="central", endpoint=at["origin"])
    token = OAuth2(config).get_access_token(GetAccessTokenRequest(app_key=at["key"], app_secret=ROBOT_SECRET)).body
    expect("alibabacloud_dingtalk: token", token.expire_in, 7200)
    client = Robot(config)
    param = json.dumps({"title": "构建", "text": "完成"}, ensure_ascii=False)
    common = {"robot_code": at["robot_code"], "msg_key": "sampleMarkdown", "msg_param": param}
    headers = models.OrgGroupSendHeaders(x_acs_dingtalk_access_token=token.access_token)
    group = models.OrgGroupSendRequest(open_conversation_id="cidOPSAAAAAAAAAAAAAAAA==", **common)
    sent = client.org_group_send_with_options(group, headers, RuntimeOptions())
    expect("alibabacloud_dingtalk: group", bool(sent.body.process_query_key), True)
    headers = models.BatchSendOTOHeaders(x_acs_dingtalk_access_token=token.access_token)
    people = models.BatchSendOTORequest(user_ids=["0147000002", "0000000000"], **common)
    sent = client.batch_send_otowith_options(people, headers, RuntimeOptions())
    expect("alibabacloud_dingtalk: people", sent.body.invalid_staff_id_list, ["0000000000"])
    try:
        people.msg_key = "sampleNothing"
        client.batch_send_otowith_options(people, headers, RuntimeOptions())
        sys.exit("alibabacloud_dingtalk: an unknown msgKey was taken")
    except Exception as error:
        expect("alibabacloud_dingtalk: unknown msgKey", error.code, "invalidParameter.msgKey.invalid")


def echo(binary, robot):
    """A robot in another language, driven as the simulator's README says."""
    command = [binary, "--robot", robot, "--say", "你好", "--in", "ops"]
    for secret, code, output in [(ROBOT_SECRET, 0, "你说：你好"), ("SECanother", 1, "")]:
        done = subprocess.run([*command, "--secret", secret], capture_output=True, text=True, timeout=60)
        expect(f"echo.py: exit code with the secret {secret}", done.returncode, code)
        expect("echo.py: its reply", done.stdout.strip(), output)


def listening(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}")


def javascript(at, packages):
    script = os.path.join(os.path.dirname(__file__), "clients.mjs")
    if subprocess.run(["node", script, packages, at["webhook"], at["secret"]], timeout=60).returncode:
        sys.exit("the JavaScript client")


def main(binary, packages=None):
    # A port that was free a moment ago.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    robot = f"http://127.0.0.1:{port}/"
    with running([sys.executable, "-B", ECHO], DINGTALK_APP_SECRET=ROBOT_SECRET, PORT=str(port)):
        listening(port)
        echo(binary, robot)
        with simulator(binary, robot) as process:
            at = printed(process)
            custom_robot(at)
            openapi(at)
            if packages:
                javascript(at, packages)


if __name__ == "__main__":
    main(*sys.argv[1:])
