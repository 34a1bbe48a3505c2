//! Purpose: fixed answers, written by the operator as `[[answer]]` in dingops.toml.

use std::{future::Future, pin::Pin, sync::Arc};

use clap::ArgMatches;
use serde_json::{Map, Value};

use crate::{
    config::{Answer, Located},
    dispatch::{
        CommandError, Ctx, Preview, Row, UserError,
        row::{Kind, Parser, Prepared},
    },
    reply::{Block, Reply},
    text,
};

/// A row for each answer of the settings.
pub fn rows(answers: &[Answer]) -> impl Iterator<Item = (Located, Row)> {
    let row = |answer: &Answer| Row::owned(answer.name.text(), Kind::Answer, Arc::new(answer.clone()));
    answers.iter().map(move |answer| (answer.name.clone(), row(answer)))
}

/// The longest description in help.
const MAX_ABOUT: usize = 30;

impl Answer {
    /// Its first line, without what is Markdown in it.
    fn about(&self) -> String {
        let line = self.markdown.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut about = String::new();
        let mut rest = line;
        // `[label](address)` is its label.
        while let Some((before, after)) = rest.split_once("](") {
            about.push_str(before);
            rest = after.split_once(')').map_or("", |(_, rest)| rest);
        }
        about.push_str(rest);
        let about = about.replace(['[', '*', '#', '>', '`'], "");
        // An item of a list: `- `, `1. `.
        let begun = about.trim_start_matches(['-', '+', ' ']);
        let unnumbered = begun.trim_start_matches(|c: char| c.is_ascii_digit());
        let about = match unnumbered.strip_prefix(". ") {
            Some(item) if unnumbered.len() < begun.len() => item,
            _ => begun,
        };
        text::cut(about.trim(), MAX_ABOUT)
    }
}

impl Parser for Answer {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command.about(self.about())
    }

    fn read(&self, _: &ArgMatches) -> Result<Box<dyn Prepared>, clap::Error> {
        Ok(Box::new(self.clone()))
    }
}

impl Prepared for Answer {
    fn resolve(&mut self, _: &Ctx) -> Result<(), UserError> {
        Ok(())
    }

    fn values(&self) -> Map<String, Value> {
        Map::new()
    }

    fn is_mild(&self) -> bool {
        false
    }

    fn preview<'a>(
        &'a self,
        _: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Preview, CommandError>> + Send + 'a>> {
        Box::pin(async { Ok(Preview::default()) })
    }

    fn run<'a>(
        self: Box<Self>,
        _: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send + 'a>> {
        Box::pin(async move { Ok(Reply::new(self.name.text()).block(Block::Markdown(self.markdown))) })
    }
}

#[cfg(test)]
mod tests {
    use simulator::AnswerFault;

    use crate::{
        dingtalk::markdown,
        testing::{Chat, Setup, alice},
    };

    #[tokio::test]
    async fn the_shipped_answer() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "测试").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 测试

        [测试环境占用情况](https://example.com/environments)

        @0147000002
        ");
    }

    #[tokio::test]
    async fn help_shows_the_words_of_its_first_line() {
        for (markdown, about) in [
            ("- 白天：爱丽丝\\n- 晚上：Bob", "白天：爱丽丝"),
            ("1. **先**看[面板](https://example.com)", "先看面板"),
            ("### 3.5 版", "3.5 版"),
            ("> 2026 年", "2026 年"),
        ] {
            let mut chat = Chat::with(&format!("[[answer]]\nname = '值班'\nmarkdown = \"{markdown}\"")).await;
            chat.say(alice(), "help").await;
            let help = chat.read();
            assert!(help.contains(&format!("- **值班**：{about}\n")), "{markdown}: {help}");
        }
    }

    #[tokio::test]
    async fn an_answer_of_two_words_in_any_case() {
        let mut chat = Chat::with("[[answer]]\nname = 'On Call'\nmarkdown = '**alice**'").await;
        chat.say(alice(), "on call").await;
        insta::assert_snapshot!(chat.read(), @"
        #### On Call

        **alice**

        @0147000002
        ");
    }

    #[tokio::test]
    async fn the_longest_answer_is_whole_by_every_way() {
        let (most, _) = markdown::answer_sizes("long", "");
        let answer = "很长，".repeat(most / 9);
        let toml = format!("[[answer]]\nname = 'long'\nmarkdown = '{answer}'");
        for session in [true, false] {
            let mut chat = Chat::set_up(Setup { toml: &toml, openapi: true, ..Setup::default() }).await;
            if !session {
                chat.dingtalk().fail_next(AnswerFault::SessionExpired);
            }
            chat.say(alice(), "long").await;
            assert!(chat.read().starts_with(&format!("#### long\n\n{answer}\n\n@")), "{session}");
        }
    }

    #[tokio::test]
    async fn nothing_may_follow() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "测试 环境").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 测试：参数有误

        「环境」是多余的，这条命令不需要参数。

        ```
        测试 环境
        　　 ^^^^
        ```

        @0147000002
        ");
    }
}
