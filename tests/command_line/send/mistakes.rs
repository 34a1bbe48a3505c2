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
    let settings = File::new(
        "toml",
        &format!("[people]\na = '1'\n[groups]\nb = 'cid1'\n[robots.ops]\ntoken = '{TOKEN}'"),
    );
    let unknown = |section, names, or, came| {
        format!("--to: expected a name of [{section}] in {} ({names}){or}, came {came:?}\n", settings.path())
    };
    let staff_id = " or a staff id (letters with a digit among them)";
    let file = File::new("md", "text");
    let latin = File::new("md", "");
    std::fs::write(latin.path(), b"\xd6\xd0").expect("a file");
    let one = ["--card", file.path(), "--button", "a=https://example.com/", "--horizontal"];
    let command = ["ping=dtmd://dingtalkclient/sendMessage?content=ping"];
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
        (vec!["--to", "robot:ops", "--text", "x", "--at", "@x1"], "--at: expected a name of [people] in "),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at-mobile", "x"],
            "--at-mobile: expected a mobile number",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at-mobile", "+86 138 0000"],
            "--at-mobile: expected a mobile number such as 13800000000 or +86 138-0000-0000, came \"+86 138 0000\"\n",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at-mobile", "+852-12345678"],
            "came \"+852-12345678\"; of another country nobody could confirm the form: mention by --at",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--image", "a.png"],
            "--image: expected an http(s) address, came \"a.png\", which begins neither with https:// nor with http://\n",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "=https://x"],
            "--attach: expected LABEL=URL, came \"=https://x\"\n",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "Log=ci.example.com/17"],
            "came \"Log=ci.example.com/17\": \"ci.example.com/17\" begins neither with https:// nor with http://\n",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "Log=https://ci.example.com/a b"],
            ": \"https://ci.example.com/a b\" has a blank in it\n",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "Log=https://:17"],
            ": \"https://:17\" is no address: empty host\n",
        ),
        (
            vec!["--to", "robot:ops", "--feed", "a=https://example.com/"],
            "--feed: expected TITLE=URL PICTURE, two addresses with a blank between, came \"a=https://example.com/\"\n",
        ),
        (
            vec!["--to", "robot:ops", "--feed", "a=https://example.com/ a.png"],
            ": \"a.png\" begins neither with https:// nor with http://\n",
        ),
        (
            [&["--to", "robot:ops", "--card", file.path(), "--button"], &command[..]].concat(),
            "which works in private chats only: --to person:NAME\n",
        ),
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
    let none = "dingops.toml (built in) (it has none)";
    failed(&ended, 2, &[none, "; set DINGOPS_CONFIG to your file\n"]);
    let ended = run(&["send", "--to", "robot:dev", "--text", "x"], &[("DINGOPS_CONFIG", "")]);
    failed(&ended, 2, &[none, "; DINGOPS_CONFIG is empty: set it to your file\n"]);
}

/// What the arguments alone show to be wrong is told before anything is read.
#[test]
fn arguments_that_do_not_go_together_are_refused() {
    let button = ["--button", "a=https://example.com/"];
    let one =
        "expected one of --text, --markdown, --link (with --title and --text), --card and --feed, came ";
    for (arguments, says) in [
        (vec![], format!("{one}none")),
        (vec!["--text", "x", "--markdown", "-"], format!("{one}--text and --markdown")),
        (vec!["--text", "x", "--card", "-", "--feed", "x"], format!("{one}--text, --card and --feed")),
        (vec!["--link", "https://x", "--markdown", "-"], format!("{one}--markdown and --link")),
        (vec!["--link", "https://x", "--text", "x"], "--link: expected --title beside it, came none".into()),
        (vec!["--link", "https://x", "--title", "x"], "--link: expected --text beside it, came none".into()),
        (vec!["--card", "-"], "--card: expected --button beside it, came none".into()),
        ([&["--text", "x"], &button[..]].concat(), "--button: goes with --card, and not with --text".into()),
        (
            [&["--markdown", "-"], &button[..]].concat(),
            "--button: goes with --card, and not with --markdown".into(),
        ),
        (
            vec!["--markdown", "-", "--picture", "https://x"],
            "--picture: goes with --link, and not with --markdown".into(),
        ),
        (vec!["--text", "x", "--horizontal"], "--horizontal: goes with --card, and not with --text".into()),
        (
            vec!["--text", "x", "--title", "x"],
            "--title: goes with --markdown, --link and --card, and not with --text".into(),
        ),
        (
            vec!["--feed", "a=https://x https://y", "--image", "https://x"],
            "--image: goes with --text, --markdown and --card, and not with --feed".into(),
        ),
        (
            vec!["--feed", "a=https://x https://y", "--at-all"],
            "--at-all: goes with --text, --markdown and --card, and not with --feed".into(),
        ),
        (
            vec!["--link", "https://x", "--text", "x", "--title", "x", "--at", "a"],
            "--at: goes with --text, --markdown and --card, and not with --link".into(),
        ),
    ] {
        let ended = run(
            &[&["send", "--to", "robot:ops"], &arguments[..]].concat(),
            &[("DINGOPS_CONFIG", "/nowhere.toml")],
        );
        failed(&ended, 2, &[&format!("dingops: {says}\n")]);
    }
    assert_eq!(run(&["send", "--text", "x"], &[]).code, Some(2), "to nobody");
}
