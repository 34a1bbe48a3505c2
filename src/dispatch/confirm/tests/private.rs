//! Where the OpenAPI is configured.

use simulator::AnswerFault;

use super::{alice, chat, line, shown, writes};

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
    - [不是我](dtmd://dingtalkclient/sendMessage?content=%E4%B8%8D%E6%98%AF%E6%88%91%20k8s%20scale)
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

#[tokio::test]
async fn not_me_is_noted() {
    let mut chat =
        super::Chat::set_up(super::Setup { toml: super::RULES, openapi: true, ..Default::default() }).await;
    chat.say_privately(alice(), "不是我 k8s scale").await;
    insta::assert_snapshot!(chat.read_privately(&alice()), @"
    #### 已记录

    已写入审计日志。你不点确认，命令就不会执行。请尽快联系管理员：可能有人在冒用你的名义发送命令。
    ");
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
