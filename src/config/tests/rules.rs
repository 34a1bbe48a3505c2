//! One mistake each in people, teams, groups, rules and defaults, by key and line.

use super::*;

const NAMES: &str =
    "people.alice='1'\npeople.bob='2'\ngroups.ops='cidO'\nteams.sre=['alice']\nteams.all=['@sre','bob']\n";

/// What is wrong with this, behind names to call by; lines are counted from its first.
fn wrong(text: &str) -> String {
    let behind = NAMES.lines().count();
    let mistake = parse(&format!("{NAMES}{text}")).expect_err(text);
    let (line, rest) = mistake.split_once(':').unwrap();
    format!("{}:{rest}", line.parse::<usize>().unwrap() - behind)
}

#[test]
fn every_mistake_of_a_rule_names_its_key_and_line() {
    const WHO: &str =
        "expected a name of [people], @ and a name of [teams], \"staff\", \"admin\" or \"anyone\", came";
    const RUN: &str = "expected the path of a command (`*` for any text) or the name of an alias, came";
    const CONFIRM: &str = "expected \"none\", \"self\" or { peer = [...] }";
    for (text, mistake) in [
        // Who.
        ("[[allow]]\neffect='read'", "1:1: allow[1]: expected who = [...], the people it is about, came none".to_owned()),
        ("[[deny]]\neffect='read'", "1:1: deny[1]: expected who = [...], the people it is about, came none".into()),
        ("[[allow]]\nwho=[]\neffect='read'", "2:5: allow[1].who: expected at least one entry, came none".into()),
        ("[[allow]]\nwho=['alice','']\neffect='read'", "2:14: allow[1].who[2]: expected a text, came an empty one".into()),
        ("[[allow]]\nwho=[' ']\neffect='read'", "2:6: allow[1].who[1]: expected a text, came an empty one".into()),
        ("[[allow]]\nwho=['carol']\neffect='read'", format!("2:6: allow[1].who[1]: {WHO} \"carol\"")),
        ("[[allow]]\nwho=['Alice']\neffect='read'", format!("2:6: allow[1].who[1]: {WHO} \"Alice\"")),
        ("[[allow]]\nwho=['@ops']\neffect='read'", format!("2:6: allow[1].who[1]: {WHO} \"@ops\"")),
        ("[[allow]]\nwho=['sre']\neffect='read'", format!("2:6: allow[1].who[1]: {WHO} \"sre\"")),
        (
            "[[allow]]\nwho=['alice','bob','alice']\neffect='read'",
            "2:20: allow[1].who[3]: expected each of them once, came \"alice\"".into(),
        ),
        (
            "[[deny]]\nwho=['staff']\nin=['ops','ops']\neffect='read'",
            "3:11: deny[1].in[2]: expected each of them once, came \"ops\"".into(),
        ),
        ("[[allow]]\nwho='alice'\neffect='read'", "2:5: allow[1].who: invalid type: string \"alice\", expected a sequence".into()),
        ("[[allow]]\nwho=[1]\neffect='read'", "2:6: allow[1].who[1]: invalid type: integer `1`, expected a string".into()),
        // Where.
        ("[[allow]]\nwho=['staff']\nin=[]\neffect='read'", "3:4: allow[1].in: expected at least one entry, came none".into()),
        ("[[allow]]\nwho=['staff']\nin=['']\neffect='read'", "3:5: allow[1].in[1]: expected a text, came an empty one".into()),
        (
            "[[allow]]\nwho=['staff']\nin=['ops','dev']\neffect='read'",
            "3:11: allow[1].in[2]: expected a name of [groups], \"private\" or \"anywhere\", came \"dev\"".into(),
        ),
        // What.
        ("[[allow]]\nwho=['staff']", "1:1: allow[1]: expected run, effect or both, came neither".into()),
        ("[[allow]]\nwho=['staff']\nrun=[]", "3:5: allow[1].run: expected at least one entry, came none".into()),
        ("[[allow]]\nwho=['staff']\nrun=['']", "3:6: allow[1].run[1]: expected a text, came an empty one".into()),
        ("[[allow]]\nwho=['staff']\nrun=['pign']", format!("3:6: allow[1].run[1]: {RUN} \"pign\"")),
        ("[[allow]]\nwho=['staff']\nrun=['ping','k8s *']", format!("3:13: allow[1].run[2]: {RUN} \"k8s *\"")),
        ("[[allow]]\nwho=['staff']\nrun=['帮助']", "3:6: allow[1].run[1]: expected the command by its path, \"help\", came \"帮助\"".into()),
        ("[[allow]]\nwho=['staff']\nrun='ping'", "3:5: allow[1].run: invalid type: string \"ping\", expected a sequence".into()),
        (
            "[[allow]]\nwho=['staff']\neffect='wriet'",
            "3:8: allow[1].effect: expected \"open\", \"read\" or \"write\", came \"wriet\"".into(),
        ),
        (
            "[[allow]]\nwho=['staff']\nrun=['ping']\neffect='read'",
            "3:6: allow[1].run[1]: expected a command that both run and effect fit, came \"ping\"".into(),
        ),
        // When.
        (
            "[[deny]]\nwho=['staff']\nrun=['help']\nwhen={comand='ip'}",
            "4:7: deny[1].when.comand: expected the name of an argument as help shows it, came \"comand\"".into(),
        ),
        (
            "[[deny]]\nwho=['staff']\nrun=['ping']\nwhen={command='ip'}",
            "4:7: deny[1].when.command: expected the name of an argument as help shows it, came \"command\"".into(),
        ),
        (
            "[[deny]]\nwho=['staff']\nrun=['help']\nwhen={'command.x'='ip'}",
            "4:7: deny[1].when.command.x: expected a dot only behind an argument that takes KEY=VALUE, came \"command.x\"".into(),
        ),
        ("[[deny]]\nwho=['staff']\nrun=['help']\nwhen={command=[]}", "4:15: deny[1].when.command: expected at least one value, came none".into()),
        ("[[deny]]\nwho=['staff']\nrun=['help']\nwhen={command=''}", "4:15: deny[1].when.command: expected a value, came an empty one".into()),
        ("[[deny]]\nwho=['staff']\nrun=['help']\nwhen={command=['ip','!']}", "4:15: deny[1].when.command: expected a value, came an empty one".into()),
        (
            "[[deny]]\nwho=['staff']\nrun=['help']\nwhen={command=1.5}",
            "4:15: deny[1].when.command: expected a text, a number or a flag, came float".into(),
        ),
        (
            "[[deny]]\nwho=['staff']\nrun=['help']\nwhen={command='! ip'}",
            "4:15: deny[1].when.command: expected a value without blanks around it, came \"! ip\"".into(),
        ),
        ("[[deny]]\nwho=['staff']\nrun=['help']\nwhen='x'", "4:6: deny[1].when: invalid type: string \"x\", expected a map".into()),
        // Confirmation.
        ("[[allow]]\nwho=['staff']\neffect='read'\nconfirm='yes'", format!("4:9: allow[1].confirm: {CONFIRM}, came \"yes\"")),
        ("[[allow]]\nwho=['staff']\neffect='read'\nconfirm=true", format!("4:9: allow[1].confirm: {CONFIRM}, came boolean")),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peer=[]}",
            format!("4:9: allow[1].confirm: {CONFIRM} with at least one name, came another table"),
        ),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peers=['alice']}",
            format!("4:9: allow[1].confirm: {CONFIRM} with at least one name, came another table"),
        ),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peer=[1]}",
            "4:9: allow[1].confirm: expected names in peer, came something else".into(),
        ),
        ("[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peer=['carol']}", format!("4:9: allow[1].confirm: {WHO} \"carol\"")),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peer=['anyone']}",
            "4:9: allow[1].confirm: expected people or @teams, to whom a code can be sent, came \"anyone\"".into(),
        ),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\nconfirm={peer=['@all']}",
            "4:9: allow[1].confirm: expected DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE in the environment, came none: each approver is sent a code in private, which takes the OpenAPI".into(),
        ),
        (
            "[[allow]]\nwho=['alice','@sre']\neffect='write'\nconfirm={peer=['@sre']}",
            "4:9: allow[1].confirm: expected an approver beside the one who asks, came nobody else: who asks cannot approve it".into(),
        ),
        ("[[allow]]\nwho=['staff']\neffect='read'\nvalid='59s'", "4:7: allow[1].valid: expected a duration of whole minutes from \"1m\" to \"12h\", came \"59s\"".into()),
        ("[[allow]]\nwho=['staff']\neffect='read'\nvalid='90s'", "4:7: allow[1].valid: expected a duration of whole minutes from \"1m\" to \"12h\", came \"90s\"".into()),
        ("[[allow]]\nwho=['staff']\neffect='read'\nvalid='13h'", "4:7: allow[1].valid: expected a duration of whole minutes from \"1m\" to \"12h\", came \"13h\"".into()),
        ("[[allow]]\nwho=['staff']\neffect='read'\nvalid=10", "4:7: allow[1].valid: invalid type: integer `10`, expected a string".into()),
        (
            "[[allow]]\nwho=['staff']\neffect='read'\naccept_one_tap='yes'",
            "4:16: allow[1].accept_one_tap: invalid type: string \"yes\", expected a boolean".into(),
        ),
        // Once more, however it is written.
        (
            "[[allow]]\nwho=['alice','bob']\neffect='read'\n[[allow]]\nwho=['bob','alice']\nin=['anywhere']\neffect='read'\nconfirm='self'\nvalid='1h'",
            "4:1: allow[2]: expected a rule of its own, came allow #1 once more".into(),
        ),
        (
            "[[deny]]\nwho=['bob']\nrun=['help']\nwhen={command=['a','b']}\n[[deny]]\nwho=['bob']\nrun=['h*p']\nwhen={command=['b','a']}",
            "5:1: deny[2]: expected a rule of its own, came deny #1 once more".into(),
        ),
        // An alias of a command that is named anyhow.
        (
            "[[deny]]\nwho=['bob']\nrun=['help']\n[[deny]]\nwho=['bob']\nrun=['help','handbook']\n[[alias]]\nname='handbook'\nrun='help ping'\nhelp={zh='手册',en='handbook'}",
            "4:1: deny[2]: expected a rule of its own, came deny #1 once more".into(),
        ),
        // Keys.
        (
            "[[deny]]\nwho=['bob']\neffect='read'\nvalid='1h'",
            "4:1: deny[1].valid: unknown field `valid`, expected one of `who`, `in`, `run`, `effect`, `when`".into(),
        ),
        (
            "[[allow]]\nwho=['bob']\nefect='read'",
            "3:1: allow[1].efect: unknown field `efect`, expected one of `who`, `in`, `run`, `effect`, `when`, `confirm`, `valid`, `accept_one_tap`".into(),
        ),
        ("[allow]\nwho=['bob']", "1:1: allow: expected [[…]] with two brackets, came […] or {…}".into()),
    ] {
        assert_eq!(wrong(text), mistake, "{text}");
    }
}

