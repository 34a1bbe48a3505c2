//! What conditions say as they are typed and pasted, and that they never say another.

use proptest::prelude::*;

use super::*;
use crate::dispatch::words::{Line, OPERATORS};

/// What a line says behind a command's name; none where it is refused.
fn said(typed: &str) -> Option<Vec<Matcher>> {
    let line = Line::split(&format!("list {typed}")).keeping_quotes();
    let conditions = line.words()[1..].iter().map(|word| conditions(&word.text).ok());
    let conditions = conditions.collect::<Option<Vec<_>>>().filter(|_| line.error().is_none())?;
    Some(conditions.into_iter().flat_map(|conditions| conditions.0).collect())
}

fn matcher(name: &str, value: &str, operator: &str) -> Matcher {
    let (name, value) = (name.to_owned(), value.to_owned());
    Matcher { name, value, is_regex: operator.ends_with('~'), is_equal: !operator.starts_with('!') }
}

fn shown(typed: &str) -> String {
    let conditions = conditions(typed).unwrap();
    let filters: Vec<String> = conditions.matchers().iter().map(Matcher::filter).collect();
    format!("{conditions} {}", filters.join(","))
}

#[test]
fn conditions_as_they_are_typed() {
    assert_eq!(shown("severity=critical"), r#"severity=critical severity="critical""#);
    assert_eq!(shown("severity!=\"info\""), r#"severity!=info severity!="info""#);
    assert_eq!(shown(r#"job=~"a\\.b|c""#), r#"job=~a\.b|c job=~"a\\.b|c""#);
    assert_eq!(shown("job!~web.*"), r#"job!~web.* job!~"web.*""#);
    assert_eq!(shown("severity！＝info"), r#"severity!=info severity!="info""#);
    assert_eq!(shown("pod="), r#"pod="" pod="""#);
    assert_eq!(shown(r#"a="~b""#), r#"a="~b" a="~b""#);
    assert_eq!(shown(r#"a="x\",b=\"y""#), r#"a="x\",b=\"y" a="x\",b=\"y""#);
    assert_eq!(shown("a=“x”"), r#"a=x a="x""#);
    assert_eq!(shown("HostDown"), r#"alertname=HostDown alertname="HostDown""#);
    assert_eq!(shown("磁盘满"), r#"alertname=磁盘满 alertname="磁盘满""#);
    assert_eq!(shown("a='x\\n\"'"), r#"a="x\\n\"" a="x\\n\"""#);
    for wrong in ["=a", "a-b=c", "a b=c", "1a=b", "中=b", "a=b\u{7}", "a~b", "2h", "a b", "a!"] {
        assert!(conditions(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn several_as_alertmanager_writes_them() {
    for (typed, canonical) in [
        (r#"{alertname="HostDown", severity="critical"}"#, "alertname=HostDown,severity=critical"),
        (r#"alertname="HostDown",severity=~"a|b""#, "alertname=HostDown,severity=~a|b"),
        ("{alertname=HostDown,severity!=info}", "alertname=HostDown,severity!=info"),
        ("｛a=“b，c=d”，e！=f｝", r#"a="b，c=d",e!=f"#),
        (r#"{alertname="HostDown","#, "alertname=HostDown"),
        ("severity=critical}", "severity=critical"),
        ("pod=~web-[0-9]{2,3}", r#"pod=~"web-[0-9]{2,3}""#),
        ("{pod=~web{2}}", r#"pod=~"web{2}""#),
        (r#"a="}""#, r#"a="}""#),
        (r#"{a="x" , b="y" }"#, "a=x,b=y"),
        (r#"{a="{",b=c}"#, r#"a="{",b=c"#),
        (r"{a=~\{x}", r#"a=~"\\{x""#),
        (r#"{a=~"[}]"}"#, r#"a=~"[}]""#),
        ("{}", ""),
        ("{", ""),
        (",", ""),
    ] {
        assert_eq!(conditions(typed).unwrap().to_string(), canonical, "{typed}");
    }
}

#[test]
fn what_could_be_several_is_not_guessed() {
    for wrong in [
        r#"{a="x"},{b="y"}"#,
        r#"a="x"y"#,
        r#"a="x"y""#,
        r#"a="x"#,
        r#"a=x",b="y"#,
        "{a=x,b.c=y}",
        "{a=x b=y}",
        "a=x y",
        "a!=x、b=y",
        "a!=x；b=y",
        "a!=x;b!~y",
        "a=x、",
        "{a=x,b.c!~y}",
        "{a=x,b.c！～y}",
        "a!=x,HostDown",
        "a!=80,443",
        "a=x“y”",
        "{a=~b{2}",
        "a='x'y",
        "{{a=x,b=y}}",
        "{a=x,b=y}}",
        "{ {a=x}",
        "a=x}}",
        "{a=~[}]}",
        "{a=x}b=y",
        "a!=x{b!~y}",
    ] {
        assert!(conditions(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_silence_is_for() {
    assert!(matches!(target("C2B8C7D5E6F70812"), Ok(Target::Fingerprint(it)) if it == "c2b8c7d5e6f70812"));
    assert!(matches!(target("a=b"), Ok(Target::Conditions(_))));
    assert!(target("c2b8c7d5e6f7081").is_err() && target("c2b8c7d5e6f70812a").is_err());
    assert!(id("8D4162B1-5741-4acf-a408-2be23d7038b4").is_ok());
    for wrong in ["", "..", "8d4162b1-5741-4acf-a408-2be23d7038b", "8d4162b1/5741-4acf-a408-2be23d7038b4"] {
        assert!(id(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_fits_a_label_that_is_not_there() {
    let fits = |typed| conditions(typed).unwrap().matchers()[0].fits_nothing();
    for typed in ["a=", "a!=b", "a=~.*", "a=~|b", "a=~b?", "a!~b.+", "a=~\"\"", "a=~中?\\d*"] {
        assert!(fits(typed), "{typed}");
    }
    for typed in ["a=b", "a!=", "a=~.+", "a=~b|c", "a!~.*", "a=~(", "a=~中", "a=~\\d+"] {
        assert!(!fits(typed), "{typed}");
    }
}

proptest! {
    #[test]
    fn a_condition_is_read_again_as_the_same(
        value in r#"([^\pC\p{Zl}\p{Zp}]|[{},，、；"=~＝“”。？ ]|,b=){0,12}"#, is_regex: bool, is_equal: bool
    ) {
        let matcher = Matcher { name: "a_1".into(), value, is_regex, is_equal };
        prop_assert_eq!(said(&format!("{matcher} {matcher}")), Some(vec![matcher.clone(), matcher.clone()]));
        let conditions = |typed: String| conditions(&typed).unwrap().0;
        prop_assert_eq!(conditions(matcher.to_string()), [matcher.clone()]);
        prop_assert_eq!(conditions(matcher.filter()), [matcher.clone()]);
        let both = format!("{{{matcher}, {}}}", matcher.filter());
        prop_assert_eq!(conditions(both), [matcher.clone(), matcher]);
    }

    #[test]
    fn what_is_pasted_is_what_is_meant(
        values in prop::collection::vec((
            r#"([^\pC\p{Zl}\p{Zp}]|[{},，"'=~＝“”‘’ \\\n]|,b=|", b="|\}, \{){0,8}"#,
            prop::sample::select(OPERATORS.to_vec()),
        ), 1..4),
        between in prop::sample::select(vec![",", ", ", "，", ",\n", " ", "\u{3000}", "+", "+ ", "\n+\n"]),
        around in prop::sample::select(vec![("", ""), ("{", "}"), ("｛", "｝"), ("{ ", " }"), ("{", ",}")]),
        quotes in prop::sample::select(vec![('"', '"'), ('“', '”'), ('”', '“'), ('＂', '＂')]),
    ) {
        let (open, close) = quotes;
        let written = |(value, operator): &(String, &str)| {
            let mut text = format!("a_1{operator}{open}");
            for c in value.chars() {
                match c {
                    '\n' => text.push_str("\\n"),
                    '\\' => text.push_str("\\\\"),
                    c if closes(open, c) => text.extend(['\\', c]),
                    c => text.push(c),
                }
            }
            text + &close.to_string()
        };
        let typed = values.iter().map(written).collect::<Vec<_>>().join(between);
        let typed = format!("{}{typed}{}", around.0, around.1);
        let meant: Vec<_> = values.iter().map(|(value, operator)| matcher("a_1", value, operator)).collect();
        prop_assert_eq!(said(&typed), Some(meant), "{}", typed);
    }

    #[test]
    fn nothing_that_is_typed_is_lost(
        typed in r#"(a=|b!~|, ?c=~"|"|'|“|”|[{},，、； xy~=]|"\}|=“){1,10}"#,
    ) {
        let essence = |text: &str| -> String {
            text.chars().filter(|c| !is_quote(*c) && !matches!(c, '{' | '}' | ',' | '，' | ' ' | '\\')).collect()
        };
        if let Some(said) = said(&typed) {
            let told: String = said.iter().map(|matcher| {
                let is_name = matcher.name == NAME && !typed.contains(NAME);
                if is_name { matcher.value.clone() } else { matcher.filter() }
            }).collect();
            prop_assert_eq!(essence(&told), essence(&typed), "{}", typed);
        }
    }
}
