#!/usr/bin/env python3
"""Transforms template.yaml as CloudFormation would, and checks what would be made of it.

    .ci/template.py    (with the Python of the environment that has aws-sam-cli)

SAM's own translator does the transform; conditions are decided here, for several sets of parameters. Nothing talks to AWS.
"""

import contextlib
import json
import logging
import os
import pathlib
import re
import shutil
import sys
import tempfile
import zipfile

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.lib.package.packageable_resources import ServerlessLayerVersionResource
from samcli.lib.package.uploaders import Uploaders
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# Of metrics that nobody asked for.
logging.disable(logging.WARNING)

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATE = (ROOT / "template.yaml").read_text()
PSEUDO = {
    "AWS::StackName": "bot",
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::AccountId": "123456789012",
}
NOTHING = object()
REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


class Stack:
    """What a stack with these parameters consists of."""

    def __init__(self, **given):
        template = yaml_parse(TEMPLATE)
        self.declared = template["Parameters"]
        self.parameters = {name: parameter.get("Default") for name, parameter in self.declared.items()}
        assert given.keys() - PSEUDO.keys() <= self.declared.keys(), given
        self.parameters |= PSEUDO | given
        for name, parameter in self.declared.items():
            self.check(name, parameter)
        # Where the code is does not matter to the transform, only that it is in S3 by then.
        template["Resources"]["Function"]["Properties"]["CodeUri"] = "s3://bucket/code"
        template["Resources"]["Settings"]["Properties"]["ContentUri"] = "s3://bucket/settings"
        values = {name: value for name, value in self.parameters.items() if name in self.declared}
        done = Translator({}, Parser()).translate(template, values)
        self.conditions = done["Conditions"]
        self.raw = done["Resources"]
        exists = {name: part for name, part in self.raw.items() if self.holds(part.get("Condition"))}
        self.resources = {name: self.resolve(part) for name, part in exists.items()}
        self.outputs = {name: self.resolve(part["Value"]) for name, part in done["Outputs"].items()}
        self.rules = template.get("Rules", {})

    def check(self, name, parameter):
        value = self.parameters[name]
        assert value is not None, f"{name} has no default, and none was given"
        if pattern := parameter.get("AllowedPattern"):
            assert re.fullmatch(pattern, str(value)), f"{name}: {value!r} is not allowed"

    def holds(self, condition):
        return condition is None or self.resolve(self.conditions[condition])

    def broken_rules(self):
        """The names of the rules that these parameters break."""
        for name, rule in self.rules.items():
            if self.resolve(rule.get("RuleCondition", True)):
                if not all(self.resolve(part["Assert"]) for part in rule["Assertions"]):
                    yield name

    def resolve(self, value):
        if isinstance(value, list):
            return [part for part in map(self.resolve, value) if part is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self.reference(argument)
            if function == "Fn::If":
                name, then, otherwise = argument
                return self.resolve(then if self.holds(name) else otherwise)
            if function == "Fn::Sub":
                return REFERENCE.sub(lambda found: str(self.reference(found[1])), argument)
            if function == "Fn::GetAtt":
                return "/".join(argument)
            if function == "Fn::Equals":
                return self.resolve(argument[0]) == self.resolve(argument[1])
            if function == "Fn::Not":
                return not self.resolve(argument[0])
            if function == "Fn::Join":
                parts = self.resolve(argument[1])
                return argument[0].join([parts] if isinstance(parts, str) else parts)
            if function == "Fn::Contains":
                return self.resolve(argument[1]) in argument[0]
            assert not function.startswith("Fn::"), f"{function} is not known here"
        parts = {name: self.resolve(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part is not NOTHING}

    def reference(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.parameters:
            value = self.parameters[name]
            is_list = self.declared.get(name, {}).get("Type") == "CommaDelimitedList"
            return value.split(",") if is_list else value
        logical = name.split(".")[0]
        assert logical in self.raw, f"there is no {name}"
        assert self.holds(self.raw[logical].get("Condition")), f"{name} is referred to and not made"
        return name.replace(".", "/")

    def of_type(self, kind):
        return [part["Properties"] for part in self.resources.values() if part["Type"] == kind]

    def function(self):
        [function] = self.of_type("AWS::Lambda::Function")
        return function

    def variables(self):
        return self.function()["Environment"]["Variables"]

    def permissions(self):
        return {part["Action"]: part for part in self.of_type("AWS::Lambda::Permission")}


def whole(**given):
    return Stack(SecretId="dingops/bot", **given)


def a_function_url_anyone_may_call():
    stack = whole()
    [url] = stack.of_type("AWS::Lambda::Url")
    assert url["AuthType"] == "NONE" and url["TargetFunctionArn"] == "Function", url
    allowed = stack.permissions()
    assert allowed.keys() == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}, allowed
    assert all(part["Principal"] == "*" for part in allowed.values()), allowed
    assert allowed["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE", allowed
    # Without this condition anybody could invoke the function past its URL, with an event of their making.
    assert allowed["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True, allowed
    assert stack.outputs["MessageReceiveAddress"] == "FunctionUrl/FunctionUrl", stack.outputs
    assert not stack.of_type("AWS::ApiGatewayV2::Api")


def an_http_api_instead():
    stack = whole(Front="HttpApi")
    assert not stack.of_type("AWS::Lambda::Url")
    [integration] = stack.of_type("AWS::ApiGatewayV2::Integration")
    assert integration["PayloadFormatVersion"] == "2.0" and integration["IntegrationType"] == "AWS_PROXY", integration
    [route] = stack.of_type("AWS::ApiGatewayV2::Route")
    assert route["RouteKey"] == "$default" and route["Target"] == "integrations/HttpApiIntegration", route
    [stage] = stack.of_type("AWS::ApiGatewayV2::Stage")
    assert stage["AutoDeploy"] is True and stage["DefaultRouteSettings"]["ThrottlingRateLimit"] >= 10, stage
    allowed = stack.permissions()
    assert allowed.keys() == {"lambda:InvokeFunction"}, allowed
    [permission] = allowed.values()
    assert permission["Principal"] == "apigateway.amazonaws.com" and "HttpApi/*" in permission["SourceArn"], permission
    assert stack.outputs["MessageReceiveAddress"] == "HttpApi/ApiEndpoint/", stack.outputs
    assert list(whole(**{"AWS::Region": "cn-north-1"}).broken_rules()) == ["ChinaHasNoFunctionUrls"]
    china = whole(Front="HttpApi", **{"AWS::Region": "cn-north-1", "AWS::Partition": "aws-cn"})
    assert not list(china.broken_rules())
    assert "arn:aws:" not in json.dumps(china.resources), "an ARN of another partition"


def a_function_that_has_time_and_repeats_nothing():
    for timeout, given in ((60, {}), (900, {"Timeout": 900})):
        assert whole(**given).function()["Timeout"] == timeout
    timeout = whole().declared["Timeout"]
    assert timeout["MinValue"] >= 10 and timeout["MaxValue"] <= 900, timeout
    [again] = whole().of_type("AWS::Lambda::EventInvokeConfig")
    assert again["MaximumRetryAttempts"] == 0, again
    assert whole().function()["Architectures"] == ["arm64"]


def no_secret_in_plain():
    secret = re.compile(r"secret|token|password|key", re.I)
    # Names of things, and no secrets.
    plain = {"SecretId", "SecretVersionId", "AppKey", "KmsKeyArn"}
    template = yaml_parse(TEMPLATE)
    assert not any(part.get("NoEcho") for part in template["Parameters"].values()), "a secret as a parameter"
    unknown = {name for name in template["Parameters"] if secret.search(name)} - plain
    assert not unknown, f"parameters named like secrets: {unknown}"
    version = "0123456789abcdef0123456789abcdef"
    for given in ({}, {"SecretVersionId": version}, {"RobotCode": "ding1", "AppKey": "ding2"}, {"Front": "HttpApi"}):
        stack = whole(**given)
        for name, value in stack.variables().items():
            if name not in ("DINGTALK_ROBOT_CODE", "DINGTALK_APP_KEY"):
                assert re.fullmatch(r"\{\{resolve:secretsmanager:[^{}]+\}\}", value), f"{name}: {value}"
        assert stack.variables()["DINGOPS_CODE_KEY"] == "{{resolve:secretsmanager:CodeKey:SecretString}}"
        elsewhere = {name: part for name, part in stack.resources.items() if name != "Function"}
        told = json.dumps([elsewhere, stack.outputs])
        assert "{{resolve" not in told and "SecretString}}" not in told, told
        assert "CodeKey" not in json.dumps(stack.outputs), stack.outputs
    plain, versioned = whole().variables()["DINGOPS_SECRETS"], whole(SecretVersionId=version).variables()["DINGOPS_SECRETS"]
    assert plain == "{{resolve:secretsmanager:dingops/bot:SecretString}}", plain
    assert versioned == f"{{{{resolve:secretsmanager:dingops/bot:SecretString:::{version}}}}}", versioned
    [key] = whole().of_type("AWS::SecretsManager::Secret")
    assert "SecretString" not in key and key["GenerateSecretString"]["PasswordLength"] >= 32, key
    assert "DINGTALK_ROBOT_CODE" not in whole().variables(), "empty rather than absent"


def the_openapi_needs_both():
    assert list(whole(AppKey="ding1").broken_rules()) == ["OpenApiNeedsRobotCode"]
    assert not list(whole(AppKey="ding1", RobotCode="ding2").broken_rules())


def a_role_for_no_more_than_it_does():
    actions = lambda stack: {
        action
        for part in stack.of_type("AWS::IAM::Role")
        for policy in part["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    [role] = whole().of_type("AWS::IAM::Role")
    assert actions(whole()) == logs and "ManagedPolicyArns" not in role, role
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert actions(whole(KmsKeyArn=key)) == logs | {"kms:Decrypt"}
    assert whole(KmsKeyArn=key).function()["KmsKeyArn"] == key and "KmsKeyArn" not in whole().function()


def a_network_of_ones_own():
    stack = whole(SubnetIds="subnet-1,subnet-2", SecurityGroupIds="sg-1")
    network = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert stack.function()["VpcConfig"] == network, stack.function()
    [role] = stack.of_type("AWS::IAM::Role")
    assert role["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"]
    assert "VpcConfig" not in whole().function()


def a_throttle_that_is_optional():
    assert "ReservedConcurrentExecutions" not in whole().function()
    assert whole(ReservedConcurrency="10").function()["ReservedConcurrentExecutions"] == "10"
    # 0 would read like a function that is stopped.
    for refused in ("0", "1", "9", "-10", "010"):
        with refusal():
            whole(ReservedConcurrency=refused)


@contextlib.contextmanager
def refusal():
    try:
        yield
    except AssertionError as error:
        assert "is not allowed" in str(error), error
    else:
        raise AssertionError("that is taken")


def alarms_that_somebody_reads():
    assert not any("AlarmActions" in alarm for alarm in whole().of_type("AWS::CloudWatch::Alarm"))
    stack = whole(AlarmEmail="ops@example.com")
    [topic] = stack.of_type("AWS::SNS::Topic")
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "ops@example.com"}], topic
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    assert len(alarms) == 4 and all(alarm["AlarmActions"] == ["AlarmTopic"] for alarm in alarms), alarms
    # An alarm and the filter that feeds it must speak of one metric.
    filters = {part["MetricTransformations"][0]["MetricName"]: part["FilterPattern"] for part in stack.of_type("AWS::Logs::MetricFilter")}
    lines = [alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "dingops"]
    assert len(lines) == 2 and sorted(lines) == sorted(filters), (lines, filters)


def an_alarm_on_a_wrong_secret():
    """The filter reads what the program writes of such a callback, and of no other."""
    [pattern] = [part["FilterPattern"] for part in whole().of_type("AWS::Logs::MetricFilter") if "refused" in part["FilterPattern"]]
    [reason] = re.findall(r'\$\.reason = "([^"*]+)\*"', pattern)
    said = re.findall(r'#\[error\(\s*"([^"]+)"\s*\)\]\s*(\w+)', (ROOT / "src/dingtalk/signature.rs").read_text())
    assert [variant for text, variant in said if text.startswith(reason)] == ["Mismatch"], said
    assert '"refused")' in (ROOT / "src/app.rs").read_text(), "that is not how a refusal is logged"
    # So many lines of a kind a process writes in a minute: more would never come of one.
    [most] = re.findall(r"strangers: Sparingly::new\((\d+),", (ROOT / "src/app.rs").read_text())
    [alarm] = [part for part in whole().of_type("AWS::CloudWatch::Alarm") if part["MetricName"].endswith("RefusedSignatures")]
    assert alarm["Threshold"] == int(most) and alarm["Period"] == 300, alarm


def a_log_that_outlives_the_stack():
    [log] = [part for part in whole().resources.values() if part["Type"] == "AWS::Logs::LogGroup"]
    assert log["DeletionPolicy"] == "RetainExceptOnCreate" and log["UpdateReplacePolicy"] == "Retain", log


def two_robots_are_two_stacks():
    names = lambda stack: set(re.findall(r'"(?:\w*Name)": "([^"]*bot[^"]*)"', json.dumps(stack.resources)))
    one, other = names(whole()), names(whole(**{"AWS::StackName": "robot"}))
    assert one and not one & other, one & other
    prefixed = whole(NamePrefix="acme-")
    assert prefixed.function()["FunctionName"] == "acme-bot"
    assert all("acme-bot" in name for name in names(prefixed)), names(prefixed)
    assert prefixed.function()["LoggingConfig"]["LogGroup"] == "LogGroup"


def the_settings_are_a_layer():
    """What SAM puts into the layer: dingops.toml at its top, so at /opt/dingops.toml, and what lies beside it."""
    toml = (ROOT / "dingops.toml").read_bytes()
    layer = yaml_parse(TEMPLATE)["Resources"]["Settings"]["Properties"]
    shipped = ROOT / layer["ContentUri"]
    assert zipped(layer, shipped) == {"dingops.toml": toml}
    with tempfile.TemporaryDirectory() as place:
        # As docs/deploy.md says: a file of the settings is linked as dingops.toml is.
        folder = pathlib.Path(place, "deploy/settings")
        shutil.copytree(shipped, folder, symlinks=True)
        pathlib.Path(place, "dingops.toml").write_bytes(toml)
        pathlib.Path(place, "ca.pem").write_bytes(b"an authority")
        (folder / "ca.pem").symlink_to("../../ca.pem")
        assert zipped(layer, folder) == {"dingops.toml": toml, "ca.pem": b"an authority"}
    # SAM names the resource anew whenever its content is another, and Ref follows.
    [settings] = [name for name, part in whole().resources.items() if part["Type"] == "AWS::Lambda::LayerVersion"]
    assert whole().function()["Layers"] == [settings], whole().function()["Layers"]


def zipped(layer, folder):
    """What the zip of a layer with this folder holds."""
    found = {}

    class Uploader:
        bucket_name = prefix = None

        def upload_with_dedup(self, file, *_, **__):
            with zipfile.ZipFile(file) as archive:
                found.update({name: archive.read(name) for name in archive.namelist()})
            return "s3://bucket/settings"

    class Uploaders_(Uploaders):
        def __init__(self):
            pass

        def get(self, *_):
            return Uploader()

    class Unsigned:
        def should_sign_package(self, _):
            return False

    exporter = ServerlessLayerVersionResource(Uploaders_(), Unsigned(), {})
    exporter.export("Settings", {**layer, "ContentUri": str(folder)}, str(ROOT))
    return found


CHECKS = [
    a_function_url_anyone_may_call,
    an_http_api_instead,
    a_function_that_has_time_and_repeats_nothing,
    no_secret_in_plain,
    the_openapi_needs_both,
    a_role_for_no_more_than_it_does,
    a_network_of_ones_own,
    a_throttle_that_is_optional,
    alarms_that_somebody_reads,
    an_alarm_on_a_wrong_secret,
    a_log_that_outlives_the_stack,
    two_robots_are_two_stacks,
    the_settings_are_a_layer,
]


def main():
    wrong = 0
    for check in CHECKS:
        try:
            check()
        except Exception as error:  # a template that the translator refuses, too
            wrong += 1
            print(f"template.yaml: not {check.__name__.replace('_', ' ')}: {type(error).__name__}: {error}", file=sys.stderr)
    print(f"template.yaml: {len(CHECKS)} checks, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
