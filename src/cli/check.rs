//! `dingops check`: what the settings say, or what is wrong with them.

use std::collections::BTreeMap;

use super::{CliError, env};
use crate::{
    config::{Environment, Settings},
    dingtalk::webhook::{CustomRobot, Keyword},
    dispatch::{Effect, help, table::Table},
    locale::Locale,
};

/// Read the settings of the function; print them and its commands, or what is wrong
///
/// Without DINGTALK_APP_SECRET the function does not start; settings with a custom robot are checked all the same,
/// since `send --to robot:NAME` does without it.
#[derive(clap::Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let (environment, settings, table) = match env("DINGTALK_APP_SECRET") {
            Some(_) => {
                super::load().map(|(environment, settings, table)| (Some(environment), settings, table))
            }
            None => without_secret().map(|(settings, table)| (None, settings, table)),
        }?;
        crate::log::levels()?;
        let robots: Vec<String> =
            settings.robots.iter().map(|(name, robot)| described(name, robot)).collect();
        let function = match &environment {
            Some(environment) => function(environment, &settings)?,
            None => {
                let none = "none: DINGTALK_APP_SECRET is not set, so only `send --to robot:NAME` works";
                vec![("secret", none.to_owned())]
            }
        };
        let settings_are = format!("{} (SHA-256 {}…)", settings.source.file, settings.source.hash);
        let facts = [
            vec![
                ("settings", settings_are),
                ("locale", settings.locale.name().to_owned()),
                ("time zone", settings.zone.iana_name().unwrap_or("UTC").to_owned()),
            ],
            function,
            vec![
                ("corps", or_none(&settings.dingtalk.corps)),
                ("people", names(&settings.people)),
                ("groups", names(&settings.groups)),
                ("robots", or_none(&robots)),
            ],
        ];
        let facts = facts.concat().into_iter();
        let facts: String = facts.map(|(name, value)| format!("{name:<10} {value}\n")).collect();
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

/// The settings alone, where they are of some use without the secret: there is a custom robot to send to.
fn without_secret() -> Result<(Settings, Table), CliError> {
    let settings = Settings::load(&env)?;
    if settings.robots.is_empty() {
        Environment::read(&env)?;
    }
    let table = super::table(&settings)?;
    Ok((settings, table))
}

/// What the function goes by.
fn function(environment: &Environment, settings: &Settings) -> Result<Vec<(&'static str, String)>, CliError> {
    let rotation =
        if environment.previous.is_some() { "current and previous secret" } else { "current secret" };
    let (_, listen) = super::listen(None)?;
    let timeout = super::timeout()?.as_secs();
    let skew = settings.dingtalk.max_skew.as_secs();
    let robot = environment.robot_code.clone();
    Ok(vec![
        ("signature", format!("{rotation}, at most {skew} s from now")),
        ("replies to", settings.dingtalk.session_hosts.to_string()),
        ("robot", robot.unwrap_or_else(|| "any: DINGTALK_ROBOT_CODE is not set".to_owned())),
        ("OpenAPI", openapi(environment, settings)),
        ("HTTP", format!("on {listen}, a command may take {timeout} s")),
    ])
}

/// Whether messages can go by the OpenAPI, and why or why not.
fn openapi(environment: &Environment, settings: &Settings) -> String {
    match environment.credentials() {
        Some(credentials) => format!("on: {} sends by {}", credentials.robot_code, settings.dingtalk.api),
        None => match &environment.robot_code {
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
