//! Conversations about lines: what is found, what is wrong with them, and how a command can end.

use std::time::Duration;

use serde::Serialize;

use super::{Command, CommandError, Ctx, Effect, Found, Line, Row, Tail, UserError, arguments, row};
use crate::{
    clock::Clock,
    reply::Reply,
    testing::{Chat, alice, signature},
};

/// Say something back
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Echo {
    /// What to say
    #[arg(value_parser = arguments::text, required = true)]
    word: String,
    /// How often
    #[arg(long, short = 'n', value_parser = arguments::text)]
    times: Option<String>,
    /// Louder
    #[arg(long)]
    loud: bool,
}

impl Command for Echo {
    const PATH: &'static [&'static str] = &["echo"];
    const ALIASES: &'static [&'static str] = &["回声", "重启"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["word", "times", "loud"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        let Self { word, times, loud } = self;
        Ok(Reply::new("echo").code(format!("{word:?} {times:?} {loud}")))
    }
}

/// Ask something
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Query {
    /// Where to ask
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
    /// The question
    #[arg(value_parser = arguments::text, required = true)]
    query: String,
}

impl Command for Query {
    const PATH: &'static [&'static str] = &["prom", "query"];
    const ALIASES: &'static [&'static str] = &["查询"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["on", "query"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("query").code(format!("{:?}\n{}", self.on, self.query)))
    }
}

/// End as told
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct End {
    /// How
    #[arg(value_parser = arguments::text, required = true)]
    how: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the database at secret.example refused password hunter2")]
struct Inner;

impl Command for End {
    const PATH: &'static [&'static str] = &["end"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["how"];

    fn resolve(&mut self, _: &Ctx) -> Result<(), UserError> {
        match self.how.as_str() {
            "early" => Err(UserError("too early".into())),
            "earlier" => panic!("as told, before anything ran"),
            _ => Ok(()),
        }
    }

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        match self.how.as_str() {
            "panic" => panic!("as told"),
            "never" => std::future::pending().await,
            "user" => Err(UserError("mend this".into()).into()),
            "unknown" => Err(CommandError::Unknown { look: "look there".into() }),
            _ => Err(Inner)?,
        }
    }
}

/// Change the world
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Change {}

impl Command for Change {
    const PATH: &'static [&'static str] = &["change"];
    const EFFECT: Effect = Effect::Write;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        panic!("a write without a rule")
    }
}

static ROWS: &[Row] =
    &[row::<crate::commands::Help>(), row::<Echo>(), row::<Query>(), row::<End>(), row::<Change>()];

/// What the bot answers to each line.
async fn answers(lines: &[&str]) -> String {
    let mut chat = Chat::with_rows(ROWS).await.privately();
    let mut answers = Vec::new();
    for line in lines {
        chat.say(alice(), line).await;
        answers.push(format!("> {line}\n{}", chat.read()));
    }
    answers.join("\n\n")
}

/// What the echo heard.
async fn heard(line: &str) -> String {
    let mut chat = Chat::with_rows(ROWS).await;
    chat.say(alice(), line).await;
    let reply = chat.read();
    reply.split("```").nth(1).unwrap_or(&reply).trim().to_owned()
}

