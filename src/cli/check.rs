//! `dingops check`: what the settings say, or what is wrong with them.

use std::collections::BTreeMap;

use super::CliError;
use crate::{
    dispatch::{Effect, help},
    locale::Locale,
};

/// Read the settings; print the commands, or what is wrong
#[derive(clap::Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let (environment, settings, table) = super::load()?;
        let rotation =
            if environment.previous.is_some() { "current and previous secret" } else { "current secret" };
        crate::log::levels()?;
        let (_, listen) = super::listen(None)?;
        let timeout = super::timeout()?.as_secs();
        let skew = settings.dingtalk.max_skew.as_secs();
        let facts = [
            ("settings", format!("{} (SHA-256 {}…)", settings.source.file, settings.source.hash)),
            ("locale", settings.locale.name().to_owned()),
            ("time zone", settings.zone.iana_name().unwrap_or("UTC").to_owned()),
            ("signature", format!("{rotation}, at most {skew} s from now")),
            ("replies to", settings.dingtalk.session_hosts.to_string()),
            (
                "robot",
                environment.robot_code.unwrap_or_else(|| "any: DINGTALK_ROBOT_CODE is not set".to_owned()),
            ),
            ("HTTP", format!("on {listen}, a command may take {timeout} s")),
            ("corps", or_none(&settings.dingtalk.corps)),
            ("people", names(&settings.people)),
            ("groups", names(&settings.groups)),
            ("robots", names(&settings.robots)),
        ];
        let facts = facts.map(|(name, value)| format!("{name:<10} {value}\n")).concat();
        let rows = table.rows().map(|row| {
            let effect = match row.effect {
                Effect::Open => "open",
                Effect::Read => "read",
                Effect::Write => "write",
            };
            let names = row.names().collect::<Vec<_>>().join(", ");
            format!("{effect:<10} {names}: {}\n", help::about(row, Locale::En))
        });
        super::print(&format!("{facts}\n{}", rows.collect::<String>()))
    }
}

fn names<T>(map: &BTreeMap<String, T>) -> String {
    or_none(&map.keys().cloned().collect::<Vec<_>>())
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
