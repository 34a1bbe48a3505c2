//! What holds for every row.

use crate::{
    commands::{every_row, table},
    config::{Settings, SettingsFile},
    dispatch::{
        arguments::{self, Arguments, InvalidValue},
        help,
        table::{Found, Table},
        values,
    },
    locale::Locale,
};

#[test]
fn every_row_has_help_in_both_languages() {
    for row in every_row() {
        let command = row.clap();
        assert!(!help::about(row, Locale::En).is_empty(), "{}: the doc comment of its struct", row.path);
        let key = format!("help.{}", help::key(row));
        assert!(Locale::Zh.lookup(&format!("{key}.about")).is_some(), "zh.yml: {key}.about");
        for argument in command.get_arguments().filter(|argument| help::name(argument) != "dry-run") {
            let name = help::name(argument);
            assert!(argument.get_help().is_some(), "{}: the doc comment of {name}", row.path);
            let key = format!("{key}.arguments.{name}");
            assert!(Locale::Zh.lookup(&key).is_some(), "zh.yml: {key}");
        }
    }
}

#[test]
fn every_row_names_its_arguments_as_clap_does() {
    for row in every_row() {
        let command = row.clap();
        let shown: Vec<String> = command.get_arguments().map(help::name).collect();
        let named: Vec<&str> = row.arguments.iter().collect();
        let shown: Vec<&String> = shown.iter().filter(|name| *name != "dry-run").collect();
        assert_eq!(named, shown, "{}: ARGUMENTS", row.path);
    }
}

#[test]
fn every_row_marks_arguments_that_it_has() {
    for row in every_row() {
        let mut marked = row.secret.iter().chain(row.free_text.iter());
        let stranger = marked.find(|marked| row.arguments.iter().all(|name| name != *marked));
        assert_eq!(stranger, None, "{}: SECRET and FREE_TEXT name ARGUMENTS", row.path);
    }
}

#[test]
fn every_row_with_arguments_has_examples_that_say_it() {
    let table = Table::new(every_row(), Vec::new()).unwrap();
    for row in every_row() {
        assert!(row.arguments.is_empty() || !row.examples.is_empty(), "{}: EXAMPLES", row.path);
        for example in [Locale::Zh, Locale::En].into_iter().flat_map(|locale| help::to_try(row, locale)) {
            let Found::Row { row: found, line, words, .. } = table.read(example) else {
                panic!("{example}: of no row");
            };
            assert_eq!(found.path, row.path, "{example}");
            match arguments::check(found, &line, &words, Locale::En) {
                Ok(Arguments::Given { prepared, .. }) => {
                    let values = prepared.values();
                    let mut names: Vec<&str> = row.arguments.iter().collect();
                    names.sort_unstable();
                    assert_eq!(
                        values.keys().collect::<Vec<_>>(),
                        names,
                        "{}: the names of its fields",
                        row.path
                    );
                }
                Ok(Arguments::HelpWanted) => panic!("{example}: asks for help"),
                Err(complaint) => panic!("{example}: {}", complaint.message),
            }
        }
    }
}

#[test]
fn clap_finds_no_mistake_in_any_row() {
    for row in every_row() {
        row.clap().debug_assert();
    }
}

/// clap's own value parsers speak English, and take an empty text or refuse it in their own words.
fn built_in(argument: &clap::Arg) -> Option<String> {
    let option = argument.clone().required(false).long("it").num_args(1);
    let command = clap::Command::new("it").no_binary_name(true).arg(option);
    let refused = command.try_get_matches_from(["--it="]).err();
    let source = refused.as_ref().and_then(std::error::Error::source);
    let is_ours = source.is_some_and(|source| source.is::<InvalidValue>());
    (!is_ours).then(|| format!("{}: {:?}", help::name(argument), argument.get_value_parser()))
}

#[test]
fn every_value_parser_is_our_own() {
    for row in every_row() {
        let command = row.clap();
        let values = command.get_arguments().filter(|argument| argument.get_action().takes_values());
        let built_in: Vec<String> = values.filter_map(built_in).collect();
        assert_eq!(built_in, [""; 0], "{}: #[arg(value_parser = …)]", row.path);
    }
    for parser in [
        clap::builder::ValueParser::string(),
        clap::builder::NonEmptyStringValueParser::new().into(),
        clap::value_parser!(u8).into(),
        clap::value_parser!(bool),
    ] {
        assert!(built_in(&clap::Arg::new("one").value_parser(parser)).is_some());
    }
    assert_eq!(built_in(&clap::Arg::new("ours").value_parser(values::number(1..=2))), None);
}

#[test]
fn no_two_rows_have_a_name_in_common() {
    let settings =
        Settings::parse(include_str!("../../dingops.toml"), SettingsFile::Embedded, &|_| None).unwrap();
    assert!(table(&settings).is_ok());
}

#[test]
fn every_file_of_a_command_is_part_of_the_program() {
    let list = include_str!("mod.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|extension| extension == "rs") && !["mod", "tests"].contains(&name) {
            assert!(list.contains(&format!("mod {name};")), "src/commands/mod.rs: mod {name};");
            let row = format!("row::<{name}::");
            assert!(
                ["answer", "http"].contains(&name) || list.contains(&row),
                "src/commands/mod.rs: {row}…>() in ROWS"
            );
        }
    }
}
