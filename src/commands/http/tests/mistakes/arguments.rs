//! The same of `[[http.args]]`.

use super::{ENTRY, mistakes, parse};

/// The mistake when the second argument has these lines.
fn mistake_of_argument(lines: &str) -> String {
    let lines = &lines.replace(" | ", "\n");
    let (entry, _) = ENTRY.rsplit_once("[[http.args]]").unwrap_or_default();
    let given = |key: &str| lines.lines().any(|line| line.starts_with(key));
    let others = ["name = \"state\"", "help = { zh = \"x\", en = \"x\" }"];
    let others = others.iter().filter(|line| !given(&line[..4])).map(|line| format!("{line}\n"));
    parse(&format!("{entry}[[http.args]]\n{lines}\n{}", others.collect::<String>())).expect_err(lines)
}

#[test]
fn every_mistake_of_an_argument_names_its_key_and_line() {
    insta::assert_snapshot!(mistakes(&[
        r#"name = "Start""#,
        r#"name = "start_at""#,
        r#"name = "-x""#,
        r#"name = "status""#,
        r#"name = "dry-run""#,
        r#"name = "flag""#,
        r#"type = "string""#,
        r#"type = "string" | min = 1"#,
        r#"type = "text" | max = 0"#,
        r#"type = "text" | min = 1"#,
        r#"type = "choice""#,
        r#"type = "choice" | choices = []"#,
        r#"type = "choice" | choices = ["on", "on"]"#,
        r#"type = "choice" | choices = ["on", " "]"#,
        r#"choices = ["on"]"#,
        r#"type = "number" | min = 2 | max = 1"#,
        r#"type = "number" | min = "1""#,
        r#"type = "number" | min = 1.5"#,
        r#"type = "duration" | max = "soon""#,
        r#"type = "duration" | max = 60"#,
        r#"type = "duration" | min = "2h" | max = "1h""#,
        r#"type = "flag" | max = 1"#,
        r#"type = "flag" | option = true"#,
        r#"type = "flag" | required = true"#,
        r#"type = "flag" | default = "x""#,
        r#"type = "key-value" | repeated = true"#,
        r#"repeated = true | default = "x""#,
        r#"required = true | default = "x""#,
        r#"type = "number" | default = "x""#,
        r#"type = "number" | max = 3 | default = 4"#,
        r#"type = "duration" | max = "1h" | default = "2h""#,
        r#"type = "choice" | choices = ["on"] | default = "off""#,
        "default = true",
        r#"default = """#,
        "repeated = 1",
        r#"help = { zh = "x", en = "x", fr = "x" }"#,
        r#"pattern = "x""#,
    ], mistake_of_argument), @r#"
    name = "Start"
        21:8: http[1].args[2].name: expected a name of a-z, 0-9 and -, such as "start-at", came "Start"
    name = "start_at"
        21:8: http[1].args[2].name: expected a name of a-z, 0-9 and -, such as "start-at", came "start_at"
    name = "-x"
        21:8: http[1].args[2].name: expected a name of a-z, 0-9 and -, such as "start-at", came "-x"
    name = "status"
        21:8: http[1].args[2].name: expected a name that means nothing else to a template or on a line, came "status"
    name = "dry-run"
        21:8: http[1].args[2].name: expected a name that means nothing else to a template or on a line, came "dry-run"
    name = "flag"
        21:8: http[1].args[2].name: expected a name of its own, came that of another argument
    type = "string"
        21:8: http[1].args[2].type: expected "text", "number", "duration", "choice", "flag" or "key-value", came "string"
    type = "string" | min = 1
        21:8: http[1].args[2].type: expected "text", "number", "duration", "choice", "flag" or "key-value", came "string"
    type = "text" | max = 0
        22:7: http[1].args[2].max: expected at least one letter, came less
    type = "text" | min = 1
        22:7: http[1].args[2].min: expected nothing here, came a value: numbers and durations have min and max, texts max letters
    type = "choice"
        22:8: http[1].args[2].name: expected choices = ["…"], came none
    type = "choice" | choices = []
        22:11: http[1].args[2].choices: expected choices = ["…"], came none
    type = "choice" | choices = ["on", "on"]
        22:18: http[1].args[2].choices[2]: expected choices that differ and are not empty, came "on"
    type = "choice" | choices = ["on", " "]
        22:18: http[1].args[2].choices[2]: expected choices that differ and are not empty, came " "
    choices = ["on"]
        21:11: http[1].args[2].choices: expected type = "choice" beside choices
    type = "number" | min = 2 | max = 1
        23:7: http[1].args[2].max: expected max to be at least min, came less
    type = "number" | min = "1"
        22:7: http[1].args[2].min: expected a whole number, came a text
    type = "number" | min = 1.5
        22:7: http[1].args[2].min: expected a whole number, came a number
    type = "duration" | max = "soon"
        22:7: http[1].args[2].max: expected a duration such as "2h", came "soon"
    type = "duration" | max = 60
        22:7: http[1].args[2].max: expected a duration such as "2h", came a number
    type = "duration" | min = "2h" | max = "1h"
        23:7: http[1].args[2].max: expected max to be at least min, came less
    type = "flag" | max = 1
        22:7: http[1].args[2].max: expected nothing here, came a value: numbers and durations have min and max, texts max letters
    type = "flag" | option = true
        22:10: http[1].args[2].option: expected nothing here, came a value: it is an option anyway
    type = "flag" | required = true
        22:12: http[1].args[2].required: expected nothing here, came a value: it may be left out anyway
    type = "flag" | default = "x"
        22:11: http[1].args[2].default: expected nothing here, came a value: what may be given several times, or is a flag, has no default
    type = "key-value" | repeated = true
        22:12: http[1].args[2].repeated: expected nothing here, came a value: a flag is said once, and key-value as often as there are keys
    repeated = true | default = "x"
        22:11: http[1].args[2].default: expected nothing here, came a value: what may be given several times, or is a flag, has no default
    required = true | default = "x"
        21:12: http[1].args[2].required: expected nothing here, came a value: it may be left out anyway
    type = "number" | default = "x"
        22:11: http[1].args[2].default: expected what the argument takes, came "x"
    type = "number" | max = 3 | default = 4
        23:11: http[1].args[2].default: expected what the argument takes, came "4"
    type = "duration" | max = "1h" | default = "2h"
        23:11: http[1].args[2].default: expected what the argument takes, came "2h"
    type = "choice" | choices = ["on"] | default = "off"
        23:11: http[1].args[2].default: expected what the argument takes, came "off"
    default = true
        21:11: http[1].args[2].default: expected a text or a number, came true or false
    default = ""
        21:11: http[1].args[2].default: expected what the argument takes, came ""
    repeated = 1
        21:12: http[1].args[2].repeated: invalid type: integer `1`, expected a boolean
    help = { zh = "x", en = "x", fr = "x" }
        21:30: http[1].args[2].help.fr: unknown field `fr`, expected `zh` or `en`
    pattern = "x"
        21:1: http[1].args[2].pattern: unknown field `pattern`, expected one of `name`, `help`, `type`, `option`, `required`, `repeated`, `secret`, `default`, `min`, `max`, `choices`
    "#);
}

#[test]
fn what_follows_a_repeated_or_optional_argument() {
    let behind = |line: &str| {
        let text = ENTRY.replacen("name     = \"flag\"", &format!("name = \"flag\"\n{line}"), 1);
        parse(&text).expect_err(line)
    };
    insta::assert_snapshot!(mistakes(&["repeated = true", "required = false"], behind), @"
    repeated = true
        22:12: http[1].args[2].name: expected nothing behind a repeated argument, came another (or make it an option)
    required = false
        22:12: http[1].args[2].name: expected an optional argument behind an optional one, came a required one (or make it an option)
    ");
}
