mod files;
mod rules;
mod schema;

use super::*;

fn env(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("oapi.example.com".into()),
        "EMPTY" => Some(String::new()),
        "TOKEN" => Some("0123456789abcdef".repeat(4)),
        "TRICK" => Some("${HOST}".into()),
        _ => None,
    }
}

/// The settings, with the check of their names that the start makes.
fn parse(text: &str) -> Result<Settings, String> {
    parse_with(text, &env)
}

fn parse_with(text: &str, env: Env<'_>) -> Result<Settings, String> {
    let checked = Settings::parse(text, SettingsFile::Embedded, env).and_then(|settings| {
        let table = crate::commands::table(&settings)?;
        crate::app::rules(&settings, &table, false)?;
        Ok(settings)
    });
    checked.map_err(|mistake| mistake.to_string())
}

#[test]
fn the_shipped_file_works_and_holds_the_defaults() {
    let shipped = parse(EMBEDDED).unwrap();
    let bare = parse("").unwrap();
    assert_eq!(shipped.locale, bare.locale);
    assert_eq!(shipped.zone, bare.zone);
    assert_eq!(shipped.dingtalk.session_hosts, bare.dingtalk.session_hosts);
    assert_eq!(shipped.dingtalk.max_skew, bare.dingtalk.max_skew);
    assert_eq!(shipped.ip.services, bare.ip.services);
    assert_eq!(shipped.answers[0].name.text(), "测试");
    assert_eq!(shipped.source.hash, hash(EMBEDDED));
    assert_ne!(shipped.source.hash, bare.source.hash);
}

#[test]
fn the_alias_that_is_shown_works() {
    let at = EMBEDDED.find("# [[alias]]").unwrap();
    let shown: Vec<&str> = EMBEDDED[at..].lines().map_while(|line| line.strip_prefix("# ")).collect();
    let settings = parse(&shown.join("\n")).unwrap();
    assert_eq!(settings.aliases[0].name.text(), "怎么用");
}

