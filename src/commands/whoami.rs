//! Purpose: tell each person how DingTalk names them, for the people and groups of dingops.toml.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Membership},
    reply::{Reply, Text},
    text,
};

/// Your staff id, the conversation id, and lines to paste into dingops.toml
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Whoami {}

impl Command for Whoami {
    const PATH: &'static [&'static str] = &["whoami"];
    const ALIASES: &'static [&'static str] = &["我是谁"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        let nick = Some(ctx.who.nick.as_str()).filter(|nick| !nick.trim().is_empty());
        let or_none =
            |value: Option<&str>| Text::from(value.map_or_else(|| say("whoami.none"), str::to_owned));
        let organisation = match ctx.who.membership {
            Membership::Own => "whoami.own",
            Membership::Listed => "whoami.listed",
            Membership::Unknown => "whoami.unknown",
        };
        let admin = if ctx.who.admin { "whoami.yes" } else { "whoami.no" };
        let place = if ctx.place.private { "whoami.private" } else { "whoami.group" };
        let reply = Reply::new(say("whoami.title")).fields([
            (say("whoami.nick"), or_none(nick)),
            (say("whoami.staff_id"), or_none(ctx.who.staff_id.as_deref())),
            (say("whoami.organisation"), say(organisation).into()),
            (say("whoami.admin"), say(admin).into()),
            (say(place), or_none(ctx.place.conversation_id.as_deref())),
        ]);
        let reply = match ctx.who.membership {
            Membership::Unknown => reply.note(say("access.unknown_organisation")),
            Membership::Listed => reply.note(say("access.other_organisation")),
            Membership::Own if ctx.who.staff_id.is_none() => reply.note(say("whoami.no_staff_id")),
            Membership::Own => reply,
        };
        let own = ctx.who.staff().map(|id| ("[people]", nick.unwrap_or("name"), id));
        let group = ctx.place.conversation_id.as_deref().filter(|_| !ctx.place.private);
        let group = group.map(|id| ("[groups]", ctx.place.title.as_deref().unwrap_or("group"), id));
        Ok([own, group].into_iter().flatten().fold(reply, |reply, (section, name, id)| {
            reply.text(ctx.locale.say("whoami.paste", &[("section", &section)])).code(format!(
                "{} = {}",
                toml_text(name),
                toml_text(id)
            ))
        }))
    }
}

