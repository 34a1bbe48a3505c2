//! One mistake each in the settings: a start that does not happen, with the key and the line.

use super::ROWS;
use crate::{
    config::{Settings, SettingsFile},
    dispatch::{Row, table::Table},
};

fn mistake(toml: &str) -> String {
    mistake_among(ROWS, toml)
}

pub(super) fn mistake_among(rows: &'static [Row], toml: &str) -> String {
    let checked = Settings::parse(toml, SettingsFile::Embedded, &|_| Some("from outside".into()))
        .and_then(|settings| Table::new(rows, Vec::new())?.with_aliases(&settings.aliases));
    match checked {
        Ok(_) => "none".into(),
        Err(mistake) => mistake.to_string(),
    }
}

/// An alias that runs this, with these lines below.
fn running(run: &str, more: &str) -> String {
    mistake(&format!("[[alias]]\nname = 'x'\nhelp = {{ zh = 'x', en = 'x' }}\nrun = '''{run}'''\n{more}"))
}

#[test]
fn in_form() {
    const REST: &str = "\nrun = 'take web'\nhelp = { zh = 'x', en = 'x' }";
    for (toml, expected) in [
        ("[[alias]]\nname = 'x'\nhelp = { zh = 'x', en = 'x' }", "1:1: alias[1]: missing field `run`"),
        ("[[alias]]\nname = 'x'\nrun = 'take web'", "1:1: alias[1]: missing field `help`"),
        (
            "[[alias]]\nname = 'x'\nrun = 'take web'\nhelp = 'x'",
            "4:8: alias[1].help: invalid type: string \"x\", expected { zh = \"…\", en = \"…\" }",
        ),
        (
            "[[alias]]\nname = 'x'\nrun = 'take web'\nhelp = { zh = 'x' }",
            "4:8: alias[1].help: missing field `en`",
        ),
        (
            "[[alias]]\nname = 'x'\nrun = 'take web'\nhelp = { zh = 'x', en = ' ' }",
            "4:25: alias[1].help.en: expected a sentence, came an empty text",
        ),
        (
            "[[alias]]\nname = 'x'\nrun = ' '\nhelp = { zh = 'x', en = 'x' }",
            "3:7: alias[1].run: expected a command, came blanks",
        ),
        (
            "[[alias]]\nname = 'x'\nrun = 'take ${WEB}'\nhelp = { zh = 'x', en = 'x' }",
            "3:7: alias[1].run: expected a command without ${…}, which help would show",
        ),
        (
            "[[alias]]\nname = 'x'\nrun = 'take ${1}'\nhelp = { zh = 'x', en = 'x' }",
            "3:7: alias[1].run: expected the name of a variable, or file: and a path, in ${…}, came \"1\" (a literal ${ is $${)",
        ),
        (
            "[[alias]]\nname = '-x'{}",
            "2:8: alias[1].name: expected words as they are said to run it, came \"-x\"",
        ),
        (
            "[[alias]]\nname = ''{}",
            "2:8: alias[1].name: expected words as they are said to run it, came \"\"",
        ),
        (
            "[[alias]]\nname = 'TAKE'{}",
            "2:8: alias[1].name: \"TAKE\" is already the name of a command or an answer",
        ),
        (
            "[[alias]]\nname = '拿'{}",
            "2:8: alias[1].name: \"拿\" is already the name of a command or an answer",
        ),
        (
            "[[alias]]\nname = 'take it'{}",
            "2:8: alias[1].name: \"take\" is already the name of a command or an answer",
        ),
        (
            "[[alias]]\nname = 'x'{}\n[[alias]]\nname = 'Ｘ'{}",
            "6:8: alias[2].name: \"Ｘ\" is already the name of another alias",
        ),
        (
            "[[alias]]\nname = 'x'{}\nwords = 1",
            "5:1: alias[1].words: unknown field `words`, expected one of `name`, `run`, `help`, `arguments`",
        ),
    ] {
        assert_eq!(mistake(&toml.replace("{}", REST)), expected, "{toml}");
    }
}