#[tokio::test]
async fn words_and_options_as_they_are_typed_on_phones() {
    for (line, expected) in [
        ("echo web", r#""web" None false"#),
        ("ECHO web -n 3 --loud", r#""web" Some("3") true"#),
        ("/echo　web　——times＝3", r#""web" Some("3") false"#),
        ("回声 web —n 3 —loud", r#""web" Some("3") true"#),
        ("回声web", r#""web" None false"#),
        ("重启web-1 -n 2", r#""web-1" Some("2") false"#),
        ("echo “a b”", r#""a b" None false"#),
        ("echo 'it'", r#""it" None false"#),
        ("echo it's", r#""it's" None false"#),
        ("echo #x", r##""#x" None false"##),
        ("echo 10。0。0。1", r#""10.0.0.1" None false"#),
        ("echo\nweb", r#""web" None false"#),
        ("echo -- -h", r#""-h" None false"#),
        ("echo 'ECHO --loud'", r#""ECHO --loud" None false"#),
    ] {
        assert_eq!(heard(line).await, expected, "{line}");
    }
}

#[test]
fn commands_are_found_however_they_are_written() {
    let table = crate::commands::table(&[]).unwrap();
    for (line, path) in [
        ("PING", "ping"),
        ("ＰＩＮＧ", "ping"),
        ("ping。", "ping"),
        ("ping?", "ping"),
        ("Ping！！", "ping"),
        ("在吗？", "ping"),
        ("在吗 ？", "ping"),
        ("在吗，", "ping"),
        ("在吗?", "ping"),
        ("“在吗”", "ping"),
        ("'ping'", "ping"),
        ("/在吗", "ping"),
        ("出口ＩＰ", "ip"),
        ("我是谁~", "whoami"),
        ("帮助？", "help"),
        ("——help", "help"),
        ("-h", "help"),
        ("ping -h", "ping"),
    ] {
        let Found::Row { row, words, .. } = table.find(Line::split(line)) else {
            panic!("{line} is not found")
        };
        assert_eq!(row.path.to_string(), path, "{line}");
        assert!(words.iter().all(|word| word.text == "-h"), "{line}: {words:?}");
    }
}

#[test]
fn names_in_what_was_said_are_near() {
    let table = crate::commands::table(&[]).unwrap();
    for (said, nearest) in [
        ("pign", vec!["ping"]),
        ("who", vec!["whoami"]),
        ("ip地址", vec!["ip"]),
        ("看看IP", vec!["ip"]),
        ("出口IP是多少", vec!["ip"]),
        ("whips", vec![]),
        ("今天吃什么", vec![]),
    ] {
        assert_eq!(table.nearest(&[said]), nearest, "{said}");
    }
}

#[tokio::test]
async fn a_verbatim_tail_is_taken_as_typed() {
    for (line, expected) in [
        (r#"prom query sum(rate(x{job="a  b"}[5m])) # all"#, "None\nsum(rate(x{job=\"a  b\"}[5m])) # all"),
        ("查询 --on dev it's “so” 'open", "Some(\"dev\")\nit's “so” 'open"),
        ("prom query --on=dev -- --on up", "Some(\"dev\")\n--on up"),
        ("prom query --unknown x", "None\n--unknown x"),
        ("prom query 'quoted'", "None\n'quoted'"),
        ("prom query \"open", "None\n\"open"),
        ("prom query rate(x) -h", "None\nrate(x) -h"),
        ("prom query -- -h", "None\n-h"),
        ("查询 see kubectl --help please", "None\nsee kubectl --help please"),
    ] {
        assert_eq!(heard(line).await, expected, "{line}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_pointed_at() {
    let answers = answers(&[
        "echo",
        "echo 网页 多余",
        "echo web --lout",
        "echo web -n",
        "echo web --times=1 --times=2",
        "echo web ''",
        "echo ''",
        "echo \"a b",
        "echo 'it's'",
        "prom query",
        "prom query --on a --on b c",
        "end early",
    ])
    .await;
    insta::assert_snapshot!(answers, @r#"
    > echo
    #### echo：参数有误

    缺少参数「word」。

    ```
    echo
        ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo 网页 多余
    #### echo：参数有误

    多了「多余」，这里不需要更多参数。

    ```
    echo 网页 多余
         　　 ^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web --lout
    #### echo：参数有误

    没有「--lout」这个选项。

    ```
    echo web --lout
             ^^^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web -n
    #### echo：参数有误

    「--times」后面缺少值。

    ```
    echo web -n
               ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web --times=1 --times=2
    #### echo：参数有误

    「--times」只能出现一次。

    ```
    echo web --times=1 --times=2
                       ^^^^^^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web ''
    #### echo：参数有误

    多了「」，这里不需要更多参数。

    ```
    echo web ''
             ^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo ''
    #### echo：参数有误

    「word」不能为空。

    ```
    echo ''
         ^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo "a b
    #### echo：参数有误

    这个引号没有配对，请补上另一半。

    ```
    echo "a b
         ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo 'it's'
    #### echo：参数有误

    引号后面紧跟着其他内容，分不清引号到哪里结束：请在引号后面加空格；如果引号本身是内容，请换用另一种引号括起来。

    ```
    echo 'it's'
            ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > prom query
    #### prom query：参数有误

    缺少参数「query」。

    ```
    prom query
              ^
    ```

    用法：prom query &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20prom%20query)

    > prom query --on a --on b c
    #### prom query：参数有误

    「--on」只能出现一次。

    ```
    prom query --on a --on b c
                      ^^^^
    ```

    用法：prom query &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20prom%20query)

    > end early
    #### end：参数有误

    too early

    用法：end &lt;how&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20end)
    "#);
}

#[tokio::test]
async fn the_nearest_commands() {
    let answers = answers(&[
        "ecko web",
        "prom",
        "回生",
        "prom quary up",
        "完全没有关系的一句话",
        "`**[x](https://evil.example)**`",
    ])
    .await;
    insta::assert_snapshot!(answers, @"
    > ecko web
    #### 没有这条命令

    没看懂：ecko web

    你要找的是不是：

    - [echo](dtmd://dingtalkclient/sendMessage?content=echo)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > prom
    #### 没有这条命令

    没看懂：prom

    你要找的是不是：

    - [prom query](dtmd://dingtalkclient/sendMessage?content=prom%20query)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > 回生
    #### 没有这条命令

    没看懂：回生

    你要找的是不是：

    - [回声](dtmd://dingtalkclient/sendMessage?content=%E5%9B%9E%E5%A3%B0)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > prom quary up
    #### 没有这条命令

    没看懂：prom quary up

    你要找的是不是：

    - [prom query](dtmd://dingtalkclient/sendMessage?content=prom%20query)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > 完全没有关系的一句话
    #### 没有这条命令

    没看懂：完全没有关系的一句话

    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > `**[x](https://evil.example)**`
    #### 没有这条命令

    没看懂：&#96;&#42;&#42;&#91;x&#93;(https&#58;//evil.example)&#42;&#42;&#96;

    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)
    ");
}

#[tokio::test]
async fn the_usage_of_a_command_with_options() {
    insta::assert_snapshot!(answers(&["echo --help", "help prom query"]).await.replace('\u{200B}', "<ZWSP>"), @"
    > echo --help
    #### echo

    Say something back

    ```
    echo <<ZWSP>word> [--times <<ZWSP>times>] [--loud]
    ```

    - **word**：What to say
    - **&#45;-times**：How often
    - **&#45;-loud**：Louder

    > 也可以说：回声、重启

    > help prom query
    #### prom query

    Ask something

    ```
    prom query [--on <<ZWSP>on>] <<ZWSP>query>
    ```

    - **&#45;-on**：Where to ask
    - **query**：The question

    > 也可以说：查询
    ");
}

#[tokio::test]
async fn how_a_command_can_end() {
    insta::assert_snapshot!(answers(&["end user", "end unknown", "end other", "end panic", "end earlier", "change"]).await, @"
    > end user
    #### end：未能完成

    mend this

    > end unknown
    #### end：结果未知，可能已经执行

    look there

    > end other
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > end panic
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > end earlier
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > change
    #### change：无权执行

    没有规则允许执行这条命令。
    ");
}

#[tokio::test]
async fn a_missed_deadline_is_said() {
    let mut chat = Chat::with_rows(ROWS).await;
    let clock = chat.clock().clone();
    tokio::join!(chat.say(alice(), "end never"), clock.pass(Duration::from_secs(58)));
    insta::assert_snapshot!(chat.read(), @"
    #### end：超时

    等了 57 秒仍未完成，已放弃等待。

    @0147000002
    ");
}

#[tokio::test]
async fn a_change_wants_a_fresh_signature() {
    let mut chat = Chat::with_rows(ROWS).await;
    for (minutes, sentence) in [(5, "没有规则允许"), (6, "请重新发送一次")] {
        let callback = chat.text(&alice(), "change");
        let mut request = chat.signed(callback.to_string());
        chat.clock().advance(Duration::from_secs(60 * minutes));
        *request.headers_mut() = signature(chat.clock().now().as_millisecond() - 60_000 * minutes as i64);
        chat.send(request).await;
        let reply = chat.read();
        assert!(reply.contains(sentence), "{minutes}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
}