#[test]
fn every_mistake_of_a_name_names_its_key_and_line() {
    const NAME: &str = "expected a name without blanks around it, and without @ : ! *, came";
    for (text, mistake) in [
        (
            "[people]\nstaff='1'",
            "2:1: people.staff: expected another name, \"staff\" has a meaning of its own in rules"
                .to_owned(),
        ),
        (
            "[people]\nadmin='1'",
            "2:1: people.admin: expected another name, \"admin\" has a meaning of its own in rules".into(),
        ),
        (
            "[people]\nanyone='1'",
            "2:1: people.anyone: expected another name, \"anyone\" has a meaning of its own in rules".into(),
        ),
        (
            "[groups]\nprivate='1'",
            "2:1: groups.private: expected another name, \"private\" has a meaning of its own in rules"
                .into(),
        ),
        (
            "[groups]\nanywhere='1'",
            "2:1: groups.anywhere: expected another name, \"anywhere\" has a meaning of its own in rules"
                .into(),
        ),
        ("[people]\n'a:b'='1'", format!("2:1: people.a:b: {NAME} \"a:b\"")),
        ("[people]\n'@a'='1'", format!("2:1: people.@a: {NAME} \"@a\"")),
        (
            "[people]\n'2'='1'\nbob='2'",
            "2:1: people.2: expected a name that is no id of another entry, came \"2\"".into(),
        ),
        ("[groups]\n'!a'='1'", format!("2:1: groups.!a: {NAME} \"!a\"")),
        ("[groups]\n' a'='1'", format!("2:1: groups. a: {NAME} \" a\"")),
        ("[groups]\n''='1'", "2:1: groups.: expected a name, came an empty one".into()),
        (
            "[people]\na='1 '",
            "2:3: people.a: expected an id as `whoami` tells it, came one with blanks around it".into(),
        ),
        ("[groups]\na=''", "2:3: groups.a: expected an id as `whoami` tells it, came an empty text".into()),
        (
            "[groups]\na='0147000002'",
            "2:3: groups.a: expected a conversation id as `whoami` tells it in the group (cid…), came \"0147000002\"".into(),
        ),
        (
            "people.a='1'\n[teams]\nstaff=['a']",
            "3:1: teams.staff: expected another name, \"staff\" has a meaning of its own in rules".into(),
        ),
        ("[teams]\na=[]", "2:1: teams.a: expected at least one member of \"a\", came none".into()),
        ("[teams]\na='b'", "2:3: teams.a: invalid type: string \"b\", expected a sequence".into()),
        ("[teams]\na=['b']", "2:4: teams.a[1]: expected a name of [people] or @team, came \"b\"".into()),
        ("[teams]\na=['']", "2:4: teams.a[1]: expected a name of [people] or @team, came \"\"".into()),
        (
            "[teams]\na=['@b']",
            "2:4: teams.a[1]: expected a name of [people], or @ and a name of [teams], came \"@b\"".into(),
        ),
        ("[teams]\n'*'=['b']", format!("2:1: teams.*: {NAME} \"*\"")),
        (
            "people.p='1'\n[teams]\na=['p','@a']",
            "3:8: teams.a[2]: expected teams that do not hold each other, came a cycle: @a @a".into(),
        ),
        (
            "[teams]\na=['@b']\nb=['@c']\nc=['@a']",
            "4:4: teams.c[1]: expected teams that do not hold each other, came a cycle: @a @b @c @a".into(),
        ),
        (
            "[teams]\na=['@b']\nb=['@c']\nc=['@b']",
            "4:4: teams.c[1]: expected teams that do not hold each other, came a cycle: @a @b @c @b".into(),
        ),
    ] {
        assert_eq!(parse(text).expect_err(text), mistake, "{text}");
    }
}

