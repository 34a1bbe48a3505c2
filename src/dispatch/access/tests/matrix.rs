//! People × places × commands × arguments × rules.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write};

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
        Membership, Person, Place, Row,
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

/// A rule, most likely about this command.
fn rule(command: &'static Command) -> impl Strategy<Value = Rule> {
    let who = ["alice", "bob", "carol", "@sre", "@dev", "@all", "staff", "admin", "anyone"];
    let places = ["ops", "dev", "private", "anywhere"];
    let run =
        ["k8s *", "k8s scale", "K8S Secrets", "*", "*s*", "wave", "jenkins build", "alerts *", "k8s pods"];
    let is_own = |name: &str| command.arguments.iter().any(|(own, _)| name.split('.').next() == Some(own));
    let own: Vec<_> = CONDITIONS.into_iter().filter(|(name, _)| is_own(name)).collect();
    let when =
        prop_oneof![4 => select(own), 1 => select(CONDITIONS.to_vec())].prop_flat_map(|(name, entries)| {
            select(entries.to_vec()).prop_map(move |entries| (name, entries.to_vec()))
        });
    (
        any::<bool>(),
        prop_oneof![Just(vec!["anyone"]), subsequence(who.to_vec(), 1..=2)],
        prop_oneof![Just(Vec::new()), subsequence(places.to_vec(), 1..=2)],
        prop_oneof![2 => Just(vec![command.path]), 1 => Just(Vec::new()), 2 => subsequence(run.to_vec(), 1..=2)],
        proptest::option::of(select(vec!["open", "read", "write", command.effect])),
        proptest::collection::vec(when, 0..=3),
        proptest::option::weighted(0.2, select(vec!["none", "self"])),
    )
        .prop_map(|(denies, who, within, run, effect, when, confirm)| {
            let when = when.into_iter().collect::<BTreeMap<_, _>>();
            Rule { denies, who, within, run, effect, when, confirm: confirm.filter(|_| !denies) }
        })
}

/// Whether it may be given several times.
fn is_repeated(command: &Command, name: &str) -> bool {
    command.path == "k8s pods" && name == "namespace"
}

/// A value for each argument that is given.
fn values(command: &'static Command) -> impl Strategy<Value = Values> {
    let texts = |texts: &'static [&'static str], many: usize| {
        subsequence(texts, 0..=many)
            .prop_map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<String>>())
    };
    let one = |name: &str, kind: &str| match (name, kind) {
        ("namespace", _) => {
            let most = if is_repeated(command, name) { 3 } else { 1 };
            texts(&["prod", "dev-1", "staging", "kube-system", "a/b"], most).boxed()
        }
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
            (_, given) if is_repeated(command, name) => given.into(),
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
        if let Some(confirm) = rule.confirm {
            writeln!(toml, "confirm = {confirm:?}").unwrap();
        }
        for (name, entries) in &rule.when {
            writeln!(toml, "when.{name:?} = {entries:?}").unwrap();
        }
    }
    toml
}

fn compiled(rules: &[Rule]) -> Option<Rules> {
    let settings = Settings::parse(&toml(rules), SettingsFile::Embedded, &|_| None).ok()?;
    Rules::new(&settings, &Table::new(ROWS, Vec::new()).unwrap(), false).ok()
}

/// Rules that the start takes: one that is refused beside the others is left out.
fn rules(command: &'static Command) -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(rule(command), 1..=6).prop_map(|rules| {
        rules.into_iter().fold(Vec::new(), |mut taken, rule| {
            taken.push(rule);
            if compiled(&taken).is_none() {
                taken.pop();
            }
            taken
        })
    })
}

/// A command, rules, and several ways to say it.
fn said() -> impl Strategy<Value = (&'static Command, Vec<Rule>, Vec<Values>)> {
    (0..COMMANDS.len()).prop_flat_map(|index| {
        let command = &COMMANDS[index];
        (Just(command), rules(command), proptest::collection::vec(values(command), 8))
    })
}

/// Everybody, everywhere.
fn everybody() -> impl Iterator<Item = (plain::Person, plain::Place)> {
    people().into_iter().flat_map(|person| PLACES.map(|place| (person, place)))
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

fn row(command: &Command) -> &'static Row {
    ROWS.iter().find(|row| row.path.to_string() == command.path).unwrap()
}

fn decided(
    rules: &Rules,
    command: &Command,
    values: &Values,
    person: plain::Person,
    place: plain::Place,
) -> Verdict {
    let (who, place) = real(person, place);
    match rules.decide(row(command), &invocation(command, values), &who, &place) {
        Ok(grant) => grant.rule.map_or(Verdict::Open, |rule| Verdict::Allowed(rule.number)),
        Err(Missing::Denied(rule)) => Verdict::Denied(rule.number),
        Err(Missing::Rule(_)) => Verdict::No,
        Err(Missing::Freshness) => panic!("nothing is stale here"),
        Err(_) => Verdict::Never,
    }
}

