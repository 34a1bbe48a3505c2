//! The line that says an invocation again.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Query, values::Take};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Row, Tail,
        arguments::{self, Arguments},
        canonical::canonical_line,
        row,
        table::Found,
        words::{Line, lacks_value, open_braces},
    },
    reply::Reply,
};

/// Has a name that begins with that of another
#[derive(clap::Args, serde::Serialize)]
pub(super) struct TakeBack {}

impl Command for TakeBack {
    const PATH: &'static [&'static str] = &["take", "back"];
    const ALIASES: &'static [&'static str] = &["prom query up"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("take back"))
    }
}

/// Take what conditions hold of
#[derive(clap::Args, serde::Serialize)]
pub(super) struct TakeThose {
    /// Conditions
    #[arg(value_parser = arguments::text, required = true)]
    those: Vec<String>,
    /// Why
    #[arg(long, short, value_parser = arguments::text)]
    comment: Option<String>,
}

impl Command for TakeThose {
    const PATH: &'static [&'static str] = &["take", "those"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Conditions;
    const ARGUMENTS: &'static [&'static str] = &["those", "comment"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("take those"))
    }
}

static ROWS: &[Row] = &[row::<Take>(), row::<Query>(), row::<TakeBack>(), row::<TakeThose>()];

fn ctx() -> Ctx {
    super::ctx("[people]\nalice = '0147000002'\n[groups]\nops = 'cidOPS=='", ROWS)
}

/// The row and the values that a line says.
fn read<'c>(line: &str, ctx: &'c Ctx) -> Result<(&'c Row, Map<String, Value>), String> {
    let Found::Row { row, line, words, .. } = ctx.table.read(line) else {
        return Err("no row".into());
    };
    match arguments::read(row, &line, &words, ctx).map_err(|complaint| complaint.message)? {
        Arguments::Given { prepared, .. } => Ok((row, prepared.values())),
        Arguments::HelpWanted => Err("help".into()),
    }
}

fn line(path: &str, values: Value, ctx: &Ctx) -> String {
    let Value::Object(values) = values else { panic!("an object") };
    canonical_line(ctx.table.named(path).unwrap(), &values, &ctx.table)
}

