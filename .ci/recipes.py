#!/usr/bin/env python3
"""Checks what the hosts other than SAM are given.

    .ci/recipes.py                         s.yaml, Cargo.toml and the files in deploy/ say the same, and refuse what they must
    .ci/recipes.py packed FOLDER BINARY    the zips of deploy/pack
    .ci/recipes.py deployed FILE           what `cargo lambda deploy --dry --output-format json` would upload

The first needs PyYAML, which comes with aws-sam-cli; the others Python's standard library only.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def function_compute(yaml):
    [resource] = yaml.safe_load((ROOT / "s.yaml").read_text())["resources"].values()
    function = resource["props"]
    assert function["runtime"] == "custom.debian12" and function["customRuntimeConfig"]["port"] == 9000, function
    assert function["code"] == "./target/pack/function-compute.zip", "that is not what deploy/pack makes"
    assert function["instanceConcurrency"] > 1, function
    again = function["asyncInvokeConfig"]
    relay = (ROOT / "src/app/relay.rs").read_text()
    [valid] = re.findall(r"const VALID: SignedDuration = SignedDuration::from_mins\((\d+)\);", relay)
    assert again == {"maxAsyncRetryAttempts": 0, "maxAsyncEventAgeInSeconds": int(valid) * 60}, again
    variables = function["environmentVariables"]
    assert function["timeout"] > seconds(variables["DINGOPS_TIMEOUT"]), "the answer to a command that takes all its time is lost"
    # All in one file, and no default: a deployment without it ends before it takes anything away.
    assert variables == {"DINGOPS_SECRETS": "${file(env('DINGOPS_SECRETS_FILE'))}", "DINGOPS_TIMEOUT": "60s"}, variables
    [trigger] = function["triggers"]
    assert trigger["triggerType"] == "http" and trigger["triggerConfig"]["authType"] == "anonymous", trigger
    assert {"GET", "POST"} <= set(trigger["triggerConfig"]["methods"]), trigger


def kubernetes(yaml):
    parts = {part["kind"]: part for part in yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text())}
    assert parts.keys() == {"Secret", "Deployment", "Service"}, parts.keys()
    assert parts["Secret"]["stringData"] == {"DINGTALK_APP_SECRET": ""}, "a placeholder that somebody knows signs callbacks"
    pod = parts["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False, pod
    assert container["securityContext"]["readOnlyRootFilesystem"] and not container["securityContext"]["allowPrivilegeEscalation"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/", "port": "http"}, container[probe]
    assert pod["terminationGracePeriodSeconds"] >= 60 + 10, pod
    [port] = container["ports"]
    assert {"name": "DINGOPS_LISTEN", "value": f"0.0.0.0:{port['containerPort']}"} in container["env"], container
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert parts["Service"]["spec"]["selector"] == labels == parts["Deployment"]["spec"]["selector"]["matchLabels"], labels


def package():
    import tomllib

    return tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]


def containers():
    recipe = (ROOT / "deploy/Containerfile").read_text()
    assert f"FROM rust:{package()['rust-version']}-" in recipe, "the compiler is not the one of Cargo.toml"
    systems = re.findall(r"^FROM \S*?(\w+)(?:-slim)?(?: AS \w+)?$", recipe.replace("-slim-", "-"), re.M)
    releases = {release for release in re.findall(r"bookworm|trixie|bullseye", recipe)}
    assert len(systems) == 2 and len(releases) == 1, f"built and run by two C libraries: {releases}"
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", recipe, re.M), "it runs as root"
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"target", ".git"} <= set(ignored), ignored


def cargo_lambda():
    deploy = package()["metadata"]["lambda"]["deploy"]
    template = (ROOT / "template.yaml").read_text()
    default = lambda name: re.search(rf"\n  {name}:\n    Type: \w+\n    Default: (\w+)\n", template)[1]
    assert deploy["include"] == ["dingops.toml"] and deploy["enable_function_url"] is True, deploy
    assert deploy["timeout"] == int(default("Timeout")) and f"MemorySize: {deploy['memory']}\n" in template, deploy
    assert deploy["log_retention"] == int(default("LogRetentionDays")), deploy


def packed(folder, binary):
    """The zips hold what was to be packed, and what is in them runs by the settings beside it."""
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    zips = sorted(path.name for path in folder.glob("*.zip"))
    assert sorted(sums) == zips and zips, (sums, zips)
    wanted = {"bootstrap": (0o755, binary.read_bytes()), "dingops.toml": (0o644, (ROOT / "dingops.toml").read_bytes())}
    for name in zips:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sums[name], name
        with zipfile.ZipFile(folder / name) as archive:
            found = {entry.filename: (entry.external_attr >> 16 & 0o7777, archive.read(entry)) for entry in archive.infolist()}
            assert found == wanted, {file: mode for file, (mode, _) in found.items()}
        with tempfile.TemporaryDirectory() as place:
            for file, (mode, content) in found.items():
                path = pathlib.Path(place) / file
                path.write_bytes(content)
                path.chmod(mode)
            variables = {"DINGTALK_APP_SECRET": "SECfixture", "PATH": os.environ["PATH"]}
            checked = subprocess.run([f"{place}/bootstrap", "check"], env=variables, capture_output=True, text=True)
            assert checked.returncode == 0, checked.stderr
            assert f"{place}/dingops.toml (SHA-256 " in checked.stdout, checked.stdout[:300]
        print(f"{name}: bootstrap and dingops.toml, {(folder / name).stat().st_size:,} bytes")


def packing(folder, name, binary):
    """Files that the settings name are packed with them, a mistake is not packed, and sums of other zips are kept."""
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        settings, note, out = place / "bot.toml", place / "note.md", place / "out"
        shutil.copytree(folder, out)
        (out / "other.zip").write_bytes(b"of another run")
        with (out / "SHA256SUMS").open("a") as sums:
            sums.write(f"{'0' * 64}  other.zip\n{'0' * 64}  gone.zip\n")
        note.write_text("what it holds")
        answer = 'version = 1\n[[answer]]\nname = "note"\nmarkdown = "${file:note.md} $${file:none}"\n'
        env = {"PATH": os.environ["PATH"]}

        def run(text, *more):
            settings.write_text(text)
            command = [ROOT / "deploy/pack", name, "--binary", binary, "--settings", settings, "--out", out, *more]
            return subprocess.run(command, env=env, capture_output=True, text=True)

        done = run(answer, "--file", note)
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(out / f"{name}.zip") as archive:
            assert sorted(archive.namelist()) == ["bootstrap", "dingops.toml", "note.md"], archive.namelist()
        sums = dict(reversed(line.split("  ")) for line in (out / "SHA256SUMS").read_text().splitlines())
        assert sums.keys() == {path.name for path in out.glob("*.zip")} and sums["other.zip"] == "0" * 64, sums
        before = (out / "SHA256SUMS").read_text()
        for text, more, says in (
            (answer, (), "note.md"),
            (answer + "= [", ("--file", note), "line 5"),
            (answer + "nonsense = 1", ("--file", note), "nonsense"),
            (answer.replace("$$", "$"), ("--file", note), "none"),
            (answer, ("--file", note, "--file", note), "already"),
        ):
            refused = run(text, *more)
            assert refused.returncode == 2 and says in refused.stderr, (says, refused.stderr)
        assert (out / "SHA256SUMS").read_text() == before
    print("deploy/pack: files beside the settings, and what it refuses")


def deployed(file):
    # A line that says how far it is goes before it.
    told = json.loads(re.sub(r"\A[^{]*", "", file.read_text()))
    assert sorted(told["files"]) == ["bootstrap", "dingops.toml"], told
    print(f"cargo lambda deploy: {', '.join(sorted(told['files']))}")


def main():
    match sys.argv[1:]:
        case []:
            import yaml

            checks = [function_compute, kubernetes]
            for check in checks:
                check(yaml)
            containers()
            cargo_lambda()
            print("s.yaml, Cargo.toml and deploy/ are in order")
        case ["packed", folder, binary]:
            packed(pathlib.Path(folder), pathlib.Path(binary))
            name = next(path.stem for path in sorted(pathlib.Path(folder).glob("lambda-*.zip")))
            packing(pathlib.Path(folder), name, pathlib.Path(binary).resolve())
        case ["deployed", file]:
            deployed(pathlib.Path(file))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
