//! Mistakes in rules about arguments and confirmation, with commands that have all kinds of them.

use super::{NAMES, ROWS};
use crate::{
    config::{Settings, SettingsFile},
    dispatch::{access::Rules, table::Table},
};

/// What is wrong with a rule whose lines are counted from its `[[…]]`.
fn wrong(rule: &str) -> Option<String> {
    let text = format!("{rule}\n{NAMES}");
    let settings = Settings::parse(&text, SettingsFile::Embedded, &|_| None).unwrap();
    let rules = Rules::new(&settings, &Table::new(ROWS, Vec::new()).unwrap(), false);
    rules.err().map(|mistake| mistake.to_string())
}

#[test]
fn what_a_condition_asks_fits_the_argument() {
    const RANGE: &str = "expected a number such as 3, or a range of numbers such as \"1..10\", came";
    const DURATION: &str =
        "expected a duration such as \"2h\", or a range of durations such as \"..4h\", came";
    for (run, when, mistake) in [
        ("k8s scale", "replicas = '1..x'", format!("4:21: allow[1].when.replicas: {RANGE} \"1..x\"")),
        ("k8s scale", "replicas = '10..1'", format!("4:21: allow[1].when.replicas: {RANGE} \"10..1\"")),
        ("k8s scale", "replicas = '..'", format!("4:21: allow[1].when.replicas: {RANGE} \"..\"")),
        ("k8s scale", "replicas = '1-10'", format!("4:21: allow[1].when.replicas: {RANGE} \"1-10\"")),
        ("k8s scale", "replicas = ['3', '!few']", format!("4:21: allow[1].when.replicas: {RANGE} \"!few\"")),
        ("k8s scale", "replicas = true", format!("4:21: allow[1].when.replicas: {RANGE} \"true\"")),
        ("alerts silence", "duration = '..4'", format!("4:21: allow[1].when.duration: {DURATION} \"..4\"")),
        ("alerts silence", "duration = 4", format!("4:21: allow[1].when.duration: {DURATION} \"4\"")),
        ("k8s pods", "all = 'yes'", "4:16: allow[1].when.all: expected true or false, came \"yes\"".to_owned()),
        (
            "jenkins build",
            "param = 'x'",
            "4:10: allow[1].when.param: expected param.KEY or \"param.*\", came \"param\"".to_owned(),
        ),
        (
            "jenkins build",
            "'param.' = 'x'",
            "4:10: allow[1].when.param.: expected param.KEY or \"param.*\", came \"param.\"".to_owned(),
        ),
        (
            "k8s scale",
            "'replicas.x' = '3'",
            "4:10: allow[1].when.replicas.x: expected a dot only behind an argument that takes KEY=VALUE, came \"replicas.x\"".to_owned(),
        ),
        (
            "k8s scale",
            "Namespace = 'x'",
            "4:10: allow[1].when.Namespace: expected the name of an argument as help shows it, came \"Namespace\"".to_owned(),
        ),
        // It is no part of what will be executed: a rule that asks for it would never match, or always.
        (
            "k8s scale",
            "dry-run = true",
            "4:10: allow[1].when.dry-run: expected the name of an argument as help shows it, came \"dry-run\"".to_owned(),
        ),
        // What no value fits.
        ("k8s scale", "replicas = '101'", "4:21: allow[1].when.replicas: expected something within 0..100, came \"101\"".to_owned()),
        ("k8s scale", "replicas = ['3', '!101..']", "4:21: allow[1].when.replicas: expected something within 0..100, came \"!101..\"".to_owned()),
        ("alerts silence", "duration = '..59s'", "4:21: allow[1].when.duration: expected something within 1m..30d, came \"..59s\"".to_owned()),
        ("issue list", "state = 'onn'", "4:18: allow[1].when.state: expected one of open, closed, came \"onn\"".to_owned()),
        ("issue list", "state = ['open', '!close']", "4:18: allow[1].when.state: expected one of open, closed, came \"!close\"".to_owned()),
        ("issue list", "state = 'o*x'", "4:18: allow[1].when.state: expected one of open, closed, came \"o*x\"".to_owned()),
        ("issue list", "by = 'dave'", "4:15: allow[1].when.by: expected a name of [people] or a staff id, came \"dave\"".to_owned()),
        ("issue list", "within = '!opps'", "4:19: allow[1].when.within: expected a name of [groups] or a conversation id (cid…), came \"!opps\"".to_owned()),
        // A flag of one, a number of the other.
        (
            "*",
            "all = 'true'",
            "4:10: allow[1].when.all: expected an argument of one kind, came one that differs from command to command: make a rule for each".to_owned(),
        ),
        (
            "*",
            "duration = '2h', replicas = '3'",
            "4:27: allow[1].when.replicas: expected an argument of a command that has the other ones of when too, came \"replicas\"".to_owned(),
        ),
    ] {
        let rule = format!("[[allow]]\nwho = ['alice']\nrun = ['{run}']\nwhen = {{ {when} }}");
        assert_eq!(wrong(&rule), Some(mistake), "{when}");
    }
    for (run, when) in [
        ("k8s scale", "replicas = 3, namespace = ['a', '!b']"),
        ("k8s scale", "replicas = ['-5..5', '..3', '7..', '*']"),
        ("alerts silence", "duration = ['2h', '..1h30m', '!1d..']"),
        ("k8s pods", "all = [true, '*']"),
        ("jenkins build", "'param.ENV' = 'x', 'param.a.b' = 'y', 'param.*' = '*'"),
        ("*", "namespace = 'x'"),
        ("k8s scale", "replicas = ['100', '90..200', '-9..0']"),
        ("issue list", "state = ['open', '!c*', '*'], by = ['alice', '0147000009', '!*'], within = 'ops'"),
    ] {
        let rule = format!("[[allow]]\nwho = ['alice']\nrun = ['{run}']\nwhen = {{ {when} }}");
        assert_eq!(wrong(&rule), None, "{when}");
    }
}

