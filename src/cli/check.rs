//! `dingops check`: what the settings say, or what is wrong with them.

use std::collections::BTreeMap;

use super::CliError;
use crate::{
    config::{Environment, Settings},
    dingtalk::webhook::{CustomRobot, Keyword},
    dispatch::{Effect, help},
    locale::Locale,
};

/// Read the settings of the function; print them and its commands, or what is wrong
///
/// It checks what the function needs, so DINGTALK_APP_SECRET must be set, also where the settings are only for
/// `send --to robot:NAME`, which does without.
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
        let openapi = openapi(&environment, &settings);
        let robots: Vec<String> =
            settings.robots.iter().map(|(name, robot)| described(name, robot)).collect();
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
            ("OpenAPI", openapi),
            ("HTTP", format!("on {listen}, a command may take {timeout} s")),
            ("corps", or_none(&settings.dingtalk.corps)),
            ("people", names(&settings.people)),
            ("groups", names(&settings.groups)),
            ("robots", or_none(&robots)),
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
        let aliases =
            table.aliases().iter().map(|alias| format!("alias      {}: {}\n", alias.name, alias.run));
        super::print(&format!("{facts}\n{}", rows.chain(aliases).collect::<String>()))
    }
}

/// Whether messages can go by the OpenAPI, and why or why not.
fn openapi(environment: &Environment, settings: &Settings) -> String {
    match environment.credentials() {
        Some(credentials) => format!("on: {} sends by {}", credentials.robot_code, settings.dingtalk.api),
        None => match environment.robot_code {
            Some(_) => "off: DINGTALK_APP_KEY is not set".to_owned(),
            None => "off: DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE are not set".to_owned(),
        },
    }
}

/// A robot with the security settings that are known of it.
fn described(name: &str, robot: &CustomRobot) -> String {
    let secret = if robot.secret.is_some() { "secret" } else { "no secret" };
    let keywords = match robot.keywords.len() {
        0 => "no keywords".to_owned(),
        _ => {
            let keywords: Vec<&str> = robot.keywords.iter().map(Keyword::as_str).collect();
            format!("keywords {}", keywords.join(" "))
        }
    };
    format!("{name} ({secret}, {keywords})")
}

fn names<T>(map: &BTreeMap<String, T>) -> String {
    or_none(&map.keys().cloned().collect::<Vec<_>>())
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
