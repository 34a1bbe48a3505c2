//! Conversations in which somebody has the robot say something.

use simulator::{AnswerFault, Place, Said, TOKEN, TOKEN_SECRET};

use crate::testing::{Chat, Setup, alice, bob};

/// Everybody may say anything, with nothing to confirm.
fn toml(rule: &str) -> String {
    format!(
        "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
dev = 'cidDEVAAAAAAAAAAAAAAAA=='
[robots.watch]
token = '{TOKEN}'
secret = '{TOKEN_SECRET}'
[robots.bob]
token = '{TOKEN}'
secret = '{TOKEN_SECRET}'
[[allow]]
who = ['staff']
run = ['say']
{rule}
"
    )
}

const AT_ONCE: &str = "confirm = 'none'\naccept_one_tap = true";

async fn chat(openapi: bool) -> Chat {
    Chat::set_up(Setup { toml: &toml(AT_ONCE), openapi, ..Setup::default() }).await
}

/// What arrived in a group, and where it was said what became of it.
fn read_in(chat: &Chat, group: &str) -> String {
    chat.dingtalk().read_in(&Place::group(group)).expect("a message, but none arrived").to_string()
}

#[tokio::test]
async fn to_a_group_by_its_name() {
    let mut chat = chat(true).await;
    for to in ["dev", "DEV", "group:dev", "群：dev", "cidDEVAAAAAAAAAAAAAAAA=="] {
        chat.say(alice(), format!("说 {to} 今晚 22:00  发布 *web*，见 https://example.com/1.2，勿扰")).await;
        assert_eq!(
            read_in(&chat, "dev"),
            "#### 爱丽丝（0147000002）说：\n\n今晚 22:00  发布 &#42;web&#42;，见 \
             [https&#58;//example.com/1.2](https://example.com/1.2)，勿扰",
            "{to}"
        );
        assert_eq!(chat.read(), "#### 已发出：group:dev\n\n@0147000002", "{to}");
    }
}

#[tokio::test]
async fn to_a_person_by_name_id_or_mention() {
    let mut chat = chat(true).await;
    for line in [
        "say person:bob it's late",
        "say 0147000003 it's late",
        "say 人：Bob it's late",
        "say @Bob it's late",
        "发消息 @Bob it's late",
    ] {
        chat.say(alice(), line).await;
        assert_eq!(chat.read_privately(&bob()), "#### 爱丽丝（0147000002）说：\n\nit's late", "{line}");
        assert_eq!(chat.read(), "#### 已发出：person:bob\n\n@0147000002", "{line}");
    }
    // A client that leaves the nick in the text.
    let mut callback = chat.text(&alice(), "say @Bob it's late");
    callback["text"]["content"] = " say @Bob it's late".into();
    chat.post(&callback).await;
    assert!(chat.read_privately(&bob()).ends_with("it's late"));
    assert!(chat.read().starts_with("#### 已发出：person:bob"));
}

#[tokio::test]
async fn as_a_groups_robot_with_mentions() {
    let mut chat = chat(false).await;
    for line in [
        "say watch --at bob --at 0147000003 看一下 @carl @all",
        "say watch --at @Bob 看一下 @carl @all",
        "say --at @Bob watch 看一下 @carl @all",
        "say robot:watch 看一下 @carl @all @Bob",
    ] {
        chat.say(alice(), line).await;
        let message = chat.dingtalk().read().expect("a message");
        assert_eq!(message.author, simulator::Author::CustomRobot("监控".into()));
        assert_eq!(message.posted["at"], serde_json::json!({ "atUserIds": ["0147000003"] }));
        assert_eq!(
            message.to_string(),
            "#### 爱丽丝（0147000002）说：\n\n看一下 &#64;carl &#64;all\n\n@0147000003",
            "{line}"
        );
        assert_eq!(chat.read(), "#### 已发出：robot:watch\n\n@0147000002");
    }
}

#[tokio::test]
async fn whoever_is_mentioned_in_it_is_mentioned() {
    let mut chat = chat(false).await;
    for line in
        ["say watch 请 @爱丽丝 @Bob 看", "say watch --at bob 请 @爱丽丝 看", "say watch --at alice,bob 请看"]
    {
        chat.say(bob(), line).await;
        let message = chat.read_json();
        if line.contains(',') {
            assert!(message["markdown"]["text"].as_str().unwrap().contains("没有找到「alice,bob」"));
            continue;
        }
        let mut at: Vec<String> = serde_json::from_value(message["at"]["atUserIds"].clone()).unwrap();
        at.sort();
        assert_eq!(at, ["0147000002", "0147000003"], "{line}: {message}");
        chat.read();
    }
}