#[test]
fn every_mistake_of_a_default_names_its_key_and_line() {
    for (text, mistake) in [
        ("[[defaults]]\nx='1'", "1:1: defaults[1]: expected in = [...], the places it is about, came none"),
        (
            "[[defaults]]\nin=['ops']",
            "1:1: defaults[1]: expected the value of an argument beside in, came none",
        ),
        (
            "[[defaults]]\nin=[]\nx='1'",
            "2:4: defaults[1].in: expected a list of names of [groups] or \"private\"",
        ),
        (
            "[[defaults]]\nin='ops'\nx='1'",
            "2:4: defaults[1].in: expected a list of names of [groups] or \"private\"",
        ),
        (
            "[[defaults]]\nin=['dev']\nx='1'",
            "2:4: defaults[1].in: expected a name of [groups], \"private\" or \"anywhere\", came \"dev\"",
        ),
        (
            "[[defaults]]\nin=['ops']\nx=''",
            "3:3: defaults[1].x: expected a text that is not empty, or a number, came something else",
        ),
        (
            "[[defaults]]\nin=['ops']\nx=true",
            "3:3: defaults[1].x: expected a text that is not empty, or a number, came something else",
        ),
        (
            "[[defaults]]\nin=['ops']\nx='1'",
            "3:1: defaults[1].x: expected the name of an option as help shows it, came \"x\"",
        ),
        (
            "[[defaults]]\nin=['ops']\nx='1'\n[[defaults]]\nin=['ops']\nx='2'",
            "6:1: defaults[2].x: expected one value in \"ops\", came another",
        ),
    ] {
        assert_eq!(wrong(text), mistake, "{text}");
    }
}

