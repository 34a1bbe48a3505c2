#!/usr/bin/env python3
"""Holds the queries of docs/handover.md against logs of the real program.

    .ci/queries.py LOG..

Those for SLS are run, by SQLite, which has what they use of SQL, on the lines as Function Compute keeps them. Of those for
Logs Insights the names of fields are compared. Python's standard library only.
"""

import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Those that lines have only at times: the program must have them all the same.
AT_TIMES = ["error", "remedy", "approver", "approverNick", "alias"]
KEYWORDS = set("fields filter sort limit stats sum count by as and or not like asc desc strcontains latest in bin".split())


def blocks(page, kind):
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(), re.S)


def insights_fields(query):
    """The fields that a query asks for, without strings, patterns and the names that it makes."""
    plain = re.sub(r'"[^"]*"|/\^?[^/\n]*/', " ", query)
    own = set(re.findall(r"\bas (\w+)", plain))
    words = set(re.findall(r"(?<![\w@])[A-Za-z_]\w*", plain))
    return words - own - KEYWORDS


class CountIf:
    def __init__(self):
        self.count = 0

    def step(self, holds):
        self.count += bool(holds)

    def finalize(self):
        return self.count


def scalar(text, path):
    try:
        value = json.loads(text).get(path.removeprefix("$."))
    except ValueError:
        return None
    return value if value is None or isinstance(value, str) else json.dumps(value)


def run(query, lines):
    """What comes of a query for SLS: first the words that a line must hold, then what is made of such lines."""
    search, select = query.split("|", 1)
    words = search.replace(" and ", " ").split()
    found = [line for line in lines if all(re.search(rf"\b{re.escape(word)}\b", line) for word in words)]
    base = sqlite3.connect(":memory:")
    base.create_function("json_extract_scalar", 2, scalar)
    base.create_aggregate("count_if", 1, CountIf)
    base.execute("create table log (message text)")
    base.executemany("insert into log values (?)", [(line,) for line in found])
    # SLS means its Logstore without saying so.
    whole = re.sub(r"\n  (where|group)", r"\n  from log \1", select, count=1)
    rows = base.execute(whole)
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row)) for row in rows]


def check(lines):
    read = [json.loads(line) for line in lines]
    known = {name for line in read for name in line}
    source = (ROOT / "src/dispatch/audit.rs").read_text() + (ROOT / "README.md").read_text()
    for name in AT_TIMES:
        assert re.search(rf"\b{name}\b", source), f"no line has {name}"
        known.add(name)

    pages = [ROOT / "docs/handover.md", ROOT / "docs/handover.zh-CN.md"]
    for kind in ("logs-insights", "sls"):
        one, other = (blocks(page, kind) for page in pages)
        assert one and one == other, f"the two pages have other queries ({kind})"
    for query in blocks(pages[0], "logs-insights"):
        unknown = insights_fields(query) - known
        assert not unknown, f"no line has {unknown}:\n{query}"

    done, wrote, begun, errors, knocks, secret = blocks(pages[0], "sls")
    for query in (done, wrote, begun, errors, knocks, secret):
        unknown = set(re.findall(r"'\$\.(\w+)'", query)) - known
        assert not unknown, f"no line has {unknown}:\n{query}"

    outcomes = [line for line in read if line.get("message") == "outcome"]
    assert len(run(done, lines)) == min(100, len(outcomes)), "what was done"
    assert {"0147000002", "0147000003"} <= {row["who"] for row in run(done, lines)}
    writes = [line for line in outcomes if line.get("effect") == "write"]
    changed = run(wrote, lines)
    assert len(changed) == len(writes) > 0, "what was changed"
    assert {(row["command"], row["outcome"], row["decision"]) for row in changed} == {("say", "done", "allow #2")}, changed
    # A process that was ended in between leaves an intent alone.
    assert run(begun, lines) == [], "begun and not ended, though all ended"
    ended = [line for line in lines if json.loads(line).get("msgId") != writes[0]["msgId"] or '"outcome"' not in line]
    cut = run(begun, ended)
    assert [(row["command"], row["who"], row["begun"], row["ended"]) for row in cut] == [("say", "0147000002", 1, 0)], cut
    broken = json.dumps({**writes[0], "level": "ERROR", "error": "no connection", "remedy": "look"}, ensure_ascii=False)
    found = run(errors, [*lines, broken])
    assert [(row["error"], row["remedy"]) for row in found if row["error"]] == [("no connection", "look")], found
    refused = [line for line in read if line.get("message") == "refused"]
    assert sum(row["lines"] for row in run(knocks, lines)) == len(refused) > 0, "who knocks"
    wrong = [line for line in refused if line["reason"].startswith("sign does not match")]
    assert [row["lines"] for row in run(secret, lines)] == [len(wrong)] and wrong, "a wrong secret"
    programs(pages, lines, [outcomes, outcomes, [line for line in read if line["level"] == "ERROR"]])


def programs(pages, lines, expected):
    """What jq makes of a journal, in which not every line is one of ours."""
    one, other = (re.findall(r"^.*\| jq -R '([^']*)'$", page.read_text(), re.M) for page in pages)
    assert one == other and len(one) == len(expected), (one, other)
    if not shutil.which("jq"):
        return print("without jq: what the pages say for a journal was not run")
    journal = ["Started dingops.service - dingops, ChatOps for DingTalk.", *lines, "7", "[1]", '"text"', "{", "-- Boot 1a2b --", ""]
    for program, wanted in zip(one, expected):
        done = subprocess.run(["jq", "-Rc", program], input="\n".join(journal), capture_output=True, text=True, check=True)
        assert [json.loads(line) for line in done.stdout.splitlines()] == wanted, program


def main():
    if not sys.argv[1:]:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        lines = [line for line in pathlib.Path(name).read_text().splitlines() if line.startswith("{")]
        check(lines)
        print(f"{pathlib.Path(name).name}: every query of docs/handover.md fits {len(lines)} lines")


if __name__ == "__main__":
    main()
