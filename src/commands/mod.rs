//! Commands with no system behind them, and the list of all the program has.
//!
//! To add one: copy `ping.rs`, change its words, add a `mod` line and a row below, and its Chinese help to
//! `src/locales/zh.yml`. Tests fail for what is missing.

mod about;
mod answer;
mod can;
mod help;
mod http;
mod ip;
mod live_check;
mod not_me;
mod ping;
mod say;
mod status;
mod whoami;

use crate::{
    config::{Mistake, Settings},
    dispatch::{Row, row, table::Table},
    systems,
};

#[cfg(test)]
pub(crate) use self::help::Help;

/// Commands with no system behind them, in the order of help.
pub static ROWS: &[Row] = &[
    row::<help::Help>(),
    row::<ping::Ping>(),
    row::<whoami::Whoami>(),
    row::<ip::Ip>(),
    row::<can::Can>(),
    row::<status::Status>(),
    row::<about::About>(),
    row::<say::Say>(),
    row::<live_check::LiveCheck>(),
    row::<not_me::NotMe>(),
];

/// Every command of the program, also of systems that are not set up.
#[cfg(test)]
pub(crate) fn every_row() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(systems::SYSTEMS.iter().flat_map(|system| system.family.rows))
}

/// The program's commands, those of the systems that are set up, and those of the settings.
///
/// # Errors
/// When one of them has a name that is taken, a template or an example that is wrong, or an alias of no command.
pub fn table(settings: &Settings) -> Result<Table, Mistake> {
    let http = http::rows(&settings.http)?;
    let rows = ROWS.iter().chain(systems::families(settings).flat_map(|family| family.rows));
    Table::new(rows, answer::rows(&settings.answers).chain(http).collect())?
        .with_beginnings(systems::families(settings))
        .without(systems::absent(settings))
        .with_aliases(&settings.aliases)
}

#[cfg(test)]
mod tests;