#[test]
fn teams_come_out_as_their_people() {
    let teams = parse("people={a='1',b='2',c='3'}\nteams={x=['b','a'],y=['@x','a','c'],z=['@y','@x']}")
        .unwrap()
        .teams;
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (&teams["x"], &teams["y"], &teams["z"]),
        (&ids(&["1", "2"]), &ids(&["1", "2", "3"]), &ids(&["1", "2", "3"]))
    );
}

#[test]
fn choices_of_the_settings_are_held_against_rules() {
    let http = "[[http]]\nname='switch'\neffect='write'\nmethod='POST'\nurl='https://api.example.com'\nhelp={zh='开关',en='Switch'}\nexamples=['switch on']\nargs=[{name='state',type='choice',choices=['on','off'],required=true,help={zh='状态',en='State'}}]\n";
    for (state, mistake) in [
        ("on", None),
        ("!o*", None),
        ("ON", Some("expected one of on, off, came \"ON\"")),
        ("onn*", Some("expected one of on, off, came \"onn*\"")),
    ] {
        let rule = format!("[[allow]]\nwho=['staff']\nrun=['switch']\nwhen={{state='{state}'}}");
        let expected = mistake.map(|mistake| format!("12:13: allow[1].when.state: {mistake}"));
        assert_eq!(parse(&format!("{http}{rule}")).err(), expected, "{state}");
    }
}
