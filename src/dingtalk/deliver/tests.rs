//! What becomes of a reply when its way is blocked: counted at DingTalk's side.

mod connection;
mod openapi;
mod session;
mod token;

use std::time::Duration;

use serde::Serialize;
use simulator::{Endpoint, Message};

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Row, row},
    reply::Reply,
    testing::{Chat, Setup, alice},
};

/// Tells what not everybody may read
#[derive(clap::Args, Serialize)]
struct Password {}

impl Command for Password {
    const PATH: &'static [&'static str] = &["password"];
    const EFFECT: Effect = Effect::Open;
    const SENSITIVE: bool = true;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("hunter2"))
    }
}

static SENSITIVE: &[Row] = &[row::<Password>()];

/// In a group that the settings name, where a sensitive command may be run.
async fn in_confidence() -> Chat {
    let toml = "[groups]\nops = 'cidOPSAAAAAAAAAAAAAAAA=='";
    Chat::set_up(Setup { toml, rows: Some(SENSITIVE), openapi: true, ..Setup::default() }).await
}

/// All messages that arrived, nobody knows by which way.
fn arrived(chat: &Chat) -> Vec<Message> {
    std::iter::from_fn(|| chat.dingtalk().read()).collect()
}

/// Which endpoints were called, without those for a token.
fn called(chat: &Chat) -> Vec<&'static str> {
    let calls = chat.dingtalk().calls();
    let endpoint = |call: &String| {
        let path = |endpoint: &Endpoint| call.contains(endpoint.path());
        match Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::AccessToken).find(path)? {
            Endpoint::SendBySession => Some("session"),
            Endpoint::GroupMessages => Some("group"),
            Endpoint::OneToOne => Some("person"),
            _ => Some("another"),
        }
    };
    calls.iter().filter_map(endpoint).collect()
}

/// Says one line, and lets pauses pass.
async fn say(chat: &mut Chat, line: &str) {
    let clock = chat.clock().clone();
    tokio::select! {
        () = chat.say(alice(), line) => {}
        () = async { loop { clock.pass(Duration::from_secs(5)).await } } => {}
    }
}