#[test]
fn every_mistake_names_its_key_and_line() {
    for (text, mistake) in [
        (
            "version = 2\nfrom_the_future = 1",
            "1:11: version: expected 1, came 2; the file is for a newer dingops: run that, or go back to the file of this one",
        ),
        (
            "colour = 1\nversion = 0",
            "2:11: version: expected 1, came 0; to bring the file up to date, add [[allow]] with who = [\"staff\"] and effect = \"read\", without which nobody may run more than open commands, and write version = 1",
        ),
        ("version = -1", "1:11: version: expected 1, came -1; there has never been such a version"),
        ("version = 1.0", "1:11: version: invalid type: floating point `1.0`, expected an integer"),
        ("version = \"1\"", "1:11: version: invalid type: string \"1\", expected an integer"),
        ("version = 1\nlocale = 'fr'", "2:10: locale: unknown variant `fr`, expected `zh` or `en`"),
        (
            "version = 1\ntimezone = 'Mars'",
            "2:12: timezone: expected a time zone such as \"Asia/Shanghai\", came \"Mars\"",
        ),
        (
            "version = 1\ncolour = 1",
            "2:1: colour: unknown field `colour`, expected one of `version`, `locale`, `timezone`, `dingtalk`, `people`, `teams`, `groups`, `allow`, `deny`, `defaults`, `alias`, `robots`, `audit`, `limits`, `ip`, `answer`, `http`, `jenkins`, `k8s`, `prometheus`, `alertmanager`",
        ),
        (
            "version = 1\n[dingtalk]\nmax_skew = '2h'",
            "3:12: dingtalk.max_skew: expected a duration above 0 and of at most \"1h\", came \"2h\"",
        ),
        (
            "version = 1\n[dingtalk]\nmax_skew = '-1m'",
            "3:12: dingtalk.max_skew: expected a duration above 0 and of at most \"1h\", came \"-1m\"",
        ),
        (
            "version = 1\n[dingtalk]\nmax_skew = ''",
            "3:12: dingtalk.max_skew: expected a duration above 0 and of at most \"1h\", came \"\"",
        ),
        (
            "version = 1\n[dingtalk]\nmax_skew = 60",
            "3:12: dingtalk.max_skew: invalid type: integer `60`, expected a string",
        ),
        (
            "version = 1\n[dingtalk]\nsession_hosts = ['ok.example', 'https://x/y']",
            "3:32: dingtalk.session_hosts[2]: expected a host such as \"oapi.dingtalk.com\", or scheme, host and port such as \"http://127.0.0.1:8080\", came \"https://x/y\"",
        ),
        (
            "version = 1\n[dingtalk]\ncorps = ['']",
            "3:10: dingtalk.corps[1]: expected a corp id such as \"ding0123\", came an empty text",
        ),
        (
            "version = 1\n[people]\nalice = ''",
            "3:9: people.alice: expected an id as `whoami` tells it, came an empty text",
        ),
        (
            "version = 1\n[people]\nbob = '0147'\nalice = '0147'",
            "4:9: people.alice: expected an id of its own, came that of \"bob\"",
        ),
        (
            "[groups]\nops = 'cidA'\n\"研发\" = 'cidA'",
            "3:8: groups.研发: expected an id of its own, came that of \"ops\"",
        ),
        (
            "version = 1\n[people]\nalice = 1",
            "3:9: people.alice: invalid type: integer `1`, expected a string",
        ),
        ("[limits]\nper_minute = 0", "2:14: limits.per_minute: expected a number from 1 to 100000, came 0"),
        (
            "[limits]\nper_day = 100001",
            "2:11: limits.per_day: expected a number from 1 to 100000, came 100001",
        ),
        (
            "[limits]\nper_day = '200'",
            "2:11: limits.per_day: invalid type: string \"200\", expected an integer",
        ),
        (
            "[limits]\nper_hour = 1",
            "2:1: limits.per_hour: unknown field `per_hour`, expected `per_minute` or `per_day`",
        ),
        (
            "[audit]\nreport = ['ops']",
            "2:11: audit.report[1]: expected group:NAME, person:NAME or robot:NAME, came \"ops\"",
        ),
        (
            "[groups]\nops = 'cidA'\n[audit]\nreport = ['group:ops', 'group:opps']",
            "4:24: audit.report[2]: expected group: and a name of [groups], came \"group:opps\"",
        ),
        (
            "[audit]\nreport = ['person:0147000002']",
            "2:11: audit.report[1]: expected person: and a name of [people], came \"person:0147000002\"",
        ),
        (
            "[audit]\nreport = ['robot:']",
            "2:11: audit.report[1]: expected robot: and a name of [robots], came \"robot:\"",
        ),
        (
            "[groups]\nops = 'cidA'\n[audit]\nreport = ['group:ops', 'group:ops']",
            "4:24: audit.report[2]: expected each of them once, came \"group:ops\"",
        ),
        (
            "[audit]\nreport = 'group:ops'",
            "2:10: audit.report: invalid type: string \"group:ops\", expected a sequence",
        ),
        ("[audit]\nreports = []", "2:1: audit.reports: unknown field `reports`, expected `report`"),
        ("[robots.ops]\nsecret = 'SECx'", "1:1: robots.ops: missing field `token`"),
        (
            "[robots.ops]\ntoken = ''",
            "2:9: robots.ops.token: expected what stands behind access_token= in the webhook's address, 64 letters and digits, came an empty text",
        ),
        (
            "[robots.ops]\ntoken = 'https://oapi.dingtalk.com/robot/send?access_token=a1e'",
            "2:9: robots.ops.token: expected what stands behind access_token= in the webhook's address, 64 letters and digits, came the address itself",
        ),
        (
            "[robots.ops]\ntoken = '0a1e'",
            "2:9: robots.ops.token: expected what stands behind access_token= in the webhook's address, 64 letters and digits, came a shorter or longer text",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nsecret = ''",
            "3:10: robots.ops.secret: expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came an empty text",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nsecret = 'hunter2'",
            "3:10: robots.ops.secret: expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came something that does not begin so",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nsecret = 'SEC'",
            "3:10: robots.ops.secret: expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came a shorter or longer text",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nsecret = 'SECabcdef0123456789 0123456789'",
            "3:10: robots.ops.secret: expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came something with other characters",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nsecret = \"SECabcdef0123456789\\n0123456789\"",
            "3:10: robots.ops.secret: expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came something with other characters",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nkeywords = ['监控', '']",
            "3:19: robots.ops.keywords[2]: expected a keyword of at most 64 letters, as in the robot's settings, without a blank around it, came an empty text",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nkeywords = ['1','2','3','4','5','6','7','8','9','10','11']",
            "3:12: robots.ops.keywords: expected at most 10 keywords, as many as a robot may have, came 11",
        ),
        (
            "[robots.ops]\ntoken = '${TOKEN}'\nkeyword = '监控'",
            "3:1: robots.ops.keyword: unknown field `keyword`, expected one of `token`, `secret`, `keywords`",
        ),
        (
            "[robots.ops]\ntoken = ['SECsecret']",
            "2:9: robots.ops.token: invalid type: sequence, expected a string",
        ),
        (
            "[robots.ops]\ntoken = '${SEC secret}'",
            "2:9: robots.ops.token: expected the name of a variable, or file: and a path, in ${…}, came something else (a literal ${ is $${)",
        ),
        (
            "[dingtalk]\noapi = 'ftp://x'",
            "2:8: dingtalk.oapi: expected an address such as \"https://api.dingtalk.com\" (http only for this machine), came no http(s) address",
        ),
        (
            "[dingtalk]\napi = 'http://api.dingtalk.com'",
            "2:7: dingtalk.api: expected an address such as \"https://api.dingtalk.com\" (http only for this machine), came plain http to another machine",
        ),
        (
            "[dingtalk]\napi = 'https://bot:hunter2@api.dingtalk.com'",
            "2:7: dingtalk.api: expected an address such as \"https://api.dingtalk.com\" (http only for this machine), came one with user information",
        ),
        (
            "[dingtalk]\noapi = 'https://oapi.dingtalk.com/?x=1'",
            "2:8: dingtalk.oapi: expected an address such as \"https://api.dingtalk.com\" (http only for this machine), came one with a query or a fragment",
        ),
        ("[robots.' ']\ntoken = '${TOKEN}'", "1:9: robots. : expected a name, came an empty one"),
        (
            "version = 1\n[ip]\nservices = ['ftp://x']",
            "3:13: ip.services[1]: expected an http(s) address, came \"ftp://x\"",
        ),
        ("version = 1\n[[answer]]\nname = 'a'", "2:1: answer[1]: missing field `markdown`"),
        (
            "version = 1\n[[answer]]\nname = ' '\nmarkdown = 'x'",
            "3:8: answer[1].name: expected words as they are said to get the answer, came \" \"",
        ),
        (
            "version = 1\n[[answer]]\nname = 'a'\nmarkdown = ' '",
            "4:12: answer[1].markdown: expected Markdown, came blanks",
        ),
        (
            "[dingtalk]\nsession_hosts = []",
            "2:17: dingtalk.session_hosts: expected at least one host, came none",
        ),
        ("[ip]\nservices = []", "2:12: ip.services: expected at least one address, came none"),
        ("[answer]\nname = 'a'", "1:1: answer: expected [[…]] with two brackets, came […] or {…}"),
        (
            "[people]\n张三 = '1'",
            "2:1: invalid unquoted key, expected letters, numbers, `-`, `_`; a name with other letters than A-Z and a-z needs quotes: \"张三\" = …",
        ),
        (
            "[[answer]]\nname = '/x'\nmarkdown = 'x'",
            "2:8: answer[1].name: expected words as they are said to get the answer, came \"/x\"",
        ),
        (
            "[[answer]]\nname = '“'\nmarkdown = 'x'",
            "2:8: answer[1].name: expected words as they are said to get the answer, came \"“\"",
        ),
        (
            "[[answer]]\nname = 'help ping'\nmarkdown = 'x'",
            "2:8: answer[1].name: \"help\" is already the name of a command or an answer",
        ),
        (
            "version = 1\n[[answer]]\nname = 'PING'\nmarkdown = 'x'",
            "3:8: answer[1].name: \"ping\" is already the name of a command or an answer",
        ),
        (
            "version = 1\n[[answer]]\nname = '帮助'\nmarkdown = 'x'",
            "3:8: answer[1].name: \"帮助\" is already the name of a command or an answer",
        ),
        (
            "version = 1\n[[answer]]\nname = 'a'\nmarkdown = 'x'\n[[answer]]\nname = 'A'\nmarkdown = 'x'",
            "6:8: answer[2].name: \"a\" is already the name of a command or an answer",
        ),
        ("version = 1\nlocale = '${LOCALE}'", "2:10: locale: the environment has no variable LOCALE"),
        (
            "version = 1\n[people]\n\"中文\" = '${a b}'",
            "3:8: people.中文: expected the name of a variable, or file: and a path, in ${…}, came \"a b\" (a literal ${ is $${)",
        ),
        (
            "version = 1\n[people]\na = '${HOST'",
            "3:5: people.a: expected } after ${, came the end of the text",
        ),
        ("version = 1\nversion = 1", "2:1: duplicate key version"),
        ("version = ", "1:11: string values must be quoted, expected literal string"),
        ("version = 1\n[dingtalk", "2:10: unclosed table, expected `]`"),
    ] {
        assert_eq!(parse(text).unwrap_err(), mistake, "{text}");
    }
}

