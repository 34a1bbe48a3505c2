//! Purpose: tell whether somebody may run a command here, and by which rule, without running it.

use serde::Serialize;

use crate::{
    config::Confirm,
    dispatch::{self, Command, CommandError, Ctx, Effect, Tail, access::Near, arguments, confirm},
    reply::Reply,
};

/// Whether you may run a command here, and by which rule
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Can {
    /// The whole command
    #[arg(value_parser = arguments::text, required = true)]
    command: String,
}

impl Command for Can {
    const PATH: &'static [&'static str] = &["can"];
    const ALIASES: &'static [&'static str] = &["权限"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["command"];
    const EXAMPLES: &'static [&'static str] = &["can ip"];

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let explained = match dispatch::explain(&self.command, ctx) {
            Ok(explained) => explained,
            Err(answered) => return Ok(answered.reply),
        };
        let say = |key, values: &[(&str, &dyn std::fmt::Display)]| ctx.locale.say(key, values);
        let grant = match &explained.decision {
            Ok(grant) => grant,
            Err(missing) => {
                let reply = Reply::new(say("can.no_title", &[])).code(explained.canonical);
                let nearest = missing.nearest(&ctx.who);
                if nearest.is_empty() {
                    return Ok(missing.tell(reply, &ctx.who, ctx.locale));
                }
                let near = |near: &Near| {
                    let lacking = near.lacking(ctx.locale);
                    say("can.near", &[("number", &near.rule.number), ("lacking", &lacking)])
                };
                return Ok(reply.text(say("access.rule", &[])).list(nearest.iter().map(near)));
            }
        };
        let title = match grant.confirm {
            Confirm::Nobody => "can.yes_title",
            Confirm::Asker => "can.confirm_title",
            Confirm::Peer(_) => "can.peer_title",
        };
        let reply = Reply::new(say(title, &[])).code(explained.canonical);
        let reply = match grant.rule {
            Some(rule) => reply.text(say("can.rule", &[("number", &rule.number)])),
            None => reply.text(say("can.open", &[])),
        };
        let reply = match &grant.confirm {
            Confirm::Peer(peers) => {
                let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
                let names = names.join(&say("usage.separator", &[]));
                reply.text(say("can.approvers", &[("approvers", &names)]))
            }
            _ => reply,
        };
        Ok(match grant.confirm {
            Confirm::Nobody => reply,
            _ => {
                let valid = confirm::shown_validity(grant, ctx.locale);
                reply.text(say("can.valid", &[("valid", &valid)]))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Chat, Setup, alice, nobody};

    #[tokio::test]
    async fn by_which_rule() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "权限 出口IP").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 可以执行

        ```
        ip
        ```

        依据：第 1 条 allow 规则。

        @0147000002
        ");
        chat.say(nobody(), "can ip").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 不可以执行

        ```
        ip
        ```

        这条消息没有带员工 ID（staffId），无法确认你是组织成员：机器人所属的应用还没有发布版本（请让管理员发布），或者你不属于该组织。发送「我是谁」可以查看。

        @无名
        ");
        chat.say(nobody(), "can ping").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 可以执行

        ```
        ping
        ```

        公开命令，任何人都可以执行。

        @无名
        ");
    }

    #[tokio::test]
    async fn the_rules_that_come_nearest() {
        let toml = "
            [people]
            alice = '0147000002'
            carol = '0147000004'
            [groups]
            dev = 'cidDEVAAAAAAAAAAAAAAAA=='
            [[allow]]
            who = ['carol']
            in = ['dev']
            run = ['help']
            [[allow]]
            who = ['carol']
            in = ['dev']
            run = ['status']
            [[allow]]
            who = ['alice', 'carol']
            in = ['dev', 'private']
            run = ['status']
        ";
        let mut chat = Chat::set_up(Setup { toml, ..Setup::default() }).await;
        chat.say(alice(), "can status").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 不可以执行

        ```
        status
        ```

        没有规则允许执行这条命令。

        - 第 3 条 allow 规则要求：在 dev、private 执行。
        - 第 2 条 allow 规则要求：由 carol 执行，并且在 dev 执行。

        @0147000002
        ");
        chat.say(nobody(), "can status").await;
        assert!(!chat.read().contains("carol"));
    }

    #[tokio::test]
    async fn what_is_no_command_is_answered_as_if_it_were_said() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "pin").await;
        let answered = chat.read();
        chat.say(alice(), "can pin").await;
        assert_eq!(chat.read(), answered);
    }
}
