//! One mistake each, found at start, with the key and the line it is in.

mod arguments;

use crate::config::{Settings, SettingsFile};

/// An entry without a mistake, a key on each line.
const ENTRY: &str = r#"[[http]]
name     = "flag set"
help     = { zh = "切换开关", en = "Switch a flag" }
effect   = "write"
method   = "PUT"
url      = "https://flags.example.com"
path     = ["v1", "flags", "{{ flag }}"]
query    = { dry = false }
headers  = { X-Token = "{{ secret.token }}" }
secrets  = { token = "${TOKEN}" }
json     = { on = "{{ state == 'on' }}", by = "{{ who.name }}" }
expect   = [200, 201]
timeout  = "5s"
max_bytes = 1000
reply    = "{{ json.name }}: {{ json.on }}"
examples = ["flag set dark-mode on"]
[[http.args]]
name     = "flag"
help     = { zh = "开关", en = "The flag" }
[[http.args]]
name     = "state"
type     = "choice"
choices  = ["on", "off"]
help     = { zh = "开或关", en = "On or off" }
"#;

fn parse(text: &str) -> Result<(), String> {
    let env = |name: &str| (name == "TOKEN").then(|| "hunter2".to_owned());
    let settings =
        Settings::parse(text, SettingsFile::Embedded, &env).map_err(|mistake| mistake.to_string())?;
    crate::commands::table(&settings).map(|_| ()).map_err(|mistake| mistake.to_string())
}

#[test]
fn the_entry_is_right() {
    assert_eq!(parse(ENTRY), Ok(()));
    let settings = Settings::parse(ENTRY, SettingsFile::Embedded, &|_| Some("hunter2".into())).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}

/// The first TOML behind a heading.
fn toml<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, section) = text.split_once(heading).expect(heading);
    let (_, toml) = section.split_once("```toml\n").expect("an example");
    toml.split_once("```").expect("its end").0
}

#[test]
fn the_examples_of_the_documentation_are_right() {
    let (en, zh) = (include_str!("../../../../README.md"), include_str!("../../../../README.zh-CN.md"));
    let env = |_: &str| Some("hunter2".to_owned());
    let shipped = include_str!("../../../../dingops.toml");
    let (_, commented) = shipped.split_once("# [[http]]").expect("an example");
    let commented = format!("[[http]]{}", commented.replace("\n# ", "\n"));
    for text in [toml(en, "over HTTP\n\nA `[[http]]`"), toml(zh, "### 自定义 HTTP 命令"), &commented] {
        let settings = Settings::parse(text, SettingsFile::Embedded, &env).unwrap();
        assert_eq!(settings.http.len(), 1);
        assert!(crate::commands::table(&settings).is_ok(), "{text}");
    }
}

/// The mistake when `line` is written for the line that begins like it.
fn mistake(line: &str) -> String {
    let key = line.split('=').next().unwrap_or_default().trim();
    let begins = |other: &&str| other.split('=').next().unwrap_or_default().trim() == key;
    let text = match ENTRY.lines().find(begins) {
        Some(old) => ENTRY.replacen(old, line, 1),
        None => ENTRY.replacen("[[http.args]]", &format!("{line}\n[[http.args]]"), 1),
    };
    parse(&text).expect_err(line)
}

/// What is wrong with each of these.
fn mistakes(written: &[&str], mistake: impl Fn(&str) -> String) -> String {
    written.iter().map(|line| format!("{line}\n    {}\n", mistake(line))).collect()
}