#[test]
fn two_implementations_decide_the_same() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().new_rng());
    let verdicts = RefCell::new(BTreeMap::<Verdict, usize>::new());
    let ran = runner.run(&said(), |(command, rules, said)| {
        let compiled = compiled(&rules).unwrap();
        for (values, (person, place)) in
            said.iter().flat_map(|values| everybody().map(move |who| (values, who)))
        {
            let expected = plain::decide(&rules, command, values, person, place);
            let came = decided(&compiled, command, values, person, place);
            let toml = || toml(&rules);
            prop_assert_eq!(
                came,
                expected,
                "{} {:?} {:?} {}\n{}",
                command.path,
                values,
                person,
                place,
                toml()
            );
            *verdicts.borrow_mut().entry(expected).or_default() += 1;
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    // What never comes is not compared.
    let verdicts = verdicts.into_inner();
    for verdict in [
        Verdict::Never,
        Verdict::No,
        Verdict::Open,
        Verdict::Allowed(1),
        Verdict::Allowed(3),
        Verdict::Denied(1),
        Verdict::Denied(3),
    ] {
        assert!(verdicts.get(&verdict).is_some_and(|count| *count > 100), "{verdict:?}: {verdicts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody gets round a deny by saying more, or less.
    #[test]
    fn nothing_said_beside_lifts_a_deny((command, rules, said) in said()) {
        let compiled = compiled(&rules).unwrap();
        for (person, place) in everybody() {
            let denied = |values: &Values| matches!(decided(&compiled, command, values, person, place), Verdict::Denied(_));
            for values in said.iter().filter(|values| denied(values)) {
                let more = said.iter().flatten().filter_map(|given| with(values, given, command, &rules));
                for changed in more.chain(without(values, command, &rules)) {
                    prop_assert!(denied(&changed), "{} {:?} {:?}\n{}", command.path, values, changed, toml(&rules));
                }
            }
        }
    }

    /// What is told before the arguments are known.
    #[test]
    fn may_holds_whatever_the_arguments((command, rules, said) in said()) {
        let compiled = compiled(&rules).unwrap();
        for (person, place) in everybody() {
            let (who, at) = real(person, place);
            let may = compiled.may(row(command), None, &who, &at);
            prop_assert_eq!(may, plain::may(&rules, command, person, place), "{} {:?} {}\n{}", command.path, person, place, toml(&rules));
            for values in &said {
                let verdict = decided(&compiled, command, values, person, place);
                let allowed = matches!(verdict, Verdict::Allowed(_) | Verdict::Open);
                let holds = match may {
                    May::Yes => allowed,
                    May::No => !allowed,
                    May::Depends => true,
                };
                prop_assert!(holds, "{} {:?} {:?} {}\n{}", command.path, values, person, place, toml(&rules));
            }
        }
    }
}

#[test]
fn a_condition_that_says_nothing_leaves_nothing_open() {
    let rule = |denies, run, when: &[(&'static str, &'static str)]| Rule {
        denies,
        who: vec!["anyone"],
        within: Vec::new(),
        run: vec![run],
        effect: None,
        when: when.iter().map(|(name, entry)| (*name, vec![*entry])).collect(),
        confirm: None,
    };
    let (who, place) = real(people()[0], "ops");
    for (rules, may) in [
        (vec![rule(true, "wave", &[("to", "*")])], May::No),
        (vec![rule(true, "wave", &[("to", "a*")])], May::Depends),
        (vec![rule(false, "jenkins build", &[("param.*", "*")])], May::Yes),
        (vec![rule(false, "jenkins build", &[("param.*", "*"), ("all", "*")])], May::Depends),
        (vec![rule(false, "jenkins build", &[("param.ENV", "*")])], May::Depends),
        (vec![rule(true, "k8s scale", &[("replicas", "*")]), rule(false, "k8s scale", &[])], May::No),
    ] {
        let command = COMMANDS.iter().find(|command| command.path == rules[0].run[0]).unwrap();
        assert_eq!(compiled(&rules).unwrap().may(row(command), None, &who, &place), may, "{rules:?}");
    }
}

/// The same said with an argument once more, or with one that no deny names.
fn with(
    values: &Values,
    (name, given): (&String, &Vec<String>),
    command: &Command,
    rules: &[Rule],
) -> Option<Values> {
    let names = |rule: &Rule| {
        rule.when.contains_key(name.as_str())
            || (name.starts_with("param.") && rule.when.contains_key("param.*"))
    };
    let is_named = rules.iter().filter(|rule| rule.denies).any(names);
    let mut changed = values.clone();
    match values.get(name) {
        Some(_) if is_repeated(command, name) => {
            changed.entry(name.clone()).or_default().extend(given.iter().cloned())
        }
        None if !is_named => changed.extend([(name.clone(), given.clone())]),
        _ => return None,
    }
    Some(changed)
}

/// The same said without one of its arguments. A switch that is left out is off, which is a value, and what "param.*"
/// is about is one argument.
fn without(values: &Values, command: &Command, rules: &[Rule]) -> Vec<Values> {
    let is_switch = |name: &str| command.arguments.contains(&(name, "flag"));
    let rest = rules.iter().any(|rule| rule.denies && rule.when.contains_key("param.*"));
    let left = |out: &str| {
        let goes =
            |name: &str| name == out || (rest && name.starts_with("param.") && out.starts_with("param."));
        values.clone().into_iter().filter(|(name, _)| !goes(name)).collect()
    };
    values.keys().filter(|name| !is_switch(name)).map(|name| left(name)).collect()
}
