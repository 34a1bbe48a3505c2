//! Commands with no system behind them, and the list of all the program has.
//!
//! To add one: copy `ping.rs`, change its words, add a `mod` line and a row below, and its Chinese help to
//! `src/locales/zh.yml`. Tests fail for what is missing.

mod about;
mod answer;
mod help;
mod ip;
mod ping;
mod whoami;

use crate::{
    config::Answer,
    dispatch::{
        Row, row,
        table::{Table, Taken},
    },
};

#[cfg(test)]
pub(crate) use self::help::Help;

/// The program's commands, in the order of help.
pub static ROWS: &[Row] = &[
    row::<help::Help>(),
    row::<ping::Ping>(),
    row::<whoami::Whoami>(),
    row::<ip::Ip>(),
    row::<about::About>(),
];

/// The program's commands and the answers of the settings.
///
/// # Errors
/// When an answer has a name that is taken.
pub fn table(answers: &[Answer]) -> Result<Table, Taken> {
    Table::new(ROWS, answer::rows(answers))
}

#[cfg(test)]
mod tests;
