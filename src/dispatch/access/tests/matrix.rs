//! People × places × commands × arguments × rules.

use std::{collections::BTreeMap, fmt::Write};

use proptest::{
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value};

use super::{
    NAMES, ROWS,
    plain::{self, COMMANDS, Command, Rule, Values, Verdict},
};
use crate::{
    config::{Settings, SettingsFile},
    dispatch::{
        Membership, Person, Place,
        access::{May, Missing, Rules},
        invocation::Invocation,
        table::Table,
    },
};

/// Conditions by argument. `all` is a flag of one command and a number of another, which no rule may mix.
const CONDITIONS: [(&str, &[&[&str]]); 8] = [
    ("to", &[&["alice"], &["!alice", "!bob"], &["*"], &["a*e", "钉*"]]),
    ("namespace", &[&["prod"], &["dev-*", "staging"], &["!prod"], &["*", "!kube-*"], &["*/*"]]),
    ("all", &[&["true"], &["false"], &["3"], &["2..5", "!4"]]),
    ("replicas", &[&["1..10"], &["..3", "50.."], &["!0"], &["5"], &["*"]]),
    ("duration", &[&["..4h"], &["1d.."], &["30m", "2h"], &["!2h"]]),
    ("param.ENV", &[&["prod"], &["!prod"], &["dev-*"], &["*"]]),
    ("param.APP", &[&["web"], &["*", "!api"]]),
    ("param.*", &[&["*"], &["x*"], &["!x"]]),
];

fn rule() -> impl Strategy<Value = Rule> {
    let some = |of: &'static [&'static str], most: usize| subsequence(of, 0..=most);
    let who = ["alice", "bob", "carol", "@sre", "@dev", "@all", "staff", "admin", "anyone"];
    let run =
        ["k8s *", "k8s scale", "K8S Secrets", "*", "*s*", "wave", "jenkins build", "alerts *", "k8s pods"];
    let when = select(CONDITIONS.to_vec()).prop_flat_map(|(name, entries)| {
        select(entries.to_vec()).prop_map(move |entries| (name, entries.to_vec()))
    });
    (
        any::<bool>(),
        subsequence(who.to_vec(), 1..=2),
        some(&["ops", "dev", "private", "anywhere"], 2),
        subsequence(run.to_vec(), 0..=2),
        proptest::option::of(select(vec!["open", "read", "write"])),
        proptest::collection::vec(when, 0..=2),
    )
        .prop_map(|(denies, who, within, run, effect, when)| {
            let when = when.into_iter().collect::<BTreeMap<_, _>>();
            Rule { denies, who, within, run, effect, when }
        })
}

/// A value for each argument that is given.
fn values(command: &'static Command) -> impl Strategy<Value = Values> {
    let texts = |texts: &'static [&'static str], many: usize| {
        subsequence(texts, 0..=many)
            .prop_map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<String>>())
    };
    let one = |name: &str, kind: &str| match (name, kind) {
        ("namespace", _) if command.path == "k8s pods" => {
            texts(&["prod", "dev-1", "staging", "kube-system", "a/b"], 3).boxed()
        }
        ("namespace", _) => texts(&["prod", "dev-1", "staging", "kube-system", "a/b"], 1).boxed(),
        (_, "flag") => select(vec![vec!["true".to_owned()], vec!["false".to_owned()]]).boxed(),
        ("replicas", _) => texts(&["0", "1", "3", "4", "10", "11", "50"], 1)
            .prop_filter("required", |all| !all.is_empty())
            .boxed(),
        (_, "number") => texts(&["1", "2", "3", "4", "5", "6"], 1).boxed(),
        (_, "duration") => texts(&["30m", "2h", "4h", "4h1m", "1d", "30d"], 1).boxed(),
        ("param.ENV", _) => texts(&["prod", "dev-1", ""], 1).boxed(),
        ("param.APP", _) => texts(&["web", "api"], 1).boxed(),
        (_, "pairs") => texts(&["x", "xy", "z"], 1).boxed(),
        _ => texts(&["alice", "bob", "钉钉"], 1).boxed(),
    };
    let names = command.arguments.iter().flat_map(|(name, kind)| match *kind {
        "pairs" => {
            ["ENV", "APP", "FOO", "BAR"].iter().map(|key| (format!("{name}.{key}"), "pairs")).collect()
        }
        kind => vec![((*name).to_owned(), kind)],
    });
    let all: Vec<_> =
        names.map(|(name, kind)| one(&name, kind).prop_map(move |given| (name.clone(), given))).collect();
    all.prop_map(|all| all.into_iter().filter(|(_, given)| !given.is_empty()).collect())
}