#[test]
fn in_what_it_runs() {
    for (run, expected) in [
        ("taek web", "4:7: alias[1].run: expected a command (\"take\"?), came \"taek web\""),
        ("{1} web", "4:7: alias[1].run: expected a command, came \"{1} web\""),
        ("x web", "4:7: alias[1].run: expected a command, came the alias \"x\""),
        ("take 'web", "4:7: alias[1].run: expected a closing quote for the quote at byte 5"),
        ("take web && take api", "4:7: alias[1].run: expected one command, came another one behind it"),
        ("take web {2}", "4:7: alias[1].run: expected {1}, since there is {2}, came none"),
        ("take {1} {3}", "4:7: alias[1].run: expected {2}, since there is {3}, came none"),
        ("take {0}", "4:7: alias[1].run: expected {1}, {2:default} or {*} (a literal { is {{), came {0}"),
        ("take {1", "4:7: alias[1].run: expected {1}, {2:default} or {*} (a literal { is {{), came {1"),
        (
            "take {service}",
            "4:7: alias[1].run: expected {1}, {2:default} or {*} (a literal { is {{), came {service}",
        ),
        ("take {1:web} {2}", "4:7: alias[1].run: expected a default of {2}, since {1} has one, came none"),
        ("take {1:web} 1 {1:api}", "4:7: alias[1].run: expected one default of {1}, came two"),
        ("take {*} web", "4:7: alias[1].run: expected {*} once, and as the last word"),
        ("take web{*}", "4:7: alias[1].run: expected {*} as a word of its own"),
        ("take {*} {*}", "4:7: alias[1].run: expected {*} once, and as the last word"),
        ("prom query --on {*}", "4:7: alias[1].run: expected {*} once, and as the last word"),
        ("prom query {*} x", "4:7: alias[1].run: expected {*} once, and as the last word"),
        (
            "prom query --onn x up",
            "4:7: alias[1].run: expected an option of \"prom query\", or -- before text that begins with -, came \"--onn\"",
        ),
        (
            "prom query",
            "4:7: alias[1].run: expected what \"prom query\" takes: The argument “query” is missing.",
        ),
        (
            "take web --lloud",
            "4:7: alias[1].run: expected what \"take\" takes: There is no option “--lloud”. Did you mean: --loud",
        ),
        (
            "take web --{1}",
            "4:7: alias[1].run: expected a placeholder as a word of its own or behind the = of an option, came one in its name",
        ),
        (
            "take web -l{1}",
            "4:7: alias[1].run: expected a placeholder as a word of its own or behind the = of an option, came one in its name",
        ),
        ("take web --env", "4:7: alias[1].run: expected what \"take\" takes: “--env” expects a value."),
        (
            "take web --loud=yes",
            "4:7: alias[1].run: expected what \"take\" takes: “--loud” is a switch: write --loud alone, without a value.",
        ),
        ("take web --env mars", "4:7: alias[1].run: expected what \"take\" takes: “mars” is no --env"),
        ("take web {1:many}", "4:7: alias[1].run: expected what \"take\" takes: “many” is no count"),
        (
            "take web {1:-3}",
            "4:7: alias[1].run: expected what \"take\" takes: “-3” begins with -, and would be an option",
        ),
        ("take web --env={1:mars}", "4:7: alias[1].run: expected what \"take\" takes: “mars” is no --env"),
        (
            "take web --env prod --env prod",
            "4:7: alias[1].run: expected what \"take\" takes: “--env” may be given only once.",
        ),
        (
            "take web -p A=1 -p A={1}",
            "4:7: alias[1].run: expected what \"take\" takes: “--param” has “A” twice; it may be given only once.",
        ),
        ("take", "4:7: alias[1].run: expected what \"take\" takes: The argument “service” is missing."),
        ("take ../web", "4:7: alias[1].run: expected what \"take\" takes: “../web” is no service"),
        (
            "prom query --on {1} --onn {2}",
            "4:7: alias[1].run: expected an option of \"prom query\", or -- before text that begins with -, came \"--onn\"",
        ),
        (
            "take web --{1}=x",
            "4:7: alias[1].run: expected a placeholder as a word of its own or behind the = of an option, came one in its name",
        ),
        ("take web {2:1}", "4:7: alias[1].run: expected {1}, since there is {2}, came none"),
        ("take web --help", "4:7: alias[1].run: expected what \"take\" takes: There is no option “--help”."),
        (
            "take web --confirm x",
            "4:7: alias[1].run: expected what \"take\" takes: There is no option “--confirm”.",
        ),
        (
            "take back {1}",
            "4:7: alias[1].run: expected what \"take back\" takes: “{1}” is not expected: this command takes no arguments.",
        ),
    ] {
        assert_eq!(running(run, ""), expected, "{run}");
    }
    for run in [
        "take {1} {2:1} --at {3:15:04} --to {4:alice}",
        "prom query -- --onn {1} {*}",
        "prom query rate(x{{1}[5m]) {job=\"x\"}",
        "take web 1 '--loud'",
        "take web 1 '-x{1}'",
        "hand",
        "take {*}",
        "take web -p {1}={2}",
    ] {
        let run_fits = running(run, "");
        // A person can be mentioned; what follows a person cannot.
        let expected = if run == "hand" { "missing" } else { "none" };
        assert!(run_fits == expected || run == "hand" && run_fits.contains("what"), "{run}: {run_fits}");
    }
}

