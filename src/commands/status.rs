//! Purpose: tell what is configured and whether it can be reached, as `dingops check --online` does.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect},
    reply::{Reply, Text},
    systems,
};

/// What is configured, and whether it can be reached
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {}

impl Command for Status {
    const PATH: &'static [&'static str] = &["status"];
    const ALIASES: &'static [&'static str] = &["自检"];
    const EFFECT: Effect = Effect::Read;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        ctx.progress.waits_for(say("status.openapi"));
        let openapi = match ctx.deliver.check_openapi(ctx.deadline).await {
            None => say("status.off"),
            Some(Ok(())) => say("status.reachable"),
            Some(Err(error)) => {
                tracing::warn!(%error, "the OpenAPI cannot be used");
                error.remedy(ctx.locale)
            }
        };
        let codes =
            if ctx.deliver.has_openapi() { "status.codes_privately" } else { "status.codes_in_place" };
        let rules = &ctx.settings.rules;
        let denies = rules.iter().filter(|rule| rule.denies).count();
        let rules =
            ctx.locale.say("status.rules_count", &[("allows", &(rules.len() - denies)), ("denies", &denies)]);
        let skew = ctx.locale.say("status.seconds", &[("seconds", &ctx.skew.as_secs())]);
        let robots: Vec<&str> = ctx.settings.robots.keys().map(String::as_str).collect();
        let robots = match robots.as_slice() {
            [] => say("whoami.none"),
            names => names.join(&say("usage.separator")),
        };
        let systems = systems::probe(ctx).await;
        let systems = systems.into_iter().map(|probed| {
            let sentence = probed.sentence(ctx);
            (probed.title, Text::from(sentence))
        });
        Ok(Reply::new(say("status.title")).fields(systems.chain([
            (say("status.openapi"), Text::from(openapi)),
            (say("status.codes"), Text::from(say(codes))),
            (say("status.rules"), Text::from(rules)),
            (say("status.robots"), Text::from(robots)),
            (say("status.skew"), Text::from(skew)),
            (say("about.hash"), Text::from(ctx.settings.source.hash.as_str())),
        ])))
    }
}

#[cfg(test)]
mod tests {
    use simulator::AnswerFault;

    use crate::testing::{Chat, alice, nobody};

    #[tokio::test]
    async fn without_the_openapi() {
        let mut chat = Chat::with("version = 1").await;
        chat.say(alice(), "自检").await;
        let reply = chat.read();
        let hash = reply.lines().find(|line| line.contains("SHA-256")).unwrap().to_owned();
        insta::assert_snapshot!(reply.replace(&hash, ""), @"
        #### 自检

        - **OpenAPI**：未配置，回复只能发到会话地址
        - **确认码**：显示在原会话里
        - **规则**：1 条 allow，0 条 deny
        - **群机器人**：无
        - **签名时间与本机相差**：0 秒


        @0147000002
        ");
    }

    #[tokio::test]
    async fn with_the_openapi() {
        let mut chat = Chat::with_openapi().await;
        chat.say(alice(), "status").await;
        assert!(chat.read().contains("**OpenAPI**：可用"));
        let mut chat = Chat::with_openapi().await;
        chat.dingtalk().fail_next_at(
            simulator::Endpoint::AccessToken,
            AnswerFault::Code("invalidClientIdOrSecret".into()),
        );
        chat.say(alice(), "status").await;
        let reply = chat.read();
        assert!(reply.contains("请核对 DINGTALK&#95;APP&#95;KEY"), "{reply}");
    }

    #[tokio::test]
    async fn members_only() {
        let mut chat = Chat::start().await;
        chat.say(nobody(), "status").await;
        assert!(chat.read().starts_with("#### status：无权执行"));
    }
}