#[test]
fn lines_as_they_are_sent_back() {
    let ctx = ctx();
    for (path, values, expected) in [
        ("take", json!({ "service": "web", "count": 2, "loud": true, "to": null }), "take web 2 --loud"),
        (
            "take",
            json!({ "service": "web", "count": 1, "note": ["a b", "-x", "&&", "it's"] }),
            r#"take web 1 "a b" "-x" "&&" it's"#,
        ),
        ("take", json!({ "service": "back", "count": 1 }), r#"take "back" 1"#),
        (
            "take",
            json!({ "service": "web", "param": { "A": "1", "B": "x y" }, "label": ["a", "-b"] }),
            r#"take web --param A=1 --param B="x y" -l a -l=-b"#,
        ),
        (
            "take",
            json!({ "service": "web", "to": "0147000002", "for": "1h30m" }),
            "take web --for 1h30m --to 0147000002",
        ),
        ("take", json!({ "service": "web", "to": "zhangsan" }), "take web --to id:zhangsan"),
        (
            "prom query",
            json!({ "on": "dev", "query": "rate(x[5m]) # \"a" }),
            "prom query --on dev rate(x[5m]) # \"a",
        ),
        (
            "take those",
            json!({ "those": [r#"{a="b, c",d=~'e'}"#, "f=g h", "i=\"j", "-k"], "comment": "l=\"m n\"" }),
            r#"take those {a="b, c",d=~'e'} "f=g h" "i=\"j" "-k" --comment l="m n""#,
        ),
        ("prom query", json!({ "on": null, "query": "--on x" }), "prom query -- --on x"),
        ("prom query", json!({ "on": null, "query": "up" }), "prom query -- up"),
    ] {
        assert_eq!(line(path, values, &ctx), expected);
    }
}

/// A text rich in what the splitter and the reader of options look at.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let chars = |text: &str| prop::sample::select(text.chars().collect::<Vec<_>>()).prop_map(String::from);
    let piece = prop_oneof![
        4 => chars("anZ059_.-=:/#$\\"),
        3 => chars(" \t\n\u{A0}\u{3000}\u{200B}"),
        3 => chars("\"\"'“”‘’＂＇\\"),
        3 => chars("—–－--／、：＝。，？；;@＠"),
        2 => chars("重启服务🎉"),
        1 => prop::sample::select(vec!["--", "-h", "--help", "--loud", "-l", "--on", "take back", "&&", "\nhelp"]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

/// The same, rich in what conditions are made of.
pub(super) fn condition() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["a=\"", "\",b=~'", "a＝“", "{", "}", "，", "\"", "'", "!=", "\\"]);
    let piece = prop_oneof![2 => sign.prop_map(String::from), 1 => hostile()];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn everything() -> impl Strategy<Value = Map<String, Value>> {
    let text = || hostile().boxed();
    let some = |strategy: BoxedStrategy<&'static str>| prop::option::of(strategy).boxed();
    let one_of = move |names: &[&'static str]| some(prop::sample::select(names.to_vec()).boxed());
    let service = prop_oneof!["[a-z0-9]([a-z0-9._-]{0,8}[a-z0-9])?", Just("back".to_owned())];
    let keys = prop_oneof!["[A-Za-z0-9_.]{1,6}", "[重启A-Z：。；\"'“]{1,4}"];
    let pairs = prop::collection::btree_map(keys, prop_oneof![text(), Just(String::new()).boxed()], 0..3);
    (
        (service, 1..=100_i64, prop::collection::vec(text(), 0..3)),
        (
            one_of(&["1m", "2h", "1d12h30m1s", "7d"]),
            one_of(&["2026-01-02T15:04:00+08:00", "1999-12-31T23:59:59+08:00"]),
            one_of(&["0147000002", "alice", "zhang.san@x", "a-1"]),
            one_of(&["cidOPS==", "cidX+/8-_="]),
            one_of(&["prod", "staging"]),
            one_of(&["alpha", "zeta"]),
        ),
        (pairs, prop::collection::vec(text(), 0..3), any::<bool>()),
    )
        .prop_map(|((service, count, note), (long, at, to, group, env, letter), (param, label, loud))| {
            let param: BTreeMap<String, String> = param;
            let values = json!({
                "service": service, "count": count, "note": note, "for": long, "at": at, "to": to, "in": group,
                "env": env, "letter": letter, "param": param, "label": label, "loud": loud,
            });
            let Value::Object(values) = values else { panic!("an object") };
            values
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_canonical_line_says_the_same_values(values in everything()) {
        let ctx = ctx();
        let row = ctx.table.named("take").unwrap();
        let line = canonical_line(row, &values, &ctx.table);
        let (found, said) = read(&line, &ctx).map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
        prop_assert_eq!(&found.path, &row.path, "{}", line);
        prop_assert_eq!(said, values, "{}", line);
        prop_assert_eq!(ctx.table.second(&Line::split(&line)), None, "{}", line);
    }

    #[test]
    fn conditions_come_back_as_typed(
        mut those in prop::collection::vec(condition(), 1..4), comment in prop::option::of(condition()),
    ) {
        // What is resolved has its braces and an empty value in quotes.
        those.retain(|those| open_braces(those, 0) == 0 && !lacks_value(those));
        prop_assume!(!those.is_empty());
        let ctx = ctx();
        let row = ctx.table.named("take those").unwrap();
        let Value::Object(values) = json!({ "those": those, "comment": comment }) else { panic!("an object") };
        let line = canonical_line(row, &values, &ctx.table);
        let (found, said) = read(&line, &ctx).map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
        prop_assert_eq!(&found.path, &row.path, "{}", line);
        prop_assert_eq!(said, values, "{}", line);
        prop_assert_eq!(ctx.table.second(&Line::split(&line).keeping_quotes()), None, "{}", line);
    }

    #[test]
    fn a_verbatim_tail_comes_back_as_typed(on in prop::option::of(hostile()), query in hostile()) {
        let ctx = ctx();
        // What is taken as typed has no blanks around it.
        let query = Line::split(&query).rest_after(0).0.to_owned();
        prop_assume!(!query.is_empty());
        let row = ctx.table.named("prom query").unwrap();
        let Value::Object(values) = json!({ "on": on, "query": query }) else { panic!("an object") };
        let line = canonical_line(row, &values, &ctx.table);
        let (found, said) = read(&line, &ctx).map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
        prop_assert_eq!(&found.path, &row.path, "{}", line);
        prop_assert_eq!(said, values, "{}", line);
    }
}