/// As a command serializes what it was given.
fn invocation(command: &Command, values: &Values) -> Invocation {
    let canonical = |name: &str, kind: &str| {
        let given = values.get(name).map(Vec::as_slice).unwrap_or_default();
        match (kind, given) {
            ("pairs", _) => {
                let pair = |(name, value): (&String, &Vec<String>)| {
                    Some((name.strip_prefix("param.")?.to_owned(), value[0].clone().into()))
                };
                Value::Object(values.iter().filter_map(pair).collect())
            }
            (_, given) if command.path == "k8s pods" && name == "namespace" => given.into(),
            (_, []) => Value::Null,
            ("flag", [given, ..]) => (given == "true").into(),
            ("number", [given, ..]) => given.parse::<i64>().unwrap().into(),
            (_, [given, ..]) => given.as_str().into(),
        }
    };
    let entry = |(name, kind): &(&str, &str)| ((*name).to_owned(), canonical(name, kind));
    let values: Map<String, Value> = command.arguments.iter().map(entry).collect();
    Invocation { path: command.path.to_owned(), values, alias: None }
}

fn toml(rules: &[Rule]) -> String {
    let mut toml = NAMES.to_owned();
    for rule in rules {
        let kind = if rule.denies { "deny" } else { "allow" };
        writeln!(toml, "[[{kind}]]\nwho = {:?}", rule.who).unwrap();
        if !rule.within.is_empty() {
            writeln!(toml, "in = {:?}", rule.within).unwrap();
        }
        if !rule.run.is_empty() {
            writeln!(toml, "run = {:?}", rule.run).unwrap();
        }
        if let Some(effect) = rule.effect {
            writeln!(toml, "effect = {effect:?}").unwrap();
        }
        for (name, entries) in &rule.when {
            writeln!(toml, "when.{name:?} = {entries:?}").unwrap();
        }
    }
    toml
}

fn compiled(rules: &[Rule]) -> Option<Rules> {
    let settings = Settings::parse(&toml(rules), SettingsFile::Embedded, &|_| None).ok()?;
    Rules::new(&settings.rules, &Table::new(ROWS, Vec::new()).unwrap(), false).ok()
}

/// Rules that the start takes: one that is refused beside the others is left out.
fn rules() -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(rule(), 1..=7).prop_map(|rules| {
        rules.into_iter().fold(Vec::new(), |mut taken, rule| {
            taken.push(rule);
            if compiled(&taken).is_none() {
                taken.pop();
            }
            taken
        })
    })
}

fn people() -> Vec<plain::Person> {
    let person = |staff_id, organisation, admin| plain::Person { staff_id, organisation, admin };
    vec![
        person(Some("0147000002"), "own", true),
        person(Some("0147000003"), "own", false),
        person(Some("0147000004"), "own", false),
        person(Some("0147000009"), "own", false),
        person(None, "own", true),
        person(Some("0147000002"), "listed", true),
        person(None, "listed", false),
        person(Some("0147000002"), "unknown", true),
    ]
}

const PLACES: [plain::Place; 4] = ["ops", "dev", "elsewhere", "private"];

fn real(person: plain::Person, place: plain::Place) -> (Person, Place) {
    let membership = match person.organisation {
        "own" => Membership::Own,
        "listed" => Membership::Listed,
        _ => Membership::Unknown,
    };
    let staff_id = person.staff_id.map(str::to_owned);
    let who = Person { nick: "x".into(), staff_id, dingtalk_id: None, membership, admin: person.admin };
    // A private chat has a conversation id too: that of a group, at worst.
    let id = match place {
        "dev" => "cidDEVAAAAAAAAAAAAAAAA==",
        "elsewhere" => "cidELSEWHERE==",
        _ => "cidOPSAAAAAAAAAAAAAAAA==",
    };
    (who, Place { private: place == "private", conversation_id: Some(id.into()), title: None })
}

fn decided(
    rules: &Rules,
    command: &Command,
    values: &Values,
    person: plain::Person,
    place: plain::Place,
) -> Verdict {
    let (who, place) = real(person, place);
    let row = ROWS.iter().find(|row| row.path.to_string() == command.path).unwrap();
    match rules.decide(row, &invocation(command, values), &who, &place) {
        Ok(grant) => grant.rule.map_or(Verdict::Open, |rule| Verdict::Allowed(rule.number)),
        Err(Missing::Denied(rule)) => Verdict::Denied(rule.number),
        Err(Missing::Rule(_)) => Verdict::No,
        Err(Missing::StaffId | Missing::Organisation | Missing::OtherOrganisation) => Verdict::Never,
        Err(missing) => panic!("{missing:?}"),
    }
}

/// Several ways to say one command.
fn said() -> impl Strategy<Value = (&'static Command, Vec<Values>)> {
    select((0..COMMANDS.len()).collect::<Vec<_>>()).prop_flat_map(|index| {
        let command = &COMMANDS[index];
        proptest::collection::vec(values(command), 4).prop_map(move |values| (command, values))
    })
}