#[test]
fn every_mistake_names_its_key_and_line() {
    insta::assert_snapshot!(mistakes(&[
        "name = '/x'",
        "name = 'ping'",
        "name = ''",
        r#"help = { zh = "切换开关" }"#,
        r#"help = { zh = "切换开关", en = " " }"#,
        r#"help = "切换开关""#,
        r#"effect = "open""#,
        r#"effect = "read""#,
        r#"effect = "Write""#,
        "effect = 1",
        "safe = true",
        r#"colour = "red""#,
        r#"method = "put""#,
        r#"method = "GET""#,
        r#"url = "flags.example.com""#,
        r#"url = "https://user:hunter2@flags.example.com""#,
        r#"url = "https://flags.example.com/v1""#,
        r#"url = "https://flags.example.com?key=hunter2""#,
        r#"url = "https://{{ flag }}.example.com""#,
        r#"url = "ftp://flags.example.com""#,
        r#"path = "v1""#,
        r#"path = ["v1", ""]"#,
        r#"path = ["v1", ".."]"#,
        r#"path = ["v1", "{{ flag"]"#,
        r#"path = ["v1", "{{ flags }}"]"#,
        r#"path = ["v1", "{{ secret.token }}"]"#,
        r#"path = ["v1", "${TOKEN}"]"#,
        r#"path = ["v1", "{{ flag | shout }}"]"#,
        r#"path = ["v1", "{{ flag is green }}"]"#,
        r#"path = ["v1", "{{ flag.upper() }}"]"#,
        r#"path = ["v1", "{{ range(3) }}"]"#,
        r#"path = ["v1", "{{ flag | safe }}"]"#,
        r#"path = ["v1", "{% autoescape true %}{{ flag }}{% endautoescape %}"]"#,
        r#"path = ["v1", "{{ status }}"]"#,
        r#"path = ["v1", "{% include 'x' %}"]"#,
        r#"path = ["v1", "{{ flag[unknown:] }}"]"#,
        r#"query = ["dry"]"#,
        "query = { dry = { deep = 1 } }",
        "query = { dry = [[1]] }",
        r#"query = { dry = "{{ }}" }"#,
        "query = { dry = 2026-01-02 }",
        r#"headers = { "X Token" = "x" }"#,
        r#"headers = { Host = "x" }"#,
        "headers = { X-Token = 1 }",
        r#"headers = { X-Token = "a", x-token = "b" }"#,
        r#"headers = { X-Token = "{{ secret.tokn }}" }"#,
        r#"headers = { X-Token = "{{ secret }}" }"#,
        r#"headers = { X-Token = "{{ secret[flag] }}" }"#,
        r#"headers = { X-Token = "Bearer ${TOKEN}" }"#,
        r#"secrets = { token = "" }"#,
        "secrets = { token = 1 }",
        r#"secrets = { "to-ken" = "hunter2" }"#,
        r#"secrets = "hunter2""#,
        r#"json = { on = "{{ 1 + }}" }"#,
        r#"json = { on = { deep = ["x", "{{ unknown }}"] } }"#,
        "json = { on = nan }",
        r#"text = "x""#,
        "expect = []",
        "expect = [99]",
        r#"expect = ["200"]"#,
        r#"timeout = "0s""#,
        r#"timeout = "1h""#,
        "timeout = 5",
        "max_bytes = 0",
        "max_bytes = 2000000",
        r#"ca = "x""#,
        r#"ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----""#,
        r#"reply = "{{ body }}""#,
        r#"reply = "{{ secret.token }}""#,
        r#"reply = "[x]({{ json.url }})""#,
        r#"reply = "https://{{ json.host }}/x""#,
        r#"reply = "a\nb {% if %}""#,
        r#"reply = "{{ json.a | safe }}""#,
        r#"reply = "${TOKEN}""#,
        "examples = []",
        r#"examples = ["set flag x on"]"#,
        r#"examples = ["flag set"]"#,
        r#"examples = ["flag set x maybe"]"#,
        r#"examples = ["flag set x on --help"]"#,
    ], mistake), @r#"
    name = '/x'
        2:8: http[1].name: expected words as they are said to run it, came "/x"
    name = 'ping'
        16:13: http[1].examples[1]: expected a line that begins with the name, came "flag set dark-mode on"
    name = ''
        2:8: http[1].name: expected words as they are said to run it, came ""
    help = { zh = "切换开关" }
        3:8: http[1].help: missing field `en`
    help = { zh = "切换开关", en = " " }
        3:28: http[1].help.en: expected a sentence, came an empty text
    help = "切换开关"
        3:8: http[1].help: invalid type: string "切换开关", expected { zh = "…", en = "…" }
    effect = "open"
        4:10: http[1].effect: expected "read" or "write", came "open"
    effect = "read"
        4:10: http[1].effect: expected "write" beside method = "PUT", came "read" (or safe = true, where it changes nothing)
    effect = "Write"
        4:10: http[1].effect: expected "read" or "write", came "Write"
    effect = 1
        4:10: http[1].effect: invalid type: integer `1`, expected a string
    safe = true
        17:8: http[1].safe: expected safe = true only beside effect = "read" and a method other than GET and HEAD
    colour = "red"
        17:1: http[1].colour: unknown field `colour`, expected one of `name`, `help`, `effect`, `safe`, `sensitive`, `mild`, `args`, `secrets`, `method`, `url`, `path`, `query`, `headers`, `json`, `form`, `text`, `expect`, `timeout`, `max_bytes`, `ca`, `reply`, `examples`
    method = "put"
        5:10: http[1].method: expected "GET", "HEAD", "POST", "PUT", "PATCH" or "DELETE", came "put"
    method = "GET"
        11:12: http[1].json: expected no body beside method = "GET", came one
    url = "flags.example.com"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came no http(s) address
    url = "https://user:hunter2@flags.example.com"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came one with user information
    url = "https://flags.example.com/v1"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came one with a path: that is path = ["…"]
    url = "https://flags.example.com?key=hunter2"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came one with a query or a fragment
    url = "https://{{ flag }}.example.com"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came no http(s) address
    url = "ftp://flags.example.com"
        6:7: http[1].url: expected scheme, host and port such as "https://api.example.com", came no http(s) address
    path = "v1"
        7:8: http[1].path: invalid type: string "v1", expected a sequence
    path = ["v1", ""]
        7:15: http[1].path[2]: expected the text of one segment of the path, came ""
    path = ["v1", ".."]
        7:15: http[1].path[2]: expected the text of one segment of the path, came ".."
    path = ["v1", "{{ flag"]
        7:15: http[1].path[2]: expected a template, came: unexpected end of input, expected end of variable block
    path = ["v1", "{{ flags }}"]
        7:15: http[1].path[2]: expected an argument or a name that templates have, came flags
    path = ["v1", "{{ secret.token }}"]
        7:15: http[1].path[2]: expected no secret here, came one: it may stand in query, headers and the body
    path = ["v1", "${TOKEN}"]
        7:15: http[1].path[2]: expected a template without ${…}, came one with it: put the variable under secrets, and {{ secret.NAME }} here
    path = ["v1", "{{ flag | shout }}"]
        7:15: http[1].path[2]: expected a filter that templates have, came shout
    path = ["v1", "{{ flag is green }}"]
        7:15: http[1].path[2]: expected a test that templates have, came green
    path = ["v1", "{{ flag.upper() }}"]
        7:15: http[1].path[2]: expected a filter, came the method upper
    path = ["v1", "{{ range(3) }}"]
        7:15: http[1].path[2]: expected a filter, came the function range
    path = ["v1", "{{ flag | safe }}"]
        7:15: http[1].path[2]: expected a filter that templates have, came safe
    path = ["v1", "{% autoescape true %}{{ flag }}{% endautoescape %}"]
        7:15: http[1].path[2]: expected values that escape themselves, came autoescape
    path = ["v1", "{{ status }}"]
        7:15: http[1].path[2]: expected an argument or a name that templates have, came status
    path = ["v1", "{% include 'x' %}"]
        7:15: http[1].path[2]: expected a template, came: unknown statement include
    path = ["v1", "{{ flag[unknown:] }}"]
        7:15: http[1].path[2]: expected an argument or a name that templates have, came unknown
    query = ["dry"]
        8:9: http[1].query: expected a table of names and values, came a list
    query = { dry = { deep = 1 } }
        8:17: http[1].query.dry: expected a text, a number, true or false, or a list of those, came a table
    query = { dry = [[1]] }
        8:18: http[1].query.dry[1]: expected a text, a number, true or false, or a list of those, came a list
    query = { dry = "{{ }}" }
        8:17: http[1].query.dry: expected a template, came: unexpected end of variable block
    query = { dry = 2026-01-02 }
        8:17: http[1].query.dry: expected a text, came a date: put it in quotes
    headers = { "X Token" = "x" }
        9:13: http[1].headers.X Token: expected the name of a header that is not set otherwise, came "X Token"
    headers = { Host = "x" }
        9:13: http[1].headers.Host: expected the name of a header that is not set otherwise, came "Host"
    headers = { X-Token = 1 }
        9:23: http[1].headers.X-Token: expected a text, came a number
    headers = { X-Token = "a", x-token = "b" }
        9:28: http[1].headers.x-token: expected the name of a header that is not set otherwise, came "x-token"
    headers = { X-Token = "{{ secret.tokn }}" }
        9:23: http[1].headers.X-Token: expected a name of secrets, came tokn
    headers = { X-Token = "{{ secret }}" }
        9:23: http[1].headers.X-Token: expected secret.NAME, came secret alone
    headers = { X-Token = "{{ secret[flag] }}" }
        9:23: http[1].headers.X-Token: expected secret.NAME, came secret alone
    headers = { X-Token = "Bearer ${TOKEN}" }
        9:23: http[1].headers.X-Token: expected a template without ${…}, came one with it: put the variable under secrets, and {{ secret.NAME }} here
    secrets = { token = "" }
        10:21: http[1].secrets.token: expected a secret, came an empty text
    secrets = { token = 1 }
        10:21: http[1].secrets.token: expected a text, came a number
    secrets = { "to-ken" = "hunter2" }
        10:13: http[1].secrets.to-ken: expected a name of letters, digits and _, came "to-ken"
    secrets = "hunter2"
        10:11: http[1].secrets: expected a table of names and values, came a text
    json = { on = "{{ 1 + }}" }
        11:15: http[1].json.on: expected a template, came: unexpected end of variable block
    json = { on = { deep = ["x", "{{ unknown }}"] } }
        11:30: http[1].json.on.deep[2]: expected an argument or a name that templates have, came unknown
    json = { on = nan }
        11:15: http[1].json.on: expected a finite number
    text = "x"
        17:8: http[1].text: expected one of json, form and text, came two
    expect = []
        12:10: http[1].expect: expected at least one status, came none
    expect = [99]
        12:11: http[1].expect[1]: expected a status from 200 to 599, came 99
    expect = ["200"]
        12:11: http[1].expect[1]: invalid type: string "200", expected an integer
    timeout = "0s"
        13:11: http[1].timeout: expected a duration above 0 and of at most "15m", came "0s"
    timeout = "1h"
        13:11: http[1].timeout: expected a duration above 0 and of at most "15m", came "1h"
    timeout = 5
        13:11: http[1].timeout: invalid type: integer `5`, expected a string
    max_bytes = 0
        14:13: http[1].max_bytes: expected 1 to 1048576 bytes, came 0
    max_bytes = 2000000
        14:13: http[1].max_bytes: expected 1 to 1048576 bytes, came 2000000
    ca = "x"
        17:6: http[1].ca: expected certificates in PEM (-----BEGIN CERTIFICATE-----), came none
    ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
        17:6: http[1].ca: expected certificates in PEM (-----BEGIN CERTIFICATE-----), came one that cannot be used
    reply = "{{ body }}"
        15:9: http[1].reply: expected an argument or a name that templates have, came body
    reply = "{{ secret.token }}"
        15:9: http[1].reply: expected no secret here, came one: it may stand in query, headers and the body
    reply = "[x]({{ json.url }})"
        15:9: http[1].reply: expected values outside addresses, came one in an address: write {{ link("label", "https://…" ~ value) }}
    reply = "https://{{ json.host }}/x"
        15:9: http[1].reply: expected values outside addresses, came one in an address: write {{ link("label", "https://…" ~ value) }}
    reply = "a\nb {% if %}"
        15:9: http[1].reply: expected a template, came: unexpected end of block (line 2 of it)
    reply = "{{ json.a | safe }}"
        15:9: http[1].reply: expected a filter that templates have, came safe
    reply = "${TOKEN}"
        15:9: http[1].reply: expected a template without ${…}, came one with it: put the variable under secrets, and {{ secret.NAME }} here
    examples = []
        16:12: http[1].examples: expected at least one line, came none
    examples = ["set flag x on"]
        16:13: http[1].examples[1]: expected a line that begins with the name, came "set flag x on"
    examples = ["flag set"]
        16:13: http[1].examples[1]: expected a line that runs it, came a mistake: The argument “flag” is missing.
    examples = ["flag set x maybe"]
        16:13: http[1].examples[1]: expected a line that runs it, came a mistake: “state” expects one of: on, off. It got “maybe”.
    examples = ["flag set x on --help"]
        16:13: http[1].examples[1]: expected a line that runs it, came "flag set x on --help"
    "#);
}

#[test]
fn a_name_is_taken_once() {
    let ping = ENTRY.replace("flag set", "ping");
    for (text, place) in
        [(ping, "2:12: http[1].name: "), (format!("{ENTRY}{ENTRY}"), "26:12: http[2].name: ")]
    {
        let mistake = parse(&text).unwrap_err();
        assert!(mistake.starts_with(place) && mistake.contains("is already the name of"), "{mistake}");
    }
}

#[test]
fn a_mistake_shows_nothing_from_the_environment() {
    for line in [
        "name = '/${TOKEN}'",
        "effect = '${TOKEN}'",
        "url = '${TOKEN}'",
        "path = ['${TOKEN}']",
        "secrets = { token = 1, ${TOKEN} = 'x' }",
        "secrets = ['${TOKEN}']",
        "ca = '${TOKEN}'",
        "timeout = '${TOKEN}'",
        "examples = ['${TOKEN}']",
        "examples = ['flag set x ${TOKEN}']",
        "reply = '{{ ${TOKEN} }}'",
    ] {
        assert!(!mistake(line).contains("hunter2"), "{line}");
    }
}