#[test]
fn a_write_is_confirmed_unless_it_is_mild_or_that_is_accepted() {
    let rule = |about: &str| wrong(&format!("[[allow]]\nwho = ['alice']\nconfirm = 'none'\n{about}"));
    for (about, path) in [
        ("run = ['k8s scale']", "k8s scale"),
        ("run = ['k8s *']", "k8s scale"),
        ("effect = 'write'", "k8s scale"),
        ("run = ['alerts silence', 'jenkins build']", "jenkins build"),
    ] {
        let start = format!(
            "3:11: allow[1].confirm: expected \"self\" or {{ peer = [...] }} for \"{path}\", which changes something"
        );
        assert!(rule(about).is_some_and(|mistake| mistake.starts_with(&start)), "{about}: {:?}", rule(about));
        assert_eq!(rule(&format!("{about}\naccept_one_tap = true")), None, "{about}");
    }
    for about in ["run = ['alerts silence']", "effect = 'read'", "run = ['k8s *']\neffect = 'read'"] {
        assert_eq!(rule(about), None, "{about}");
    }
}

#[test]
fn a_rule_that_means_what_an_earlier_one_does_never_decides() {
    let again = |first: &str, second: &str| {
        wrong(&format!("[[allow]]\nrun = ['k8s pods']\n{first}\n[[allow]]\nrun = ['k8s pods']\n{second}"))
    };
    for (first, second) in [
        ("who = ['alice']", "who = ['@sre']"),
        ("who = ['@all']", "who = ['alice', 'carol', 'bob']"),
        ("who = ['@all']", "who = ['@sre', '@dev', 'carol', 'alice']"),
        ("who = ['staff']", "who = ['admin', '@sre', 'staff']"),
        ("who = ['anyone', 'bob']", "who = ['staff', 'anyone']"),
        ("who = ['bob']\nin = ['anywhere', 'ops']", "who = ['@dev']"),
    ] {
        let mistake = "4:1: allow[2]: expected a rule of its own, came allow #1 once more";
        let lines = first.lines().count() - 1;
        let mistake = mistake.replace("4:1", &format!("{}:1", 4 + lines));
        assert_eq!(again(first, second), Some(mistake), "{first} {second}");
    }
    for (first, second) in [
        ("who = ['alice']", "who = ['@sre', 'bob']"),
        ("who = ['admin']", "who = ['admin', 'bob']"),
        ("who = ['staff']", "who = ['anyone']"),
        ("who = ['bob']\nin = ['ops']", "who = ['bob']\nin = ['private']"),
    ] {
        assert_eq!(again(first, second), None, "{first} {second}");
    }
}

