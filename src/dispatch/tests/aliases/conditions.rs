//! Whatever is said through an alias of conditions, it is the value of the condition that has room for it.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;

use super::super::{
    canonical::{TakeThose, condition},
    ctx,
};
use crate::{
    config::{Settings, SettingsFile},
    dispatch::{Ctx, Row, row, understand, words::escaped},
    systems,
};

const SETTINGS: &str = r#"
[[alertmanager]]
url = 'https://alerts.example.com'
[[alias]]
name = 'see'
run = 'alerts list a={1}:9100 b=~x{2}.*,c!="{1}-{2}" ｛d!~“\”{2}\\”，e＝{1}｝'
help = { zh = 'x', en = 'x' }
[[alias]]
name = 'named'
run = 'alerts list a{1}-b'
help = { zh = 'x', en = 'x' }
"#;

static CTX: LazyLock<Ctx> = LazyLock::new(|| {
    let settings = Settings::parse(SETTINGS, SettingsFile::Embedded, &|_| None).unwrap();
    ctx(SETTINGS, systems::families(&settings).next().unwrap().rows)
});

/// The conditions that a line says, and the line that says the same again.
fn said(line: &str) -> Option<(Value, String)> {
    let understood = understand(line, &CTX).ok()?;
    Some((understood.invocation.values["matcher"].clone(), understood.line().to_owned()))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_value_is_never_more_than_the_value_it_stands_in(one in condition(), two in condition()) {
        let alias = said(&format!("see {} {}", quoted(&one), quoted(&two)));
        let values = [
            ("a=", format!("{one}:9100")),
            ("b=~", format!("x{two}.*")),
            ("c!=", format!("{one}-{two}")),
            ("d!~", format!("”{two}\\")),
            ("e=", one.clone()),
        ];
        let conditions = values.map(|(label, value)| quoted(&format!("{label}{}", quoted(&value))));
        let meant = said(&format!("alerts list {}", conditions.join(" ")));
        prop_assert_eq!(meant.is_some(), alias.is_some());
        if let (Some((meant, _)), Some((conditions, again))) = (meant, alias) {
            prop_assert_eq!(&conditions, &meant, "{}", again);
            prop_assert_eq!(conditions.as_array().map(Vec::len), Some(5));
            prop_assert_eq!(said(&again).map(|said| said.0), Some(meant), "{}", again);
        }
    }

    #[test]
    fn a_part_of_a_name_is_nothing_else(part in prop_oneof![condition(), "[a-z0-9_.:/-]{0,5}"]) {
        if let Some((conditions, _)) = said(&format!("named {}", quoted(&part))) {
            prop_assert_eq!(conditions, serde_json::json!([format!("alertname=a{part}-b")]));
        }
    }
}

#[test]
fn a_placeholder_where_it_would_be_more_than_a_value_ends_the_start() {
    static THOSE: &[Row] = &[row::<TakeThose>()];
    const SINGLE: &str = "expected double quotes around a placeholder, came single ones";
    const ELSEWHERE: &str = "expected a placeholder as a word of its own or in the value of a condition, came one elsewhere in it";
    const UNCLEAR: &str = "expected double quotes around a value with a placeholder, came a blank, quote, brace, 、 or ; in it without";
    for (run, expected) in [
        ("take those {a='b',c=~'{1}'}", SINGLE),
        ("take those a=‘{1}’", SINGLE),
        ("take those {1}=prod", ELSEWHERE),
        ("take those {1}＝prod", ELSEWHERE),
        ("take those a{1}=prod", ELSEWHERE),
        ("take those a{1}{2}", ""),
        ("take those a=b,{1}=prod", ELSEWHERE),
        ("take those a=b,{1}", ELSEWHERE),
        ("take those {{{1}}", ELSEWHERE),
        ("take those \"a=b {1}\"", UNCLEAR),
        ("take those \"a={1} b\"", UNCLEAR),
        ("take those a=~[0-9]{{2}-{1}", ELSEWHERE),
        ("take those a=~{1}[0-9]{{2}", UNCLEAR),
        ("take those a=b}{1}", ELSEWHERE),
        ("take those a=b'{1}'", UNCLEAR),
        ("take those {1} --comment a={2}/{3}=b", ""),
        ("take those {1} -c='x {2}'", ""),
        ("take those a={1}、b={2}", UNCLEAR),
        ("take those \"a={1}；b\"", UNCLEAR),
        ("take those {a=~\"{1}\"} a!~{1}|{2} a=b {*}", ""),
    ] {
        let run = format!("[[alias]]\nname = 'x'\nhelp = {{ zh = 'x', en = 'x' }}\nrun = '''{run}'''");
        let expected = match expected {
            "" => "none".to_owned(),
            expected => format!("4:7: alias[1].run: {expected}"),
        };
        assert_eq!(super::mistakes::mistake_among(THOSE, &run), expected, "{run}");
    }
}
