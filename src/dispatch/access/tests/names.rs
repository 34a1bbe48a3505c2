//! The names that rules call arguments by. Whoever renames one breaks the rules of those who name it.

use clap::Command;

use crate::{
    config::{Settings, SettingsFile},
    dispatch::{help, values},
};

#[test]
fn arguments_keep_their_names() {
    let settings = Settings::parse("", SettingsFile::Embedded, &|_| None).unwrap();
    let table = crate::commands::table(&settings).unwrap();
    let row = |row: &crate::dispatch::Row| {
        let command = row.parser().arguments(Command::new("dingops"));
        let argument =
            |argument: &clap::Arg| format!(" {}={:?}", help::name(argument), values::kind(argument));
        format!("{}:{}\n", row.path, command.get_arguments().map(argument).collect::<String>())
    };
    insta::assert_snapshot!(table.rows().map(row).collect::<String>(), @"
    help: command=Text
    ping:
    whoami:
    ip:
    can: command=Text
    status:
    about:
    say: to=Text markdown=Flag at=Text text=Text
    live-check: step=Text by=Text
    not-me: command=Text
    ");
}
