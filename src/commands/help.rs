//! Purpose: tell what one can say.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments, help},
    reply::Reply,
};

/// What one can say
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

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        if self.command.is_empty() {
            return Ok(help::list(ctx));
        }
        let name = self.command.join(" ");
        match ctx.table.named(&name) {
            Some(row) => Ok(help::usage(row, ctx)),
            None => Err(UserError(ctx.locale.say("help_command.none", &[("name", &name)])).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Chat, alice};

    #[tokio::test]
    async fn the_table_in_groups_of_commands() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "帮助").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 我能做什么

        **通用**

        - **帮助**（help）：看看能说些什么
        - **在吗**（ping）：机器人在不在，响应有多快
        - **我是谁**（whoami）：机器人眼中的你，以及要写进 dingops.toml 的配置
        - **出口IP**（ip）：本函数访问外网时的出口 IP
        - **关于**（about）：版本、配置与源码

        **常用信息**

        - **测试**：固定回复

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
        let mut chat = Chat::start().await.privately();
        chat.say(alice(), "帮助").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 我能做什么

        **通用**

        - [帮助](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)（help）：看看能说些什么
        - [在吗](dtmd://dingtalkclient/sendMessage?content=%E5%9C%A8%E5%90%97)（ping）：机器人在不在，响应有多快
        - [我是谁](dtmd://dingtalkclient/sendMessage?content=%E6%88%91%E6%98%AF%E8%B0%81)（whoami）：机器人眼中的你，以及要写进 dingops.toml 的配置
        - [出口IP](dtmd://dingtalkclient/sendMessage?content=%E5%87%BA%E5%8F%A3IP)（ip）：本函数访问外网时的出口 IP
        - [关于](dtmd://dingtalkclient/sendMessage?content=%E5%85%B3%E4%BA%8E)（about）：版本、配置与源码

        **常用信息**

        - [测试](dtmd://dingtalkclient/sendMessage?content=%E6%B5%8B%E8%AF%95)：固定回复

        > 想了解某条命令，请发送「帮助 命令」，例如：帮助 ip
        ");
    }

    #[tokio::test]
    async fn in_english() {
        let mut chat = Chat::with("locale = 'en'").await;
        chat.say(alice(), "help").await;
        insta::assert_snapshot!(chat.read(), @"
        #### What I can do

        **General**

        - **help**: What one can say
        - **ping**: Is the bot there, and how fast
        - **whoami**: Who you are to the bot, and the lines for dingops.toml
        - **ip**: The address this function calls out from
        - **about**: What is running here: version, settings, source

        **Good to know**

        - **测试**: a fixed answer

        > To learn about a command, send “help” and its name: help ip

        @0147000002
        ");
    }

    #[tokio::test]
    async fn one_command() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "帮助 Help").await;
        insta::assert_snapshot!(chat.read(), @"
        #### help

        看看能说些什么

        ```
        help [command…]
        ```

        - **command…**：要了解的命令

        > 也可以说：帮助、菜单、？、?

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
        #### help：未能完成

        没有「&#91;x&#93;(https&#58;//evil.example)」这条命令，发送「帮助」查看全部命令。

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
}