#[test]
fn what_is_written_longer_means_the_same() {
    let again = |first: &str, second: &str| {
        let rule =
            |when: &str| format!("[[allow]]\nwho = ['alice']\nrun = ['k8s scale']\nwhen = {{ {when} }}");
        wrong(&format!("{}\n{}", rule(first), rule(second)))
    };
    for (first, second) in [
        ("namespace = 'a'", "namespace = ['a', 'a']"),
        ("namespace = ['b', '!c', 'a']", "namespace = ['a', 'b', '!c', '!c']"),
        ("namespace = '*'", "namespace = '**'"),
        ("namespace = 'a**b***'", "namespace = 'a*b*'"),
        ("replicas = ['3']", "replicas = ['3..3', 3]"),
    ] {
        let mistake = "5:1: allow[2]: expected a rule of its own, came allow #1 once more";
        assert_eq!(again(first, second).as_deref(), Some(mistake), "{first} {second}");
    }
    assert_eq!(again("namespace = 'a'", "namespace = ['a', '!a']"), None);
}

#[test]
fn a_sensitive_command_is_named_by_a_whole_first_word() {
    let rule = |run: &str| wrong(&format!("[[allow]]\nwho = ['alice']\nrun = ['{run}']"));
    for run in ["k8s secrets", "K8S  *", "k8s s*", "* *", "*e*"] {
        assert_eq!(rule(run), None, "{run}");
    }
    for run in ["*secret*", "k*s secrets", "*ecrets"] {
        let mistake = format!(
            "3:8: allow[1].run[1]: expected the first word of the command without *: a sensitive command is allowed only by its name, came \"{run}\""
        );
        assert_eq!(rule(run), Some(mistake), "{run}");
    }
    assert_eq!(wrong("[[deny]]\nwho = ['alice']\nrun = ['*secret*']"), None, "a deny names nobody too much");
}

#[test]
fn each_entry_of_run_leaves_a_command() {
    for (about, mistake) in [
        (
            "run = ['k8s pods', 'k8s scale']\neffect = 'read'",
            "3:20: allow[1].run[2]: expected a command that both run and effect fit, came \"k8s scale\"",
        ),
        (
            "run = ['wave', 'k8s *']\neffect = 'write'",
            "3:8: allow[1].run[1]: expected a command that both run and effect fit, came \"wave\"",
        ),
        (
            "run = ['k8s *', 'jenkins *']\nwhen = { namespace = 'x' }",
            "3:17: allow[1].run[2]: expected a command that has the arguments of when, came \"jenkins *\"",
        ),
    ] {
        assert_eq!(
            wrong(&format!("[[allow]]\nwho = ['alice']\n{about}")),
            Some(mistake.to_owned()),
            "{about}"
        );
    }
}

#[test]
fn what_does_nothing_is_a_mistake() {
    const CODES: &str = "expected a rule by which something is confirmed, came one without codes";
    const CONSENT: &str = "expected confirm = \"none\" and a command that changes something, came a rule that needs no such consent";
    for (about, mistake) in [
        ("effect = 'read'\nvalid = '5m'", format!("4:9: allow[1].valid: {CODES}")),
        ("run = ['alerts silence']\nconfirm = 'none'\nvalid = '5m'", format!("5:9: allow[1].valid: {CODES}")),
        ("effect = 'read'\naccept_one_tap = true", format!("4:18: allow[1].accept_one_tap: {CONSENT}")),
        ("run = ['k8s scale']\naccept_one_tap = true", format!("4:18: allow[1].accept_one_tap: {CONSENT}")),
        (
            "run = ['alerts silence']\nconfirm = 'none'\naccept_one_tap = true",
            format!("5:18: allow[1].accept_one_tap: {CONSENT}"),
        ),
    ] {
        assert_eq!(wrong(&format!("[[allow]]\nwho = ['alice']\n{about}")), Some(mistake), "{about}");
    }
    for about in [
        "effect = 'read'\nconfirm = 'self'\nvalid = '5m'",
        "run = ['k8s *']\nvalid = '5m'",
        "effect = 'read'\naccept_one_tap = false",
    ] {
        assert_eq!(wrong(&format!("[[allow]]\nwho = ['alice']\n{about}")), None, "{about}");
    }
}