#[test]
fn an_address_with_a_password_is_not_repeated() {
    const USERINFO: &str = "https://bot:hunter2@example.com";
    for (given, says) in [
        (USERINFO, "without user and password, came one with an @"),
        ("https://hunter2@example.com", "without user and password, came one with an @"),
        ("https://bot:hunter2@example.com:port", "without user and password, came one with an @"),
        ("https://example.com/?token=hunter2", "without ? and #, came one with them"),
        ("ftp://example.com", "without user and password, came \"ftp://example.com\""),
    ] {
        let login = "user = 'bot'\ntoken = 'x'\n";
        let settings = parse(&format!("[[jenkins]]\nurl = '{given}'\n{login}")).unwrap();
        let mistake = crate::systems::off(&settings)[0].to_string();
        assert!(mistake.ends_with(says) && !mistake.contains("hunter2"), "{mistake}");
    }
    for entry in [
        "[[jenkins]]\nurl = 'https://example.com'\nuser = 'bot'\ntoken = 'x'\nweb",
        "[[jenkins]]\nuser = 'bot'\ntoken = 'x'\nurl = 'https://example.com'\nproxy = 'x:'\nweb",
        "[[prometheus]]\nurl",
        "[[alertmanager]]\nurl",
        "[[k8s]]\ntoken = 'x'\nurl",
    ] {
        let settings = parse(&format!("{entry} = '{USERINFO}'\n")).unwrap();
        let mistake = crate::systems::off(&settings)[0].to_string();
        assert!(!mistake.contains("hunter2"), "{mistake}");
    }
    let http = format!(
        "[[http]]\nname = 'a b'\nhelp = {{ zh = 'x', en = 'x' }}\neffect = 'read'\nexamples = ['a b']\nurl = '{USERINFO}'"
    );
    let mistake = parse(&http).unwrap_err();
    assert!(mistake.contains("user information") && !mistake.contains("hunter2"), "{mistake}");
}

