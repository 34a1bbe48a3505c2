//! Arguments, settings and variables that are wrong: nothing is sent.

use simulator::{TOKEN, TOKEN_SECRET};

use super::{Dingtalk, failed, openapi};
use crate::program::{File, run};

#[tokio::test]
async fn the_openapi_mentions_nobody() {
    let dingtalk = Dingtalk::start().await;
    for mention in [&["--at", "alice"][..], &["--at-mobile", "13800000003"], &["--at-all"]] {
        let ended =
            dingtalk.send_by_openapi(&[&["--to", "group:ops", "--text", "hello"], mention].concat()).await;
        failed(&ended, 2, &[mention[0], "--to robot:NAME"]);
    }
}

/// All that is missing is named at once, and nothing else.
#[tokio::test]
async fn variables_that_the_openapi_lacks_are_named() {
    let dingtalk = Dingtalk::start().await;
    let openapi = openapi();
    for missing in
        [&["DINGTALK_APP_SECRET", "DINGTALK_APP_KEY", "DINGTALK_ROBOT_CODE"][..], &["DINGTALK_APP_KEY"]]
    {
        let given = openapi.iter().filter(|(name, _)| !missing.contains(name));
        let variables: Vec<(&str, &str)> = given.map(|(name, value)| (*name, value.as_str())).collect();
        let ended = dingtalk.send_on("", &["--to", "group:ops", "--text", "hello"], &variables).await;
        let says = format!("; not set: {}\n", missing.join(", "));
        failed(&ended, 2, &["--to group:ops: goes by the OpenAPI", &says]);
    }
}

#[test]
fn variables_that_the_settings_lack_are_named() {
    let toml = "[robots.a]\ntoken = '${A_TOKEN}'\nsecret = '${A_SECRET}'\n[robots.b]\ntoken = '${A_TOKEN}'\nsecret = '${B}'";
    let settings = File::new("toml", toml);
    let send = ["send", "--to", "robot:a", "--text", "x"];
    let ended = run(&send, &[("DINGOPS_CONFIG", settings.path())]);
    let says = "toml:2:9: robots.a.token: the environment has no variable A_TOKEN, nor A_SECRET, B\n";
    failed(&ended, 2, &[says]);
    let ended = run(&send, &[("DINGOPS_CONFIG", settings.path()), ("A_TOKEN", TOKEN), ("B", TOKEN_SECRET)]);
    failed(&ended, 2, &["robots.a.secret: the environment has no variable A_SECRET\n"]);
}

#[test]
fn mistakes_are_named() {
    let settings =
        File::new("toml", &format!("[people]\na = '1'\n[groups]\nb = '1'\n[robots.ops]\ntoken = '{TOKEN}'"));
    let unknown = |section, names, or, came| {
        format!("--to: expected a name of [{section}] in {} ({names}){or}, came {came:?}\n", settings.path())
    };
    let staff_id = " or a staff id (letters with a digit among them)";
    let file = File::new("md", "text");
    let latin = File::new("md", "");
    std::fs::write(latin.path(), b"\xd6\xd0").expect("a file");
    let one = ["--card", file.path(), "--button", "a=https://example.com/", "--horizontal"];
    let long = format!("--feed=t=https://example.com/{} https://example.com/", "a".repeat(20_000));
    for (arguments, says) in [
        (
            vec!["--to", "ops", "--text", "x"],
            "--to: expected robot:NAME, group:NAME or person:NAME, came \"ops\"",
        ),
        (vec!["--to", "robot:dev", "--text", "x"], &unknown("robots", "ops", "", "dev")),
        (
            vec!["--to", "group:dev", "--text", "x"],
            &unknown("groups", "b", " or a conversation id (cid…)", "dev"),
        ),
        (vec!["--to", "person:张三", "--text", "x"], &unknown("people", "a", staff_id, "张三")),
        (vec!["--to", "person:bob", "--text", "x"], &unknown("people", "a", staff_id, "bob")),
        (vec!["--to", "robot:ops", "--text", " "], "--text: expected a text, came blanks"),
        (vec!["--to", "robot:ops", "--text", "-"], "--text: expected a text, came blanks"),
        (vec!["--to", "robot:ops", "--text", "x", "--title", "x"], "--title: plain text has no title"),
        (vec!["--to", "robot:ops", "--text", "x", "--at", "@x1"], "--at: expected a name of [people] in "),
        (
            vec!["--to", "robot:ops", "--link", "https://x", "--text", "x", "--title", "x", "--at", "a"],
            "--at: DingTalk mentions nobody in --link; it does in --text, --markdown and --card",
        ),
        (
            vec!["--to", "robot:ops", "--feed", "a=https://x https://y", "--at-all"],
            "--at-all: DingTalk mentions nobody in --feed",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at-mobile", "x"],
            "--at-mobile: expected a mobile number",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--image", "a.png"],
            "--image: expected an http(s) address, came \"a.png\"",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "=https://x"],
            "--attach: expected LABEL=URL, came",
        ),
        (vec!["--to", "robot:ops", "--feed", "a=https://example.com/"], "--feed: expected TITLE=URL PICTURE"),
        (vec!["--to", "robot:ops", &long], "the message: expected at most 19500 bytes without the text"),
        (vec!["--to", "robot:ops", "--markdown", "/nowhere.md"], "/nowhere.md: "),
        (
            vec!["--to", "robot:ops", "--markdown", latin.path()],
            "expected UTF-8, came another encoding (GBK?)",
        ),
        ([&["--to", "robot:ops"], &one[..]].concat(), "--horizontal: expected two buttons, came 1"),
    ] {
        let ended = run(&[&["send"], &arguments[..]].concat(), &[("DINGOPS_CONFIG", settings.path())]);
        failed(&ended, 2, &[says]);
    }
    let ended = run(&["send", "--to", "robot:dev", "--text", "x"], &[]);
    failed(&ended, 2, &["dingops.toml (built in) (it has none)", "DINGOPS_CONFIG names another file"]);
}

/// What the arguments alone show to be wrong.
#[test]
fn arguments_that_do_not_go_together_are_refused() {
    for arguments in [
        vec!["--text", "x"],
        vec!["--to", "robot:ops"],
        vec!["--to", "robot:ops", "--text", "x", "--markdown", "-"],
        vec!["--to", "robot:ops", "--link", "https://example.com/", "--text", "x"],
        vec!["--to", "robot:ops", "--text", "x", "--button", "a=https://example.com/"],
        vec!["--to", "robot:ops", "--card", "-"],
        vec!["--to", "robot:ops", "--text", "x", "--picture", "https://example.com/"],
        vec!["--to", "robot:ops", "--feed", "a=https://x https://y", "--title", "x"],
    ] {
        let ended = run(&[&["send"], &arguments[..]].concat(), &[]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.err);
    }
}
