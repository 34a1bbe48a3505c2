//! What a command that takes long waits for, told once to whoever asked.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;

/// How long somebody waits without being told why.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a command waits for, as it says itself.
#[derive(Debug, Clone, Default)]
pub struct Progress(watch::Sender<Waits>);

/// What is told, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits {
    /// What for, in the reader's language; nothing is told before the command says it.
    pub what: Option<String>,
    /// As the reply, it must not go to an address that a callback named.
    pub sensitive: bool,
}

impl Progress {
    /// The command waits for this now, in the reader's language: "构建 #12 结束".
    pub fn waits_for(&self, what: impl Into<String>) {
        self.0.send_modify(|waits| waits.what = Some(what.into()));
    }

    /// The command that begins is sensitive, or not.
    pub(super) fn begins(&self, sensitive: bool) {
        self.0.send_modify(|waits| waits.sensitive = sensitive);
    }

    /// Resolves, once the command has taken ten seconds, to what it waits for; never, if it does not say.
    pub(crate) async fn worth_telling(&self, clock: &dyn Clock) -> Waits {
        let due = clock.now() + PATIENCE;
        let mut waits = self.0.subscribe();
        // The sender is here, so it is not gone.
        let _ = waits.wait_for(|waits| waits.what.is_some()).await;
        clock.sleep(clock.until(due)).await;
        waits.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde::Serialize;
    use simulator::{Message, Way};

    use super::*;
    use crate::{
        dispatch::{Command, CommandError, Ctx, Effect, Row, arguments, row},
        reply::Reply,
        testing::{Chat, Setup, alice},
    };

    /// Takes some seconds, and says so or not
    #[derive(clap::Args, Serialize)]
    struct Wait {
        /// How many
        #[arg(value_parser = arguments::text)]
        seconds: String,
        /// Without saying so
        #[arg(long)]
        quietly: bool,
    }

    impl Command for Wait {
        const PATH: &'static [&'static str] = &["wait"];
        const EFFECT: Effect = Effect::Open;
        const ARGUMENTS: &'static [&'static str] = &["seconds", "quietly"];

        async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
            if !self.quietly {
                ctx.progress.waits_for("the queue");
                ctx.progress.waits_for("build #12");
            }
            ctx.clock.sleep(Duration::from_secs(self.seconds.parse()?)).await;
            Ok(Reply::new("done"))
        }
    }

    /// Takes some seconds for what not everybody may read
    #[derive(clap::Args, Serialize)]
    struct Fetch {
        /// How many
        #[arg(value_parser = arguments::text)]
        seconds: String,
    }

    impl Command for Fetch {
        const PATH: &'static [&'static str] = &["fetch"];
        const EFFECT: Effect = Effect::Open;
        const SENSITIVE: bool = true;
        const ARGUMENTS: &'static [&'static str] = &["seconds"];

        async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
            Wait { seconds: self.seconds, quietly: false }.run(ctx).await
        }
    }

    static ROWS: &[Row] = &[row::<Wait>(), row::<Fetch>()];

    /// What is read when a command takes so long. The clock is moved to the next that wakes within so many seconds;
    /// at `read`, a message is waited for.
    async fn told(line: &str, script: &[Step]) -> Vec<String> {
        let chat = Chat::with_rows(ROWS).await;
        told_in(chat, line, script).await.iter().map(ToString::to_string).collect()
    }

    async fn told_in(mut chat: Chat, line: &str, script: &[Step]) -> Vec<Message> {
        let dingtalk = Arc::clone(chat.dingtalk());
        let read = async {
            let mut told = Vec::new();
            for step in script {
                match step {
                    Step::Pass(seconds) => dingtalk.clock().pass(Duration::from_secs(*seconds)).await,
                    Step::Read => told.extend(dingtalk.next(Duration::from_secs(30)).await),
                }
            }
            told
        };
        let (mut told, ()) = tokio::join!(read, chat.say(alice(), line));
        told.extend(std::iter::from_fn(|| dingtalk.read()));
        told
    }

    enum Step {
        Pass(u64),
        Read,
    }
    use Step::{Pass, Read};

    #[tokio::test]
    async fn what_takes_long_is_told_once() {
        let told = told("wait 40", &[Pass(11), Read, Pass(31)]).await;
        assert_eq!(told.len(), 2, "{told:?}");
        insta::assert_snapshot!(told[0], @"
        #### 还在执行

        正在等待：build #12

        @0147000002
        ");
        assert!(told[1].starts_with("#### done"));
    }

    #[tokio::test]
    async fn what_is_sensitive_is_waited_for_in_confidence() {
        let toml = "[groups]\nops = 'cidOPSAAAAAAAAAAAAAAAA=='";
        let chat = Chat::set_up(Setup { toml, rows: Some(ROWS), openapi: true, ..Setup::default() }).await;
        let told = told_in(chat, "fetch 40", &[Pass(11), Read, Pass(31)]).await;
        let ways: Vec<_> = told.iter().map(|message| message.way).collect();
        assert_eq!(ways, [Way::GroupMessage, Way::GroupMessage], "{told:?}");
        assert!(told[0].to_string().contains("build #12"));
    }

    #[tokio::test]
    async fn what_is_soon_over_or_says_nothing_is_not_told() {
        for (line, script) in [("wait 9", &[Pass(10)][..]), ("wait 40 --quietly", &[Pass(41)])] {
            let told = told(line, script).await;
            assert!(told.len() == 1 && told[0].starts_with("#### done"), "{line}: {told:?}");
        }
    }

    #[tokio::test]
    async fn what_is_cut_off_is_told_as_well() {
        let told = told("wait 600", &[Pass(11), Read, Pass(48)]).await;
        assert_eq!(told.len(), 2, "{told:?}");
        insta::assert_snapshot!(told[1], @"
        #### wait：超时

        等了 57 秒仍未完成，已放弃等待。

        @0147000002
        ");
    }
}