#[test]
fn no_token_of_a_cluster_goes_in_the_clear() {
    let kubeconfig = |cluster: &str| {
        format!(
            "kubeconfig = \"\"\"{{current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], \
             clusters: [{{name: c, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{token: hunter2}}}}]}}\"\"\""
        )
    };
    for (server, proxy, is_off) in [
        ("http://10.0.0.1:8080", None, true),
        ("http://k8s.example.com", None, true),
        ("http://localhost.example.com", None, true),
        ("http://127.0.0.1:8001", None, false),
        ("http://localhost:8001", None, false),
        ("http://[::1]:8001", None, false),
        ("https://10.0.0.1:6443", None, false),
        ("http://localhost:8001", Some("http://192.0.2.1:3128"), true),
        ("http://127.0.0.1:8001", Some("https://proxy.example.com"), true),
        ("http://10.0.0.1:8080", Some("http://127.0.0.1:3128"), true),
        ("http://localhost:8001", Some("http://127.0.0.1:3128"), false),
        ("https://10.0.0.1:6443", Some("http://192.0.2.1:3128"), false),
    ] {
        let [own, theirs] = ["proxy = ", ", proxy-url: "]
            .map(|key| proxy.map(|proxy| format!("{key}'{proxy}'")).unwrap_or_default());
        for entry in [
            format!("url = '{server}'\ntoken = 'hunter2'\n{own}"),
            format!("{}\n{own}", kubeconfig(&format!("server: '{server}'"))),
            kubeconfig(&format!("server: '{server}'{theirs}")),
        ] {
            let settings = parse(&format!("[[k8s]]\n{entry}")).unwrap();
            let off: Vec<String> = crate::systems::off(&settings).iter().map(ToString::to_string).collect();
            let says = "whoever is between would read the token";
            let is_said = off.iter().any(|mistake| mistake.contains(says) && !mistake.contains("hunter2"));
            assert_eq!((off.len() == 1, is_said), (is_off, is_off), "{entry}: {off:?}");
        }
    }
}