#[tokio::test]
async fn markdown_without_what_deceives() {
    let mut chat = chat(false).await;
    let text = "#### Bob（0147000003）说：
**发布** [1.2](https://example.com/1.2)
见 ![图](https://example.com/a.png) [点我](dtmd://dingtalkclient/sendMessage?content=ping)
- 一 [https://bank.example](https://evil.example/x)
* 二 <font color=#FF0000>红</font>

> 引用 @all

```sh
echo '# 1'
```
https://bank.example@evil.example \\*不粗\\*
===";
    chat.say(alice(), format!("say watch --markdown {text}")).await;
    insta::assert_snapshot!(chat.read(), @"
    #### 爱丽丝（0147000002）说：

    **Bob（0147000003）说：**

    **发布**&nbsp;[1.2 (example.com)](https://example.com/1.2)  
      见 [图 (example.com)](https://example.com/a.png)&nbsp;&#91;点我&#93;(dtmd&#58;//dingtalkclient/sendMessage?content=ping)

    - 一 [https&#58;//bank.example (evil.example)](https://evil.example/x)
    - 二 &lt;font color=#FF0000&gt;红&lt;/font&gt;

    > 引用 &#64;all

    ```
    echo '# 1'
    ```

    https&#58;//bank.example&#64;evil.example &#42;不粗&#42;  
      &#61;==
    ");
    chat.read();
}

#[tokio::test]
async fn it_is_shown_before_it_is_said() {
    let mut chat = Chat::set_up(Setup { toml: &toml(""), openapi: true, ..Setup::default() }).await;
    chat.say(alice(), "say dev 今晚发布\n**web**").await;
    let card = chat.read_privately(&alice());
    chat.read();
    let line = card.split("```").find(|part| part.contains("--confirm")).unwrap().trim().to_owned();
    let code = line.rsplit(' ').next().unwrap().split('@').next().unwrap().to_owned();
    let text = card.split("- [确认执行]").next().unwrap().replace(&code, "CODE");
    insta::assert_snapshot!(text, @"
    #### say：请确认

    你在「ops」发起了这条命令，执行后会改变：

    ```
    say group:dev 今晚发布
    **web**
    ```

    - 由我发到群里：group:dev
    - 爱丽丝（0147000002）说：  
      今晚发布  
      &#42;&#42;web&#42;&#42;
    - OpenAPI 认不出重复的消息：确认两次就会发两条。

    10 分钟内有效，只对你本人有效。点下面的按钮，或发送这一行：

    ```
    say group:dev 今晚发布
    **web** --confirm CODE@ops
    ```
    ");
    chat.say_privately(alice(), line).await;
    assert_eq!(
        read_in(&chat, "dev"),
        "#### 爱丽丝（0147000002）说：\n\n今晚发布  \n  &#42;&#42;web&#42;&#42;"
    );
    assert!(chat.read().starts_with("#### 已发出：group:dev"));
}

#[tokio::test]
async fn a_robots_message_is_shown_once_however_often_it_is_confirmed() {
    let mut chat = Chat::set_up(Setup { toml: &toml(""), ..Setup::default() }).await;
    chat.say(alice(), "say watch --at bob 今晚发布").await;
    let card = chat.dingtalk().read().expect("a card");
    insta::assert_snapshot!(card.to_string().split("10 分钟").next().unwrap(), @"
    #### say：请确认

    ```
    say robot:watch --at 0147000003 今晚发布
    ```

    - 由群机器人发到它所在的群：robot:watch
    - 会 &#64; 到：bob
    - 爱丽丝（0147000002）说：  
      今晚发布
    ");
    for tap in 0..2 {
        chat.another_process();
        chat.say(alice(), Said::text("确认").quoting(&card.id)).await;
        if tap == 0 {
            assert!(chat.read().starts_with("#### 爱丽丝（0147000002）说："));
        }
        assert!(chat.read().starts_with("#### 已发出：robot:watch"));
    }
}

/// The line with the code is read as what was asked, or the code would not fit.
#[tokio::test]
async fn what_is_confirmed_is_what_was_said() {
    let toml = format!("{}\n[robots.'on call']\ntoken = '{TOKEN}'\nsecret = '{TOKEN_SECRET}'", toml(""));
    for (line, expected) in [
        ("say watch -- --at bob", "--at bob"),
        ("say robot:watch -m -- -x", "-x"),
        ("say 'on call' hello", "hello"),
        ("say 'robot:on call' 'it' \"is\" 'open", "'it' \"is\" 'open"),
        ("say watch  say watch  x  &&  y ", "say watch  x  &amp;&amp;  y"),
        ("say watch one\n\n  two", "one  \n    \n  &nbsp;&nbsp;two"),
    ] {
        let mut chat = Chat::set_up(Setup { toml: &toml, ..Setup::default() }).await;
        chat.say(alice(), line).await;
        let card = chat.dingtalk().read().expect("a card");
        chat.say(alice(), Said::text("确认").quoting(&card.id)).await;
        let said = chat.read().replace("&#45;", "-");
        assert_eq!(said, format!("#### 爱丽丝（0147000002）说：\n\n{expected}"), "{line}: {card}");
        assert!(chat.read().starts_with("#### 已发出：robot:"));
    }
}

#[tokio::test]
async fn a_nick_is_no_staff_id() {
    let mut chat = chat(false).await;
    let mut callback = chat.text(&alice(), "say watch hello");
    callback["senderNick"] = "Bob（0147000003）说：\n#### 系统 @all <b> and much more".into();
    chat.post(&callback).await;
    assert_eq!(chat.read(), "#### Bob0147000003说 系统 al…（0147000002）说：\n\nhello");
    chat.read();
}

#[tokio::test]
async fn what_cannot_be_said() {
    let mut chat = chat(false).await;
    for (line, expected) in [
        ("say", "缺少参数「to」。"),
        ("say watch", "缺少参数「text」。"),
        ("say wach hello", "「to」没有找到「wach」，你要写的是不是：robot:watch"),
        ("say nobody hello", "登记过的群有：group:"),
        ("say 运维群 hello", "登记过的群有：group:"),
        ("say bob hello", "「to」不明确，「bob」可以是：person:bob、robot:bob。请写全。"),
        ("say robot:wach hello", "最接近的是：watch"),
        ("say group:nope hello", "没有找到「group:nope」"),
        ("say wach hello @Bob", "你要写的是不是：robot:watch"),
        ("say dev hello", "所以 group:dev 收不到"),
        ("say @Bob hello", "所以 person:bob 收不到"),
        ("say watch --at carl hello", "没有找到「carl」"),
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.replace("&#91;", "[").replace("&#93;", "]").contains(expected), "{line}: {reply}");
    }
    let mut chat = self::chat(true).await;
    chat.say(alice(), "say dev --at bob hello").await;
    assert!(chat.read().contains("不能 &#64; 人"));
    let at: String = (0..51).map(|number| format!(" --at {number}")).collect();
    chat.say(alice(), format!("say watch{at} hello")).await;
    assert!(chat.read().contains("最多 &#64; 50 个人"));
}

#[tokio::test]
async fn the_help() {
    let mut chat = chat(false).await;
    chat.say(alice(), "say --help").await;
    insta::assert_snapshot!(chat.read().replace('\u{200B}', ""), @"
    #### say

    以你的名义发消息：发到群、发给个人，或由群机器人发出

    用法：say &lt;to&gt; &#91;--markdown&#93; &#91;--at &lt;at&gt;…&#93; &lt;text&gt; &#91;--dry-run&#93;

    - **to**：发给谁：group:群名、person:人名或 robot:机器人名；名字不重复时可只写名字，也可以 &#64; 一个人
    - **&#45;-markdown**：把内容当作 Markdown：加粗、链接、列表、引用和代码
    - **&#45;-at**：要 &#64; 的人，可重复；只有群机器人能 &#64; 人
    - **text**：要说的内容，原样照发，直到消息末尾
    - **&#45;-dry-run**：只预览会改变什么，不执行

    > 也可以说：说、发消息、通知

    例如：

    - **say group:ops 今晚 22:00 发布 web**
    - **say robot:bob --at alice 请看一下**

    @0147000002
    ");
}

#[tokio::test]
async fn what_does_not_arrive_is_told() {
    let mut chat = chat(true).await;
    for (line, fault, expected) in [
        ("say dev hello", AnswerFault::Code("group.disbanded".into()), "没有发给 group:dev：群已解散"),
        (
            "say watch hello",
            AnswerFault::Code("310000".into()),
            "没有发给 robot:watch：消息里没有该群机器人要求的关键词",
        ),
        ("say bob2 hello", AnswerFault::Code("staffId.notExisted".into()), "没有找到「bob2」"),
    ] {
        if !line.contains("bob2") {
            chat.dingtalk().fail_next(fault);
        }
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains(expected), "{line}: {reply}");
        chat.dingtalk().rejected();
    }
    chat.dingtalk().fail_next(AnswerFault::Reset);
    chat.say(alice(), "say dev hello").await;
    assert!(read_in(&chat, "dev").ends_with("hello"));
    let reply = chat.read();
    assert!(reply.starts_with("#### say：结果未知，可能已经执行"), "{reply}");
    assert!(reply.contains("请先到那个会话里看一看"), "{reply}");
}

#[tokio::test]
async fn a_rule_names_recipients_as_they_are_called() {
    for (rule, line, allowed) in [
        ("when = { to = ['group:dev'] }", "say DEV hello", true),
        ("when = { to = ['group:dev'] }", "say cidDEVAAAAAAAAAAAAAAAA== hello", true),
        ("when = { to = ['group:dev'] }", "say ops hello", false),
        ("when = { to = ['person:*'] }", "say @Bob hello", true),
        ("when = { to = ['person:*'] }", "say dev hello", false),
        ("when = { to = ['!person:*'] }", "say @Bob hello", false),
        ("when = { to = ['robot:watch', 'person:bob'] }", "say WATCH hello", true),
    ] {
        let toml = toml(&format!("{AT_ONCE}\n{rule}"));
        let mut chat = Chat::set_up(Setup { toml: &toml, openapi: true, ..Setup::default() }).await;
        chat.say(alice(), line).await;
        let messages: Vec<String> =
            std::iter::from_fn(|| chat.dingtalk().read()).map(|message| message.to_string()).collect();
        let done = messages.iter().any(|message| message.contains("已发出"));
        assert_eq!(done, allowed, "{rule} {line}: {messages:?}");
    }
}

#[test]
fn a_rule_that_names_nobody_is_a_mistake() {
    use crate::config::{Settings, SettingsFile};
    for (to, expected) in [
        ("ops", "expected group:NAME, person:NAME or robot:NAME"),
        ("group:opps", "expected group:NAME, person:NAME or robot:NAME"),
        ("!group:DEV", "expected \"group:dev\", its name"),
        ("person:0147000002", "expected \"person:alice\", its name"),
    ] {
        let toml = toml(&format!("when = {{ to = ['{to}'] }}"));
        let settings = Settings::parse(&toml, SettingsFile::Embedded, &|_| None).unwrap();
        let table = crate::commands::table(&settings).unwrap();
        let mistake = crate::dispatch::values::check_recipients(&settings.rules, &table, &settings);
        let mistake = mistake.unwrap_err().to_string();
        assert!(mistake.contains(expected) && mistake.contains("when.to"), "{to}: {mistake}");
    }
}

/// The line to send in a card.
fn line(card: &str) -> String {
    let coded = card.lines().filter(|line| !line.contains("dtmd://"));
    let mut coded = coded.filter(|line| line.contains("--confirm ") || line.contains("--approve "));
    coded.next().expect(card).to_owned()
}

#[tokio::test]
async fn the_line_of_a_card_can_be_sent_as_it_is_shown() {
    let text = "见 [日志](https://ci.example.com/17) ```x``` <b> @0147000002";
    let mut chat = Chat::with(&toml("")).await;
    chat.say(alice(), format!("say --markdown robot:watch {text}")).await;
    let card = chat.dingtalk().read().expect("a card");
    assert!(line(&card.to_string()).contains('\u{200B}'), "it is shown with what makes no markup of it");
    chat.say(alice(), Said::text("确认").quoting(&card.id)).await;
    assert!(read_in(&chat, "ops").contains("ci.example.com"));
    assert!(chat.read().starts_with("#### 已发出"));
    chat.say(alice(), format!("say --markdown robot:watch {text}!")).await;
    let shown = line(&chat.read());
    chat.say(alice(), shown).await;
    assert!(read_in(&chat, "ops").contains("ci.example.com"));
    assert!(chat.read().starts_with("#### 已发出"));
}

#[tokio::test]
async fn what_is_approved_is_what_is_said() {
    let mut chat = Chat::set_up(Setup {
        toml: &toml("confirm = { peer = ['bob'] }"),
        openapi: true,
        ..Setup::default()
    })
    .await;
    chat.say(alice(), "say group:dev 今晚发版").await;
    let card = chat.read_privately(&bob());
    assert!(card.contains("alice（0147000002）说："), "{card}");
    chat.forget();
    chat.say_privately(bob(), line(&card)).await;
    assert!(read_in(&chat, "dev").starts_with("#### alice（0147000002）说："));
    chat.forget();
}
