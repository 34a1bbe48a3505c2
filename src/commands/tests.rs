//! What holds for every row.

use crate::{
    commands::{ROWS, table},
    config::{Settings, SettingsFile},
    dispatch::help,
    locale::Locale,
};

#[test]
fn every_row_has_help_in_both_languages() {
    for row in ROWS {
        let command = row.clap();
        assert!(!help::about(row, Locale::En).is_empty(), "{}: the doc comment of its struct", row.path);
        let key = format!("help.{}", help::key(row));
        assert!(Locale::Zh.lookup(&format!("{key}.about")).is_some(), "zh.yml: {key}.about");
        for argument in command.get_arguments() {
            let name = help::name(argument);
            assert!(argument.get_help().is_some(), "{}: the doc comment of {name}", row.path);
            let key = format!("{key}.arguments.{name}");
            assert!(Locale::Zh.lookup(&key).is_some(), "zh.yml: {key}");
        }
    }
}

#[test]
fn every_row_names_its_arguments_as_clap_does() {
    for row in ROWS {
        let command = row.clap();
        let shown: Vec<String> = command.get_arguments().map(help::name).collect();
        assert_eq!(row.arguments, shown, "{}: ARGUMENTS", row.path);
    }
}

#[test]
fn clap_finds_no_mistake_in_any_row() {
    for row in ROWS {
        row.clap().debug_assert();
    }
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
            assert!(name == "answer" || list.contains(&row), "src/commands/mod.rs: {row}…>() in ROWS");
        }
    }
}
