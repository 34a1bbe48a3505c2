//! Purpose: tell what is running here: version, settings, source.

use serde::Serialize;

use crate::{
    config::SettingsFile,
    dispatch::{Command, CommandError, Ctx, Effect},
    reply::{Reply, Text},
};

/// What is running here: version, settings, source
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {}

impl Command for About {
    const PATH: &'static [&'static str] = &["about"];
    const ALIASES: &'static [&'static str] = &["关于", "版本", "version"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        let source = &ctx.settings.source;
        Ok(Reply::new(concat!("dingops ", env!("CARGO_PKG_VERSION")))
            .text(say("about.text"))
            .fields([
                (say("about.changed"), Text::from(say("about.changes"))),
                (
                    say("about.settings"),
                    Text::from(match &source.file {
                        SettingsFile::Embedded => say("about.embedded"),
                        SettingsFile::Path(path) => path.display().to_string(),
                    }),
                ),
                (say("about.hash"), Text::from(source.hash.as_str())),
            ])
            .link(say("about.source"), env!("CARGO_PKG_REPOSITORY")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Chat, alice};

    #[tokio::test]
    async fn a_card_with_a_button_to_the_source() {
        let mut chat = Chat::with("version = 1").await;
        chat.say(alice(), "关于").await;
        let message = chat.read_json();
        assert_eq!(message["msgtype"], "actionCard");
        assert_eq!(message["actionCard"]["singleTitle"], "查看源码");
        assert_eq!(message["actionCard"]["singleURL"], env!("CARGO_PKG_REPOSITORY"));
        assert_eq!(message["at"], json!({ "atUserIds": ["0147000002"] }));
        // The stand-in's port is part of the settings, and so of their hash.
        let text = message["actionCard"]["text"].as_str().unwrap();
        let hash = text.split("前 12 位）**：").nth(1).and_then(|rest| rest.get(..12)).unwrap();
        assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
        insta::assert_snapshot!(text.replace(hash, "<hash>"), @"
        #### dingops 0.1.0

        钉钉上的 ChatOps，一个无服务器函数。

        - **本版更新**：首个版本：支持帮助、在吗、我是谁、出口IP、关于和固定回复。
        - **配置文件**：dingops.toml（编译时内置）
        - **配置指纹（SHA-256 前 12 位）**：<hash>

        @0147000002
        ");
    }

    #[test]
    fn the_changelog_has_this_version_first() {
        let changelog = include_str!("../../CHANGELOG.md");
        let first = changelog.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
        assert!(first.contains(env!("CARGO_PKG_VERSION")), "{first}");
    }
}
