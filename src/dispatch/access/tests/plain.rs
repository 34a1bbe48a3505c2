//! What a rule means, once more: written from design.md alone, slowly and plainly, to be compared with.

use std::collections::BTreeMap;

use crate::dispatch::access::May;

/// A rule as it is written.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) denies: bool,
    pub(super) who: Vec<&'static str>,
    pub(super) within: Vec<&'static str>,
    pub(super) run: Vec<&'static str>,
    pub(super) effect: Option<&'static str>,
    pub(super) when: BTreeMap<&'static str, Vec<&'static str>>,
    pub(super) confirm: Option<&'static str>,
}

/// A command, with its arguments and what they hold: `text`, `number`, `duration`, `flag` or `pairs`.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) path: &'static str,
    pub(super) effect: &'static str,
    pub(super) sensitive: bool,
    pub(super) arguments: &'static [(&'static str, &'static str)],
}

pub(super) const COMMANDS: [Command; 6] = [
    Command { path: "wave", effect: "open", sensitive: false, arguments: &[("to", "text")] },
    Command {
        path: "k8s pods",
        effect: "read",
        sensitive: false,
        arguments: &[("namespace", "text"), ("all", "flag")],
    },
    Command { path: "k8s secrets", effect: "read", sensitive: true, arguments: &[("namespace", "text")] },
    Command {
        path: "k8s scale",
        effect: "write",
        sensitive: false,
        arguments: &[("replicas", "number"), ("namespace", "text")],
    },
    Command {
        path: "alerts silence",
        effect: "write",
        sensitive: false,
        arguments: &[("duration", "duration")],
    },
    Command {
        path: "jenkins build",
        effect: "write",
        sensitive: false,
        arguments: &[("param", "pairs"), ("all", "number")],
    },
];

/// Whoever asks, as a callback tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) staff_id: Option<&'static str>,
    /// `own`, `listed`, or `unknown` where the callback names no organisation.
    pub(super) organisation: &'static str,
    pub(super) admin: bool,
}

/// Where: `ops`, `dev`, `elsewhere` or `private`.
pub(super) type Place = &'static str;

/// Values by argument, `param.KEY` for pairs; what was not given has none.
pub(super) type Values = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// By the rule of this number.
    Allowed(usize),
    /// By no rule.
    Open,
    /// By the rule of this number.
    Denied(usize),
    /// No rule allows it.
    No,
    /// Whatever the rules say.
    Never,
}

pub(super) fn decide(
    rules: &[Rule],
    command: &Command,
    values: &Values,
    person: Person,
    place: Place,
) -> Verdict {
    // No staff id, no write. It counts only in the robot's own organisation; without any, open commands only.
    let writes = command.effect == "write" && staff_id(person).is_none();
    if writes || (command.effect != "open" && person.organisation == "unknown") {
        return Verdict::Never;
    }
    // Sensitive replies go to groups that the settings name, and to private chats.
    if command.sensitive && place == "elsewhere" {
        return Verdict::Never;
    }
    for denies in [true, false] {
        let mut number = 0;
        for rule in rules {
            if rule.denies != denies {
                continue;
            }
            number += 1;
            let means = rule.who.iter().any(|who| is(person, who))
                && (rule.within.is_empty() || rule.within.iter().any(|&within| is_in(place, within)))
                && is_about(rule, command)
                && rule.when.iter().all(|(name, entries)| holds(rule, command, name, entries, values))
                && (denies || names_all_pairs(rule, values));
            if means && denies {
                return Verdict::Denied(number);
            }
            if means {
                // Who has no staff id has no code.
                let confirmed =
                    rule.confirm.unwrap_or(if command.effect == "write" { "self" } else { "none" });
                let can = confirmed == "none" || staff_id(person).is_some();
                return if can { Verdict::Allowed(number) } else { Verdict::Never };
            }
        }
    }
    if command.effect == "open" { Verdict::Open } else { Verdict::No }
}

/// As long as nothing is known of the arguments: each rule that asks for them may match or not.
pub(super) fn may(rules: &[Rule], command: &Command, person: Person, place: Place) -> May {
    // `*` says nothing: of what is absent a deny matches anyway, and of the rest of pairs there may be none.
    let says_nothing = |rule: &Rule, name: &str, entries: &[&str]| {
        let is_all = entries.contains(&"*") && !entries.iter().any(|entry| entry.starts_with('!'));
        is_all && (rule.denies || name.ends_with(".*"))
    };
    let asks = |rule: &Rule| !rule.when.iter().all(|(name, entries)| says_nothing(rule, name, entries));
    let asking: Vec<usize> = (0..rules.len()).filter(|&index| asks(&rules[index])).collect();
    let has = |name: &&str| {
        let argument = name.split('.').next().unwrap();
        command.arguments.iter().any(|(other, _)| *other == argument)
    };
    let world = |matching: usize| {
        let rule = |(index, rule): (usize, &Rule)| {
            let at = asking.iter().position(|&asking| asking == index);
            let matches = at.is_none_or(|at| matching >> at & 1 == 1) && rule.when.keys().all(has);
            matches.then(|| Rule { when: BTreeMap::new(), ..rule.clone() })
        };
        let rules: Vec<Rule> = rules.iter().enumerate().filter_map(rule).collect();
        let verdict = decide(&rules, command, &Values::new(), person, place);
        matches!(verdict, Verdict::Allowed(_) | Verdict::Open)
    };
    let worlds: Vec<bool> = (0..1 << asking.len()).map(world).collect();
    match (worlds.contains(&true), worlds.contains(&false)) {
        (true, true) => May::Depends,
        (true, false) => May::Yes,
        (false, _) => May::No,
    }
}