/// What the settings allow in every case of the matrix, whatever seed it began with.
fn compare(config: Config) -> BTreeMap<String, usize> {
    let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().new_rng());
    let verdicts = std::cell::RefCell::new(BTreeMap::new());
    let cases = (rules(), proptest::collection::vec(said(), 4));
    let ran = runner.run(&cases, |(rules, said)| {
        let compiled = compiled(&rules).unwrap();
        for (command, all) in said {
            for (person, place) in people().into_iter().flat_map(|person| PLACES.map(|place| (person, place)))
            {
                for values in &all {
                    let expected = plain::decide(&rules, command, values, person, place);
                    let came = decided(&compiled, command, values, person, place);
                    let kind = format!("{expected:?}");
                    *verdicts.borrow_mut().entry(kind).or_default() += 1;
                    prop_assert_eq!(
                        came,
                        expected,
                        "{} {:?} {:?} {}\n{}",
                        command.path,
                        values,
                        person,
                        place,
                        toml(&rules)
                    );
                }
            }
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    verdicts.into_inner()
}

#[test]
fn two_implementations_decide_the_same() {
    let verdicts = compare(Config { cases: 200, failure_persistence: None, ..Config::default() });
    for verdict in ["Never", "No", "Open", "Allowed(1)", "Allowed(2)", "Denied(1)", "Denied(2)"] {
        assert!(verdicts.get(verdict).is_some_and(|count| *count > 200), "{verdict}: {verdicts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody gets round a deny by saying more, or less.
    #[test]
    fn nothing_said_beside_lifts_a_deny(rules in rules(), said in said(), more in proptest::collection::vec(said(), 3)) {
        let compiled = compiled(&rules).unwrap();
        let denied = |values: &Values, person, place| matches!(decided(&compiled, said.0, values, person, place), Verdict::Denied(_));
        let is_named = |name: &str| {
            let names = |rule: &Rule| rule.when.contains_key(name) || (name.starts_with("param.") && rule.when.contains_key("param.*"));
            rules.iter().filter(|rule| rule.denies).any(names)
        };
        let rest = rules.iter().any(|rule| rule.denies && rule.when.contains_key("param.*"));
        let others: Vec<&Values> = more.iter().filter(|(command, _)| command.path == said.0.path).flat_map(|(_, values)| values).chain(&said.1).collect();
        for (person, place) in people().into_iter().flat_map(|person| PLACES.map(|place| (person, place))) {
            for values in said.1.iter().filter(|values| denied(values, person, place)) {
                for (name, given) in others.iter().flat_map(|values| values.iter()) {
                    let mut changed = values.clone();
                    match values.get(name) {
                        Some(_) if name == "namespace" && said.0.path == "k8s pods" => {
                            changed.entry(name.clone()).or_default().extend(given.iter().cloned());
                        }
                        None if !is_named(name) => {
                            changed.insert(name.clone(), given.clone());
                        }
                        _ => continue,
                    }
                    prop_assert!(denied(&changed, person, place), "{:?} {:?}\n{}", values, changed, toml(&rules));
                }
                for name in values.keys() {
                    // A switch that is not given is off, which is a value. What "param.*" is about is one argument.
                    if (name == "all" && said.0.path == "k8s pods") || (rest && name.starts_with("param.")) {
                        continue;
                    }
                    let mut changed = values.clone();
                    changed.remove(name);
                    prop_assert!(denied(&changed, person, place), "{:?} {:?}\n{}", values, changed, toml(&rules));
                }
                if rest {
                    let mut changed = values.clone();
                    changed.retain(|name, _| !name.starts_with("param."));
                    prop_assert!(denied(&changed, person, place), "{:?} {:?}\n{}", values, changed, toml(&rules));
                }
            }
        }
    }

    /// What is told before the arguments are known.
    #[test]
    fn may_holds_whatever_the_arguments(rules in rules(), said in said()) {
        let compiled = compiled(&rules).unwrap();
        let (command, all) = said;
        let row = ROWS.iter().find(|row| row.path.to_string() == command.path).unwrap();
        for (person, place) in people().into_iter().flat_map(|person| PLACES.map(|place| (person, place))) {
            let (who, at) = real(person, place);
            let may = compiled.may(row, None, &who, &at);
            for values in &all {
                let allowed = matches!(decided(&compiled, command, values, person, place), Verdict::Allowed(_) | Verdict::Open);
                prop_assert!(may != May::Yes || allowed, "{} {:?} {:?} {}\n{}", command.path, values, person, place, toml(&rules));
                prop_assert!(may != May::No || !allowed, "{} {:?} {:?} {}\n{}", command.path, values, person, place, toml(&rules));
            }
            let expected = match plain::may(&rules, command, person, place) {
                "yes" => May::Yes,
                "no" => May::No,
                _ => May::Depends,
            };
            prop_assert_eq!(may, expected, "{} {:?} {}\n{}", command.path, person, place, toml(&rules));
        }
    }
}