#[test]
fn a_mistake_shows_nothing_from_the_environment() {
    let secret = |name: &str| {
        Some(if name == "Y" { "SECname" } else { "expected \"SECsecretsecretsecret" }.to_owned())
    };
    for text in [
        "version = 1\nlocale = '${X}'",
        "version = 1\ntimezone = '${X}'",
        "version = 1\n[dingtalk]\nmax_skew = '${X}'",
        "version = 1\n[dingtalk]\nsession_hosts = ['${X} y']",
        "version = 1\n[ip]\nservices = ['${X}']",
        "version = '${X}'",
        "[robots.x]\ntoken = '${X}'",
        "[robots.x]\ntoken = '0123456789abcdef0123456789abcdef'\nsecret = '${X}'",
        "[robots.x]\ntoken = '0123456789abcdef0123456789abcdef'\nsecret = 'SEC ${X} '",
        "[robots.x]\ntoken = '0123456789abcdef0123456789abcdef'\nkeywords = ['${X} ']",
        "[robots.x]\ntoken = '0123456789abcdef0123456789abcdef'\nkeywords = '${X}'",
        "[[answer]]\nname = '${Y}'\nmarkdown = 'x'\n[[answer]]\nname = '${Y}'\nmarkdown = 'x'",
    ] {
        let mistake = parse_with(text, &secret).unwrap_err();
        assert!(!mistake.contains("SECname") && !mistake.contains("SECsecret"), "{mistake}");
    }
}