/// A text as a TOML string, whatever is in it.
fn toml_text(value: &str) -> String {
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // What a reader could not see, or a chat would take for markup.
            c if text::is_control(c) || matches!(c, '`' | '<' | '[' | ']' | '@') => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Chat, alice, bob, nobody};

    #[tokio::test]
    async fn in_a_group() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "我是谁").await;
        insta::assert_snapshot!(chat.read(), @r#"
        #### 你是谁

        - **昵称**：爱丽丝
        - **员工 ID（staffId）**：0147000002
        - **组织**：与机器人同属一个组织
        - **组织管理员**：是
        - **会话 ID（群聊）**：cidOPSAAAAAAAAAAAAAAAA==

        粘贴到 dingops.toml 的 &#91;people&#93; 下面：

        ```
        "爱丽丝" = "0147000002"
        ```

        粘贴到 dingops.toml 的 &#91;groups&#93; 下面：

        ```
        "运维群" = "cidOPSAAAAAAAAAAAAAAAA=="
        ```

        @0147000002
        "#);
    }

    #[tokio::test]
    async fn in_a_private_chat() {
        let mut chat = Chat::start().await.privately();
        chat.say(bob(), "whoami").await;
        insta::assert_snapshot!(chat.read(), @r#"
        #### 你是谁

        - **昵称**：Bob
        - **员工 ID（staffId）**：0147000003
        - **组织**：与机器人同属一个组织
        - **组织管理员**：否
        - **会话 ID（单聊）**：cidPRIVATEBOBAAAAAAAAAA==

        粘贴到 dingops.toml 的 &#91;people&#93; 下面：

        ```
        "Bob" = "0147000003"
        ```
        "#);
    }

    #[tokio::test]
    async fn before_the_robot_is_published() {
        let mut chat = Chat::start().await.privately();
        chat.say(nobody(), "whoami").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 你是谁

        - **昵称**：无名
        - **员工 ID（staffId）**：无
        - **组织**：与机器人同属一个组织
        - **组织管理员**：否
        - **会话 ID（单聊）**：cidPRIVATENOBODYAAAAAAA==

        > 没有员工 ID：应用还没有发布版本，或者你不是机器人所在组织的成员。没有员工 ID 就只能使用公开命令。
        ");
    }

    #[tokio::test]
    async fn somebody_of_another_organisation_gets_no_lines_for_people() {
        let mut chat = Chat::with("[dingtalk]\ncorps = ['ding0001other']").await;
        let mut carol = bob();
        carol.corp = Some("ding0001other".into());
        chat.say(carol, "whoami").await;
        insta::assert_snapshot!(chat.read(), @r#"
        #### 你是谁

        - **昵称**：Bob
        - **员工 ID（staffId）**：0147000003
        - **组织**：其他组织，已列入 dingtalk.corps
        - **组织管理员**：否
        - **会话 ID（群聊）**：cidOPSAAAAAAAAAAAAAAAA==

        > 这条命令只对机器人所在组织的成员开放，你来自其他组织，只能使用公开命令。

        粘贴到 dingops.toml 的 &#91;groups&#93; 下面：

        ```
        "运维群" = "cidOPSAAAAAAAAAAAAAAAA=="
        ```

        @Bob
        "#);
    }

    #[tokio::test]
    async fn nothing_in_a_nick_or_title_is_markup() {
        let mut chat = Chat::start().await;
        let mut callback = chat.text(&bob(), "whoami");
        callback["senderNick"] =
            json!("**x** [y](https://evil.example) <img src=x onerror=y> @all\n# z\u{202E}`");
        callback["conversationTitle"] = json!("```\n\"<b>\\ @0147000003");
        chat.post(&callback).await;
        insta::assert_snapshot!(chat.read().replace('\u{200B}', "<ZWSP>"), @r#"
        #### 你是谁

        - **昵称**：&#42;&#42;x&#42;&#42; &#91;y&#93;(https&#58;//evil.example) &lt;img src=x onerror=y&gt; &#64;all  
          &#35; z�&#96;
        - **员工 ID（staffId）**：0147000003
        - **组织**：与机器人同属一个组织
        - **组织管理员**：否
        - **会话 ID（群聊）**：cidOPSAAAAAAAAAAAAAAAA==

        粘贴到 dingops.toml 的 &#91;people&#93; 下面：

        ```
        "**x** \u005By\u005D(https://evil.example) \u003Cimg src=x onerror=y> \u0040all\u000A# z\u202E\u0060" = "0147000003"
        ```

        粘贴到 dingops.toml 的 &#91;groups&#93; 下面：

        ```
        "\u0060\u0060\u0060\u000A\"\u003Cb>\\ \u00400147000003" = "cidOPSAAAAAAAAAAAAAAAA=="
        ```

        @0147000003
        "#);
    }

    #[tokio::test]
    async fn the_lines_are_toml() {
        let hostile = "\" = \"x\"\n[dingtalk]\\u0041`<\u{202E}\u{7}";
        let line = format!("{} = {}", super::toml_text(hostile), super::toml_text("id"));
        let table: toml::Table = line.parse().unwrap();
        assert_eq!(table.keys().collect::<Vec<_>>(), [hostile]);
    }

    #[tokio::test]
    async fn in_english() {
        let mut chat = Chat::with("locale = 'en'").await;
        chat.say(alice(), "whoami").await;
        insta::assert_snapshot!(chat.read(), @r#"
        #### Who you are

        - **Nickname**: 爱丽丝
        - **Staff id**: 0147000002
        - **Organisation**: the robot's own
        - **Administrator of the organisation**: yes
        - **Conversation id (group)**: cidOPSAAAAAAAAAAAAAAAA==

        Paste into dingops.toml, under &#91;people&#93;:

        ```
        "爱丽丝" = "0147000002"
        ```

        Paste into dingops.toml, under &#91;groups&#93;:

        ```
        "运维群" = "cidOPSAAAAAAAAAAAAAAAA=="
        ```

        @0147000002
        "#);
    }
}
