//! What it tells about itself and its settings.

use dingops::{
    config::{Settings, SettingsFile},
    testing::SECRET,
};

use simulator::{TOKEN, TOKEN_SECRET};

use crate::program::{File, PREVIOUS, not_started, run, succeeded, with_settings};

#[test]
fn help_needs_no_settings() {
    let out = succeeded(run(&["--help"], &[]));
    for word in ["serve", "check", "event", "send", "DINGTALK_APP_SECRET"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    for (arguments, word) in [
        (["serve", "--help"], "DINGOPS_LISTEN"),
        (["check", "--help"], "settings"),
        (["event", "--help"], "--session-webhook"),
        (["send", "--help"], "dingops send --to robot:ops --text"),
    ] {
        let out = succeeded(run(&arguments, &[]));
        assert!(out.contains(word), "{word}: {out}");
    }
    assert_eq!(succeeded(run(&["--version"], &[])), concat!("dingops ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn check_prints_the_table_and_the_hash() {
    let toml = r#"
        version = 1
        locale = "en"
        timezone = "Europe/Berlin"
        [dingtalk]
        max_skew = "5m"
        corps = ["ding0000other"]
        [people]
        alice = "${ALICE}"
        [robots.warroom]
        token = "${TOKEN}"
        keywords = ["监控"]
        [audit]
        report = ["robot:warroom"]
        [limits]
        per_day = 50
        [[answer]]
        name = "on call"
        markdown = "Ask in $${HALL}"
    "#;
    let config = File::new("toml", toml);
    let out = succeeded(run(
        &["check"],
        &[
            ("DINGTALK_APP_SECRET", SECRET),
            ("DINGTALK_APP_SECRET_PREVIOUS", PREVIOUS),
            ("DINGOPS_CONFIG", config.path()),
            ("ALICE", "0147000002"),
            ("TOKEN", TOKEN),
        ],
    ));
    let hash =
        Settings::parse(toml, SettingsFile::Embedded, &|_| Some(TOKEN.into())).expect("settings").source.hash;
    for word in [
        config.path(),
        &hash,
        "Europe/Berlin",
        "300 s",
        "previous secret",
        "oapi.dingtalk.com",
        "ding0000other",
        "alice",
        "warroom (no secret, keywords 监控)",
        "version    1\n",
        "OpenAPI    off: DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE are not set",
        "reports to robot:warroom",
        "limits     10 messages a minute and 50 a day for each person",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    for row in ["help, 帮助", "ping, 在吗", "whoami, 我是谁", "ip, ", "about, 关于", "on call"] {
        assert!(out.contains(row), "{row}: {out}");
    }
    // Without a file: the copy in the program.
    let out = succeeded(run(&["check"], &[("DINGTALK_APP_SECRET", SECRET)]));
    assert!(out.contains("built in") && out.contains("测试"), "{out}");
}

#[test]
fn check_tells_what_can_be_sent_by() {
    let toml =
        format!("[robots.a]\ntoken = '{TOKEN}'\n[robots.b]\ntoken = '{TOKEN}'\nsecret = '{TOKEN_SECRET}'");
    let config = File::new("toml", &toml);
    let own = [("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())];
    let code = ("DINGTALK_ROBOT_CODE", "dingrobot");
    for (more, says) in [
        (&[][..], "off: DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE are not set\n"),
        (&[code], "off: DINGTALK_APP_KEY is not set\n"),
        (&[code, ("DINGTALK_APP_KEY", "dingkey")], "on: dingrobot sends by https://api.dingtalk.com/\n"),
    ] {
        let out = succeeded(run(&["check"], &[&own, more].concat()));
        assert!(out.contains("version    taken to be 1: write version = 1"), "{out}");
        assert!(out.contains(&format!("OpenAPI    {says}")), "{out}");
        assert!(out.contains("robots     a (no secret, no keywords), b (secret, no keywords)\n"), "{out}");
    }
}

#[test]
fn check_warns_of_what_is_read_on_the_way() {
    let entry = |section: &str, name: &str, url: &str, more: &str| {
        format!("[[{section}]]\nname = '{name}'\nurl = '{url}'\n{more}\n")
    };
    let login = "user = 'bot'\npassword = 'hunter2'";
    let toml = [
        entry("jenkins", "far", "http://ci.example.com", "user = 'bot'\ntoken = 'hunter2'"),
        entry("prometheus", "open", "http://10.0.0.1:9090", ""),
        entry("alertmanager", "here", "http://127.0.0.1:9093", login),
        entry(
            "alertmanager",
            "passed",
            "http://127.0.0.1:9093",
            &format!("{login}\nproxy = 'http://192.0.2.1'"),
        ),
    ];
    let config = File::new("toml", &toml.concat());
    let out =
        succeeded(run(&["check"], &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())]));
    let warned: Vec<&str> = out.lines().filter(|line| line.starts_with("unsafe")).collect();
    let expected = ["Jenkins far", "Alertmanager passed"].map(|title| {
        format!(
            "unsafe     {title}: user and password, or a token, over http://; whoever is between reads them"
        )
    });
    assert_eq!(warned, expected, "{out}");
    assert!(!out.contains("hunter2"));
}

/// The file of a CI job that sends to a custom robot, and no more.
#[test]
fn check_needs_no_secret_for_what_needs_none() {
    let config = File::new("toml", &format!("[robots.a]\ntoken = '{TOKEN}'"));
    let out = succeeded(run(&["check"], &[("DINGOPS_CONFIG", config.path())]));
    for says in [
        "secret     none: DINGTALK_APP_SECRET is not set, so only `send --to robot:NAME` works\n",
        "robots     a (no secret, no keywords)\n",
        "ping, 在吗",
    ] {
        assert!(out.contains(says), "{says}: {out}");
    }
    assert!(!out.contains("OpenAPI") && !out.contains("signature"), "{out}");
    // A mistake is one all the same, and settings without a robot are of no use without the secret.
    let config = File::new("toml", &format!("[robots.a]\ntoken = '{TOKEN}'\nkey = 1"));
    not_started(&run(&["check"], &[("DINGOPS_CONFIG", config.path())]), &["key"]);
    let config = File::new("toml", "[people]\nalice = '0147000002'");
    let ended = run(&["check"], &[("DINGOPS_CONFIG", config.path())]);
    not_started(&ended, &["DINGTALK_APP_SECRET", "only `send --to robot:NAME` does without"]);
}

#[test]
fn a_file_is_looked_for_beside_the_settings() {
    let token = File::new("token", &format!("{TOKEN}\n"));
    let name = std::path::Path::new(token.path()).file_name().and_then(|name| name.to_str()).expect("a name");
    let ended = with_settings(&["check"], &format!("[robots.ops]\ntoken = '${{file:{name}}}'"));
    assert!(succeeded(ended).contains("ops (no secret, no keywords)"));
    let ended = with_settings(&["check"], "[robots.ops]\ntoken = '${file:none.token}'");
    not_started(&ended, &["2:9: robots.ops.token: expected \"none.token\" to be a file"]);
}

#[test]
fn check_prints_the_schema_without_any_settings() {
    let out = succeeded(run(&["check", "--schema"], &[("DINGOPS_CONFIG", "/nowhere.toml")]));
    assert_eq!(out, include_str!("../../dingops.schema.json"));
    assert!(out.contains("https://json-schema.org/draft/2020-12/schema"), "{out}");
}

/// What is sent stands together, so do those who are mentioned, and examples come last.
#[test]
fn help_of_send_has_sections() {
    let out = succeeded(run(&["send", "--help"], &[]));
    let mut rest = out.as_str();
    for next in [
        "Options:",
        "To whom:",
        "--to <KIND:NAME>",
        "What (one of them):",
        "--text <TEXT>",
        "--markdown <FILE>",
        "--link <URL>",
        "--card <FILE>",
        "--feed <TITLE=URL PICTURE-URL>",
        "With:",
        "--title <TITLE>",
        "--picture <URL>",
        "--button <LABEL=URL>",
        "--horizontal",
        "--attach <LABEL=URL>",
        "--image <URL>",
        "Mentions (in --text,",
        "--at <PERSON>",
        "--at-mobile <NUMBER>",
        "--at-all",
        "Examples:",
        "Exit codes:",
    ] {
        let (_, behind) =
            rest.split_once(next).unwrap_or_else(|| panic!("{next} is not where it was: {out}"));
        rest = behind;
    }
}

#[test]
fn a_decision_is_explained_by_its_rule() {
    let toml = r#"
        [people]
        alice = "0147000002"
        [teams]
        sre = ["alice"]
        [groups]
        ops = "cidOPSAAAAAAAAAAAAAAAA=="
        [[allow]]
        who = ["@sre"]
        in = ["ops"]
        run = ["ip", "status"]
        [[deny]]
        who = ["anyone"]
        in = ["private"]
        run = ["status"]
    "#;
    let config = File::new("toml", toml);
    let explain = |who: &str, place: &str, command: &str| {
        let arguments = ["check", "--as", who, "--in", place, command];
        let variables = [("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())];
        let out = run(&arguments, &variables);
        (out.code, out.out, out.err)
    };
    let rule = "allow #1   line 8: @sre; in ops; run ip, status\n";
    let expected = format!("ip\nallowed: {rule}");
    for who in ["alice", "0147000002"] {
        for place in ["ops", "cidOPSAAAAAAAAAAAAAAAA=="] {
            assert_eq!(explain(who, place, "出口ip"), (Some(0), expected.clone(), String::new()));
        }
    }
    let (code, _, error) = explain("0147000003", "ops", "ip");
    let near = "dingops: not allowed: No rule allows this command.\nallow #1   line 8: @sre; in ops; run ip, status\n           run by @sre\n";
    assert_eq!((code, error.as_str()), (Some(1), near));
    let (code, _, error) = explain("alice", "private", "status");
    let denied = "dingops: not allowed: A rule forbids it (deny #1).\ndeny #1    line 12: anyone; in private; run status\n";
    assert_eq!((code, error.as_str()), (Some(1), denied));
    let (code, _, error) = explain("alice", "ops", "pong");
    assert!(code == Some(2) && error.contains("pong"), "{error}");
    for (who, place, named) in [("carol", "ops", "--as"), ("alice", "dev", "--in")] {
        let (code, _, error) = explain(who, place, "ip");
        assert!(code == Some(2) && error.contains(named), "{error}");
    }
    let variables = [("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())];
    assert!(succeeded(run(&["check"], &variables)).contains(rule));
}
