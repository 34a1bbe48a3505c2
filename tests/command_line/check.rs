//! What it tells about itself and its settings.

use dingops::{
    config::{Settings, SettingsFile},
    testing::SECRET,
};

use simulator::TOKEN;

use crate::program::{File, PREVIOUS, run, succeeded};

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
        "warroom",
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