#[test]
fn in_its_arguments() {
    for (run, arguments, expected) in [
        (
            "take {1}",
            "arguments = [{ name = 'a' }, { name = 'b' }]",
            "5:39: alias[1].arguments[2].name: expected an argument for each placeholder of run, 1, came one more",
        ),
        (
            "take {1} {2}",
            "arguments = [{ name = 'a' }, { name = 'a' }]",
            "5:39: alias[1].arguments[2].name: expected a name that no other argument has, came \"a\"",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a b' }]",
            "5:23: alias[1].arguments[1].name: expected a name of one word, came \"a b\"",
        ),
        (
            "take {1}",
            "arguments = [{ name = '' }]",
            "5:23: alias[1].arguments[1].name: expected a name of one word, came \"\"",
        ),
        (
            "take {1}",
            "arguments = [{ help = { zh = 'x', en = 'x' } }]",
            "5:14: alias[1].arguments[1]: missing field `name`",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', max = 3 }]",
            "5:28: alias[1].arguments[1].max: unknown field `max`, expected one of `name`, `help`, `choices`",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', help = { zh = '', en = 'x' } }]",
            "5:42: alias[1].arguments[1].help.zh: expected a sentence, came an empty text",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = {} }]",
            "5:38: alias[1].arguments[1].choices: expected at least one choice, came none",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = ['x'] }]",
            "5:38: alias[1].arguments[1].choices: invalid type: sequence, expected a map",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = { x = '' } }]",
            "5:44: alias[1].arguments[1].choices.x: expected a word that is not empty and does not begin with -, came \"\"",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = { '-x' = 'y' } }]",
            "5:40: alias[1].arguments[1].choices.-x: expected a word that is not empty and does not begin with -, came \"-x\"",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = { x = '${Y}' } }]",
            "5:44: alias[1].arguments[1].choices.x: expected a word without ${…}, which help would show",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = { x = 'y', Y = 'z' } }]",
            "5:49: alias[1].arguments[1].choices.Y: expected a word that does not stand for another value already, came \"Y\"",
        ),
        (
            "take {1}",
            "arguments = [{ name = 'a', choices = { x = 'y', X = 'z' } }]",
            "5:49: alias[1].arguments[1].choices.X: expected a word that does not stand for another value already, came \"X\"",
        ),
        (
            "take web {1}",
            "arguments = [{ name = 'a', choices = { x = '1', y = 'two' } }]",
            "5:53: alias[1].arguments[1].choices.y: expected what \"take\" takes: “two” is no count",
        ),
        (
            "take {1:c}",
            "arguments = [{ name = 'a', choices = { x = 'a', y = 'b' } }]",
            "4:7: alias[1].run: expected a default of {1} that is one of its choices, came \"c\"",
        ),
        (
            "take {*}",
            "arguments = [{ name = 'a', choices = { x = 'a' } }]",
            "5:40: alias[1].arguments[1].choices.x: expected choices of a numbered placeholder, came some of {*}",
        ),
    ] {
        assert_eq!(running(run, arguments), expected, "{run} {arguments}");
    }
    let fits = "arguments = [{ name = 'a', choices = { x = 'a', y = 'a', a = 'a' } }, { name = 'b' }]";
    assert_eq!(running("take {1:X} 1 {*}", fits), "none");
}
