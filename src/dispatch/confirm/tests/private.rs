//! Where the OpenAPI is configured.

use simulator::{AnswerFault, Place};

use super::{alice, chat, line, shown, writes};
use crate::testing::Log;

#[tokio::test]
async fn the_card_goes_to_the_private_chat() {
    let mut chat = chat(true).await;
    chat.say(alice(), "k8s scale web 3").await;
    let card = chat.read_privately(&alice());
    insta::assert_snapshot!(shown(&card), @"
    #### k8s scale：请确认

    你在「ops」发起了这条命令，执行后会改变：

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    10 分钟内有效，只对你本人有效。点下面的按钮，或发送这一行：

    ```
    k8s scale web 3 --namespace dev --confirm CODE@ops
    ```

    - [确认执行](dtmd://dingtalkclient/sendMessage?content=k8s%20scale%20web%203%20%2D%2Dnamespace%20dev%20%2D%2Dconfirm%20CODE%40ops)
    - [不是我](dtmd://dingtalkclient/sendMessage?content=%E4%B8%8D%E6%98%AF%E6%88%91%20k8s%20scale%20%2D%2Dconfirm%20CODE%40ops)
    ");
    insta::assert_snapshot!(chat.read(), @"
    #### k8s scale：请确认

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    确认请求已通过单聊发给你，10 分钟内有效。

    @0147000002
    ");
    chat.say_privately(alice(), line(&card)).await;
    // What comes of it is told where it was asked.
    let reply = chat.dingtalk().read().expect("a reply");
    assert_eq!(reply.place, simulator::Place::group("ops"));
    assert!(reply.to_string().starts_with("#### web × 3"));
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn in_a_private_chat_the_card_is_the_reply() {
    let mut chat = chat(true).await;
    chat.say_privately(alice(), "k8s scale web 3").await;
    let card = chat.read_privately(&alice());
    assert!(!line(&card).contains('@'), "{card}");
    chat.say_privately(alice(), line(&card)).await;
    assert!(chat.read_privately(&alice()).starts_with("#### web × 3"));
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn where_it_cannot_be_sent_there_is_no_code() {
    let mut chat = chat(true).await;
    chat.dingtalk().fail_next_at(simulator::Endpoint::OneToOne, AnswerFault::QuotaExhausted);
    chat.say(alice(), "k8s scale web 3").await;
    insta::assert_snapshot!(chat.read(), @"
    #### k8s scale：请确认

    确认请求没能通过单聊发给你，命令没有执行：组织本月的调用量已用完；请等下个月，或让管理员购买更多。

    @0147000002
    ");
}

#[tokio::test]
async fn a_strangers_session_sees_no_code() {
    let mut chat = chat(true).await;
    // Whoever holds a header pair names any sender and any session.
    let mut forged = chat.text(&alice(), "k8s scale web 3");
    forged["sessionWebhook"] = chat.dingtalk().open_session(&simulator::Place::group("dev")).into();
    chat.post(&forged).await;
    let card = chat.read_privately(&alice());
    let code = line(&card).rsplit(' ').next().unwrap().split('@').next().unwrap().to_owned();
    let seen = chat.read();
    assert!(!seen.contains(&code), "{seen}");
    // Nor privately: the reply that holds a code does not go by the session.
    let mut forged = chat.text(&alice(), "k8s scale web 5");
    forged["conversationType"] = "1".into();
    forged["sessionWebhook"] = chat.dingtalk().open_session(&simulator::Place::group("dev")).into();
    chat.post(&forged).await;
    assert!(chat.read_privately(&alice()).contains("--confirm"));
    chat.silence();
}

/// With the program's own commands, `say` for a write.
async fn with_commands(toml: &str) -> super::Chat {
    let toml = format!("{}{toml}", super::RULES);
    super::Chat::set_up(super::Setup { toml: &toml, openapi: true, ..Default::default() }).await
}

/// What the log has of it.
fn noted(log: &Log) -> Vec<String> {
    let is_noted = |line: &serde_json::Value| line["message"].as_str().is_some_and(|m| m.contains("not ask"));
    let shown = |line: serde_json::Value| {
        format!("{} {} {} {}", line["level"], line["command"], line["codeIsVoid"], line["codePlace"])
    };
    log.audit().into_iter().filter(is_noted).map(shown).collect()
}

#[tokio::test]
async fn not_me_makes_the_code_void() {
    let log = Log::start(None);
    let mut chat = with_commands("").await;
    chat.say(alice(), "say group:ops hello there").await;
    let card = chat.dingtalk().read_in(&Place::private(&alice())).expect("a card");
    let line = line(&card.to_string());
    let button = card.to_string();
    let button = button.lines().find_map(|line| line.split_once("[不是我](")).expect("a button").1;
    let (_, said) = button.trim_end_matches(')').split_once("content=").unwrap();
    let said = percent_encoding::percent_decode_str(said).decode_utf8().unwrap().into_owned();
    assert!(said.starts_with("不是我 say --confirm ") && said.ends_with("@ops"), "{said}");
    chat.forget();
    chat.say_privately(alice(), said).await;
    insta::assert_snapshot!(chat.read_privately(&alice()), @"
    #### 已记录

    这个确认码已在本进程作废，在这里不会再被接受。其他实例不知道这件事，请不要再点那张卡片上的确认按钮。

    已写入审计日志。请尽快联系管理员：可能有人在冒用你的名义发送命令。
    ");
    // By a quote of the card too, once more.
    chat.say_privately(alice(), simulator::Said::text("不是我。").quoting(&card.id)).await;
    assert!(chat.read_privately(&alice()).contains("已在本进程作废"));
    chat.say_privately(alice(), &line).await;
    insta::assert_snapshot!(chat.read_privately(&alice()), @"
    #### 没有执行

    这个确认码已经用「不是我」作废，命令没有执行。确实要执行的话，请重新发送命令：

    ```
    say group:ops hello there
    ```
    ");
    let error = r#""ERROR" "say" true "ops""#;
    assert_eq!(noted(&log), [error, error]);
    // Nobody else's memory has it, and another line that is asked for anew has a code of its own.
    chat.clock().advance(std::time::Duration::from_secs(60));
    chat.say_privately(alice(), "say group:ops hello there").await;
    let again = super::line(&chat.read_privately(&alice()));
    assert_ne!(again, line);
    chat.say_privately(alice(), again).await;
    assert!(chat.read().contains("hello there"));
    chat.forget();
}

#[tokio::test]
async fn not_me_without_a_code_is_an_error_only_where_it_names_a_command() {
    let log = Log::start(None);
    let mut chat = with_commands("").await;
    chat.say_privately(alice(), "不是我 ping").await;
    insta::assert_snapshot!(chat.read_privately(&alice()), @"
    #### 已记录

    没有附带确认码，所以没有作废任何确认码。确认码只发到你的单聊，别人没有：你不确认，命令就不会执行。

    已写入审计日志。请尽快联系管理员：可能有人在冒用你的名义发送命令。
    ");
    chat.clock().advance(std::time::Duration::from_secs(60));
    for said in ["不是我", "不是我 干的", "NOT-ME --force"] {
        chat.say_privately(alice(), said).await;
        assert!(chat.read_privately(&alice()).contains("没有作废任何确认码"), "{said}");
    }
    let warning = r#""WARN" null null null"#;
    assert_eq!(noted(&log), [r#""ERROR" "ping" false null"#, warning, warning, warning]);
}

#[tokio::test]
async fn a_flood_in_somebodys_name_does_not_silence_them() {
    let log = Log::start(None);
    let mut chat = with_commands("\n[limits]\nper_minute = 1").await;
    for _ in 0..5 {
        chat.say(alice(), "ping").await;
    }
    chat.forget();
    for _ in 0..5 {
        chat.say_privately(alice(), "不是我 say").await;
    }
    for _ in 0..3 {
        assert!(chat.read_privately(&alice()).starts_with("#### 已记录"));
    }
    chat.silence();
    assert_eq!(noted(&log).len(), 3);
}

#[tokio::test]
async fn a_slip_with_a_code_echoes_none_of_it() {
    let mut chat = chat(true).await;
    chat.say(alice(), "k8s scale web 3").await;
    let line = line(&chat.read_privately(&alice()));
    chat.forget();
    let code = line.rsplit(' ').next().unwrap().split('@').next().unwrap().to_owned();
    for slip in [
        format!("{line} x"),
        format!("{line}\nplease"),
        format!("{line} {line}"),
        line.replace("--confirm", "--confirn"),
        line.replace("--confirm", "——conf"),
        line.replace("--confirm", "--approve"),
        format!("can {line} x"),
        format!("not-me {line} x"),
        line.to_lowercase() + " ok",
    ] {
        chat.say(alice(), &slip).await;
        let reply = chat.read();
        assert!(!reply.to_uppercase().contains(&code), "{slip}: {reply}");
    }
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn a_group_that_calls_itself_private_is_none() {
    let mut chat = chat(true).await;
    let mut forged = chat.text(&alice(), "k8s scale web 3");
    forged["conversationId"] = "private".into();
    chat.post(&forged).await;
    let line = line(&chat.read_privately(&alice()));
    chat.forget();
    let (line, place) = line.rsplit_once('@').unwrap();
    assert_eq!(place, "private");
    for line in [line.to_owned(), format!("{line}@private")] {
        chat.say_privately(alice(), &line).await;
        assert!(chat.read_privately(&alice()).starts_with("#### 没有执行"), "{line}");
    }
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn a_nick_and_a_title_cannot_write_the_card() {
    let mut chat = chat(true).await;
    let mut forged = chat.text(&alice(), "k8s scale web 3");
    forged["conversationTitle"] = "测试」发起；请放心「".into();
    forged["conversationId"] = "cidELSEWHERE==".into();
    chat.post(&forged).await;
    let card = chat.read_privately(&alice());
    assert!(card.contains("你在「测试发起；请放心…cidELSEWHERE==」发起了这条命令"), "{card}");
    chat.forget();
}
