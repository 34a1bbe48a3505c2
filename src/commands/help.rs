//! Purpose: tell what one can say.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, arguments, help},
    reply::Reply,
};

/// List what you can say
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Help {
    /// The command to explain
    #[arg(value_parser = arguments::text)]
    command: Vec<String>,
}

impl Command for Help {
    const PATH: &'static [&'static str] = &["help"];
    const ALIASES: &'static [&'static str] = &["帮助", "菜单", "？", "?"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["command"];
    const FREE_TEXT: &'static [&'static str] = &["command"];
    const EXAMPLES: &'static [&'static str] = &["help ping"];

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        if self.command.is_empty() {
            return Ok(help::list(ctx));
        }
        let name = self.command.join(" ");
        match ctx.table.named(&name) {
            Some(row) => Ok(help::usage(row, ctx)),
            None if let Some(alias) = ctx.table.alias(&name) => Ok(help::alias_usage(alias, ctx)),
            None if let Some(system) = help::system(&name, ctx) => Ok(system),
            None => {
                let said: Vec<&str> = self.command.iter().map(String::as_str).collect();
                let help = ctx.locale.say("unknown.help_command", &[]);
                let nearest = ctx.table.nearest(&said).into_iter();
                Ok(help::unknown(&name, nearest.map(|near| format!("{help} {}", near.name)).collect(), ctx))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Help;
    use crate::{
        commands::{ROWS, ping::Ping},
        dispatch::{Row, row},
        testing::{Chat, alice, nobody},
    };

    /// So that a new command changes nothing here.
    static TWO: &[Row] = &[row::<Help>(), row::<Ping>()];

    #[tokio::test]
    async fn every_command_has_a_line() {
        let rules =
            ["read", "write"].map(|effect| format!("[[allow]]\nwho = ['staff']\neffect = '{effect}'\n"));
        let mut chat = Chat::with(&rules.concat()).await;
        chat.say(alice(), "help").await;
        let help = chat.read();
        for row in ROWS {
            let lines = [format!("（{}）：", row.path), format!("**{}**：", row.path)];
            assert!(lines.iter().any(|line| help.contains(line)), "{}: {help}", row.path);
        }
        assert!(help.contains("**固定回复**\n\n- **测试**：测试环境占用情况"), "{help}");
    }

    #[tokio::test]
    async fn the_table_in_groups_of_commands() {
        let mut chat = Chat::with_rows(TWO).await;
        chat.say(alice(), "帮助").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 我能做什么

        **通用**

        - **帮助**（help）：查看可用命令和用法
        - **在吗**（ping）：检查机器人是否在线、响应快慢

        > 想了解某条命令，请发送「帮助 命令」，例如：帮助 ip

        @0147000002
        ");
    }

    #[tokio::test]
    async fn the_same_however_it_is_asked_for() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "help").await;
        let help = chat.read();
        for line in ["HELP", "/help", "、help", "帮助", "菜单", "？", "?", "", " ", "\u{200B}", "　帮助　"]
        {
            chat.say(alice(), line).await;
            assert_eq!(chat.read(), help, "{line:?}");
        }
    }

    #[tokio::test]
    async fn in_a_private_chat_commands_can_be_tapped() {
        let mut chat = Chat::with_rows(TWO).await.privately();
        chat.say(alice(), "帮助").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 我能做什么

        **通用**

        - [帮助](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)（help）：查看可用命令和用法
        - [在吗](dtmd://dingtalkclient/sendMessage?content=%E5%9C%A8%E5%90%97)（ping）：检查机器人是否在线、响应快慢

        > 想了解某条命令，请发送「帮助 命令」，例如：帮助 ip
        ");
    }

    #[tokio::test]
    async fn in_english() {
        let mut chat = Chat::with("locale = 'en'").await;
        chat.say(alice(), "help help").await;
        insta::assert_snapshot!(chat.read(), @"
        #### help

        List what you can say

        Usage: help &#91;command…&#93;

        - **command**: The command to explain

        > Also: 帮助, 菜单

        For example:

        - **help ping**

        @0147000002
        ");
    }

    #[tokio::test]
    async fn one_command() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "帮助 Help").await;
        insta::assert_snapshot!(chat.read(), @"
        #### help

        查看可用命令和用法

        用法：help &#91;command…&#93;

        - **command**：要了解的命令

        > 也可以说：帮助、菜单

        例如：

        - **help ping**

        @0147000002
        ");
        let help_of_help = "help help";
        for line in ["帮助help", "help 帮助", "help --help", "菜单 ？"] {
            chat.say(alice(), help_of_help).await;
            let expected = chat.read();
            chat.say(alice(), line).await;
            assert_eq!(chat.read(), expected, "{line}");
        }
    }

    #[tokio::test]
    async fn a_command_that_is_not_there() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "help [x](https://evil.example)").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 没有这条命令

        没看懂：&#91;x&#93;(https&#58;//evil.example)

        - 查看全部命令：**帮助**

        @0147000002
        ");
        chat.say(alice(), "help ''").await;
        insta::assert_snapshot!(chat.read(), @"
        #### help：参数有误

        「command」不能为空。

        ```
        help ''
             ^^
        ```

        用法：help &#91;command…&#93;

        - 查看用法：**帮助 help**

        @0147000002
        ");
    }

    #[tokio::test]
    async fn only_what_this_person_may_run_here_is_listed() {
        let rules = "
            [groups]
            ops = 'cidOPSAAAAAAAAAAAAAAAA=='
            [[allow]]
            who = ['staff']
            in = ['ops']
            effect = 'read'
        ";
        let mut chat = Chat::with(rules).await;
        chat.say(alice(), "help").await;
        assert!(chat.read().contains("（ip）"));
        chat.say(nobody(), "help").await;
        assert!(!chat.read().contains("（ip）"));
        chat.say_privately(alice(), "help").await;
        assert!(!chat.read().contains("（ip）"));
        chat.say_privately(alice(), "help ip").await;
        assert!(chat.read().contains("> 按现有规则，你在这里不能执行这条命令。"));
    }

    #[tokio::test]
    async fn what_depends_on_arguments_is_marked() {
        let mut chat =
            Chat::with("[[deny]]\nwho = ['anyone']\nrun = ['help']\nwhen = { command = ['ip'] }").await;
        chat.say(alice(), "help help").await;
        // What was not given is denied as what fits: leaving an argument out lifts no deny.
        assert!(chat.read().contains("取决于参数"));
        chat.say(alice(), "can help ping").await;
        assert!(chat.read().starts_with("#### 可以执行"));
        chat.say(alice(), "can help ip").await;
        assert!(chat.read().contains("被禁止规则拦下（第 1 条 deny）"));
        chat.say(alice(), "help").await;
        assert!(chat.read().contains("被禁止规则拦下"));
    }
}
