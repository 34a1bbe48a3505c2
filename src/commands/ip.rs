//! Purpose: tell the address this function calls out from, which allow-lists of DingTalk (服务器出口IP) and others need.

use std::{net::Ipv4Addr, time::Duration};

use serde::Serialize;
use url::Url;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect},
    outbound::OutboundError,
    reply::{Reply, Text},
};

/// How long one service may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// An IPv4 address has at most 15 characters; a service may add a line break.
const MAX_ANSWER: usize = 64;

/// The address this function calls out from
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ip {}

impl Command for Ip {
    const PATH: &'static [&'static str] = &["ip"];
    const ALIASES: &'static [&'static str] = &["出口IP", "出口地址"];
    const EFFECT: Effect = Effect::Read;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        let mut failures: Vec<(String, Text)> = Vec::new();
        for service in &ctx.settings.ip.services {
            match ask(service, ctx).await {
                Ok(address) => {
                    let stays = if ctx.settings.ip.static_ip { "ip.static" } else { "ip.may_change" };
                    let reply = Reply::new(address.to_string()).text(say("ip.text")).note(say(stays));
                    return Ok(if failures.is_empty() {
                        reply
                    } else {
                        reply.text(say("ip.some_failed")).fields(failures)
                    });
                }
                Err(why) => failures.push((name(service), Text::from(why))),
            }
        }
        Ok(Reply::new(say("ip.none")).text(say("ip.all_failed")).fields(failures).note(say("ip.no_way_out")))
    }
}

/// A service as it is named to the reader: an address may hold a key in its path or query.
fn name(service: &Url) -> String {
    service.host_str().unwrap_or_default().to_owned()
}

async fn ask(service: &Url, ctx: &Ctx) -> Result<Ipv4Addr, String> {
    let by = ctx.clock.now() + PATIENCE;
    let answer = match ctx.clock.within(by, ctx.outbound.get(service.clone(), MAX_ANSWER)).await {
        None => return Err(ctx.locale.say("ip.slow", &[("seconds", &PATIENCE.as_secs())])),
        Some(Err(error)) => return Err(why(service, &error, ctx)),
        Some(Ok(answer)) => answer,
    };
    let address = std::str::from_utf8(&answer).ok().and_then(|text| text.trim().parse().ok());
    address.ok_or_else(|| ctx.locale.say("ip.not_ipv4", &[]))
}

/// Why a service gave no answer, for the chat; the rest is for the log.
fn why(service: &Url, error: &OutboundError, ctx: &Ctx) -> String {
    match error {
        OutboundError::Failed(detail) => {
            tracing::warn!(service = name(service), detail, "no answer from an ip service");
            ctx.locale.say("ip.unreachable", &[])
        }
        OutboundError::Status(status) => ctx.locale.say("ip.status", &[("status", status)]),
        OutboundError::TooLong(_) => ctx.locale.say("ip.not_ipv4", &[]),
    }
}