fn staff_id(person: Person) -> Option<&'static str> {
    if person.organisation == "own" { person.staff_id } else { None }
}

fn is(person: Person, who: &str) -> bool {
    let id = staff_id(person);
    let one_of = |ids: &[&str]| id.is_some_and(|id| ids.contains(&id));
    match who {
        "anyone" => true,
        "staff" => id.is_some(),
        "admin" => id.is_some() && person.admin,
        "alice" | "@sre" => one_of(&["0147000002"]),
        "bob" | "@dev" => one_of(&["0147000003"]),
        "carol" => one_of(&["0147000004"]),
        "@all" => one_of(&["0147000002", "0147000003", "0147000004"]),
        who => panic!("{who}"),
    }
}

fn is_in(place: Place, within: &str) -> bool {
    within == "anywhere" || within == place
}

/// `run`, `effect` or both, and both must hold. A sensitive command is allowed only where `run` names it.
fn is_about(rule: &Rule, command: &Command) -> bool {
    // A glob whose first word is not whole names nothing.
    let names =
        |glob: &str| rule.denies || !command.sensitive || !glob.split(' ').next().unwrap().contains('*');
    let named = rule.run.iter().any(|glob| names(glob) && fits_glob(&glob.to_lowercase(), command.path));
    let by_run = if rule.run.is_empty() { rule.denies || !command.sensitive } else { named };
    by_run && rule.effect.is_none_or(|effect| effect == command.effect)
}

fn holds(rule: &Rule, command: &Command, name: &str, entries: &[&str], values: &Values) -> bool {
    let argument = name.split('.').next().unwrap();
    // A command that does not have the argument is not matched by the rule.
    let Some((_, kind)) = command.arguments.iter().find(|(other, _)| *other == argument) else {
        return false;
    };
    let given: Vec<&String> = match name.strip_suffix(".*") {
        None => values.get(name).into_iter().flatten().collect(),
        Some(_) => {
            let rest = pairs(values).filter(|(key, _)| !rule.when.contains_key(key.as_str()));
            rest.flat_map(|(_, values)| values).collect()
        }
    };
    // Absent: for allow it does not match, for deny it does. Of the rest of pairs there may be none.
    if given.is_empty() {
        return rule.denies || name.ends_with(".*");
    }
    let fits = |value: &&String| fits(value, entries, kind);
    if rule.denies { given.iter().any(fits) } else { given.iter().all(fits) }
}

fn pairs(values: &Values) -> impl Iterator<Item = (&String, &Vec<String>)> {
    values.iter().filter(|(name, _)| name.starts_with("param."))
}

/// Where an allow names one `param.` it must name each that is used.
fn names_all_pairs(rule: &Rule, values: &Values) -> bool {
    let names_one = rule.when.keys().any(|name| name.starts_with("param."));
    !names_one
        || rule.when.contains_key("param.*")
        || pairs(values).all(|(name, _)| rule.when.contains_key(name.as_str()))
}

/// It fits some plain entry, or there is none, and breaks no `!` entry.
fn fits(value: &str, entries: &[&str], kind: &str) -> bool {
    let (against, plain): (Vec<&str>, Vec<&str>) = entries.iter().partition(|entry| entry.starts_with('!'));
    let fits = |entry: &str| match kind {
        "number" | "duration" => fits_range(value, entry),
        _ => fits_glob(entry, value),
    };
    (plain.is_empty() || plain.iter().any(|entry| fits(entry)))
        && !against.iter().any(|entry| fits(entry.trim_start_matches('!')))
}

fn fits_range(value: &str, range: &str) -> bool {
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    range == "*"
        || ((from.is_empty() || size(from) <= size(value)) && (to.is_empty() || size(value) <= size(to)))
}

/// A number, or a duration in seconds.
fn size(text: &str) -> i64 {
    let (mut sum, mut digits) = (0, String::new());
    for c in text.chars() {
        let unit = match c {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            digit => {
                digits.push(digit);
                continue;
            }
        };
        sum += digits.parse::<i64>().unwrap() * unit;
        digits.clear();
    }
    if digits.is_empty() { sum } else { digits.parse().unwrap() }
}

/// `*` is any text, `/` too.
fn fits_glob(glob: &str, text: &str) -> bool {
    match (glob.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            fits_glob(&glob[1..], text)
                || text.chars().next().is_some_and(|c| fits_glob(glob, &text[c.len_utf8()..]))
        }
        (Some(one), Some(other)) if one == other => {
            fits_glob(&glob[one.len_utf8()..], &text[other.len_utf8()..])
        }
        _ => false,
    }
}