#[test]
fn a_mistake_shows_nothing_of_a_robot() {
    for text in [
        "robots = 'SECsecret'",
        "robots = ['SECsecret']",
        "[robots]\nops = 'SECsecret, expected x'",
        "[robots]\nops = ['SECsecret']",
        "[[robots]]\ntoken = 'SECsecret'",
        "[robots.ops]\ntoken = { secret = 'SECsecret' }",
        "[robots.ops]\ntoken = 'SECsecret'",
        "[robots.ops]\ntoken = '${TOKEN}'\nsecret = ['SECsecret']",
        "[robots.ops]\ntoken = '${TOKEN}'\nsecret = { SECkey = 'SECsecret' }",
        "[robots.ops]\ntoken = '${TOKEN}'\nkeywords = 'SECsecret'",
        "[robots.ops]\ntoken = '${TOKEN}'\nkeywords = ['SECsecret ']",
        "[robots.ops]\ntoken = '${TOKEN}'\nkeywords = [{ a = 'SECsecret' }]",
        "[robots.ops]\ntoken = SECsecret",
        "[robots.ops]\ntoken = 'SECsecret",
        "[robots.ops]\ntoken = '${SECsecret'",
    ] {
        let mistake = parse(text).unwrap_err();
        assert!(!mistake.contains("SECsecret"), "{text}: {mistake}");
    }
    let mistake = parse("[robots.ops]\ntoken = 4711").unwrap_err();
    assert_eq!(mistake, "2:9: robots.ops.token: invalid type: integer, expected a string");
    let mistake = parse("[robots]\nops = 'SECsecret'").unwrap_err();
    assert!(mistake.starts_with("2:7: robots.ops: invalid type: string, expected "), "{mistake}");
}

#[test]
fn variables_are_replaced_once() {
    let text = "version = 1\n[dingtalk]\nsession_hosts = ['${HOST}']\n[people]\na = 'x${HOST}y$${HOST}$'\nb = '${TRICK}'\nc = '$x {y}'\nd = 'x${EMPTY}'";
    let settings = parse(text).unwrap();
    assert_eq!(settings.dingtalk.session_hosts.to_string(), "https://oapi.example.com");
    assert_eq!(settings.people["a"], "xoapi.example.comy${HOST}$");
    assert_eq!(settings.people["b"], "${HOST}");
    assert_eq!(settings.people["c"], "$x {y}");
    assert_eq!(settings.people["d"], "x");
}

#[test]
fn the_environment_needs_a_secret() {
    let read = |pairs: &[(&str, &str)]| {
        let env =
            |name: &str| pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Environment::read(&env).map_err(|error| error.to_string())
    };
    let error = read(&[]).unwrap_err();
    assert!(error.contains("came nothing: without it no callback can be verified"), "{error}");
    let error = read(&[("DINGTALK_APP_SECRET", "")]).unwrap_err();
    assert_eq!(error, "DINGTALK_APP_SECRET: expected the app's Client Secret, came an empty text");
    let error = read(&[("DINGTALK_APP_SECRET", "a"), ("DINGTALK_APP_SECRET_PREVIOUS", "")]).unwrap_err();
    assert_eq!(error, "DINGTALK_APP_SECRET_PREVIOUS: expected the app's Client Secret, came an empty text");
    let error = read(&[("DINGTALK_APP_SECRET", "hunter2\n")]).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    let environment = read(&[("DINGTALK_APP_SECRET", "hunter2"), ("DINGTALK_ROBOT_CODE", "")]).unwrap();
    assert_eq!(environment.robot_code, None);
    assert!(!format!("{environment:?}").contains("hunter2"));
}

#[test]
fn a_robot_is_not_shown() {
    let text = "[robots.ops]\ntoken = '${TOKEN}'\nsecret = 'SEC01234567890123456789'\nkeywords = ['监控']";
    let settings = parse(text).unwrap();
    let robot = &settings.robots["ops"];
    assert_eq!((robot.secret.is_some(), robot.keywords.len()), (true, 1));
    let shown = format!("{settings:?}");
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn an_answer_is_as_long_as_every_way_can_carry() {
    let answer =
        |length: usize| parse(&format!("[[answer]]\nname = 'a'\nmarkdown = '{}'", "x".repeat(length)));
    let most = (14_000..15_000).rfind(|length| answer(*length).is_ok()).unwrap();
    assert_eq!(
        answer(most + 1).unwrap_err(),
        format!(
            "3:12: answer[1].markdown: expected Markdown of at most {most} bytes, what the OpenAPI has room for \
             beside this name, came {} bytes (a quote or a line break takes two)",
            most + 1
        )
    );
}
