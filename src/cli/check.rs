//! `dingops check`: what the settings say, or what is wrong with them.

use super::{CliError, env};
use crate::{
    config::{Environment, Settings},
    dispatch::{Effect, help},
    locale::Locale,
};

/// Read the settings; print the commands, or what is wrong
#[derive(clap::Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let settings = Settings::load(&env)?;
        let environment = Environment::read(&env)?;
        let table =
            crate::commands::table(&settings.answers).map_err(|taken| CliError::Usage(taken.to_string()))?;
        let robot = environment.robot_code.as_deref().unwrap_or("any (DINGTALK_ROBOT_CODE is not set)");
        let rotation =
            if environment.previous.is_some() { "current and previous secret" } else { "current secret" };
        println!("settings   {} (SHA-256 {}…)", settings.source.place, settings.source.hash);
        println!("locale     {}", settings.locale.name());
        println!("time zone  {}", settings.zone.iana_name().unwrap_or("UTC"));
        println!("signature  {rotation}, at most {} s from now", settings.dingtalk.max_skew.as_secs());
        println!("replies to {}", settings.dingtalk.session_hosts);
        println!("robot      {robot}");
        println!(
            "corps      {}",
            or_none(&settings.dingtalk.corps.iter().map(String::as_str).collect::<Vec<_>>())
        );
        println!("people     {}", or_none(&settings.people.keys().map(String::as_str).collect::<Vec<_>>()));
        println!("groups     {}", or_none(&settings.groups.keys().map(String::as_str).collect::<Vec<_>>()));
        println!("\ncommands");
        for row in table.rows() {
            let effect = match row.effect {
                Effect::Open => "open",
                Effect::Read => "read",
                Effect::Write => "write",
            };
            let aliases = row.aliases.iter().collect::<Vec<_>>().join(", ");
            println!("  {effect:5}  {}  ({aliases})  {}", row.path, help::about(row, Locale::En));
        }
        Ok(())
    }
}

fn or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
