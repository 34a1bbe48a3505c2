//! Every step, in a DingTalk that does it one way and the other.

use std::time::Duration;

use simulator::{AnswerFault, CallbackFault, Message, Place, Said, TOKEN, TOKEN_SECRET, Unknowns, Way};

use crate::testing::{Chat, Setup, alice, bob};

fn toml(confirm: &str) -> String {
    format!(
        "
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[robots.ops]
token = '{TOKEN}'
secret = '{TOKEN_SECRET}'
[[allow]]
who = ['admin']
run = ['live-check']
confirm = '{confirm}'
"
    )
}

async fn chat(openapi: bool) -> Chat {
    Chat::set_up(Setup { toml: &toml("none"), openapi, ..Setup::default() }).await
}

fn arrived(chat: &Chat) -> Vec<Message> {
    std::iter::from_fn(|| chat.dingtalk().read()).collect()
}

/// Addresses in a message that say something when they are tapped.
fn taps(message: &Message) -> Vec<String> {
    let text = message.posted.to_string();
    let begins = text.match_indices("dtmd://").map(|(at, _)| &text[at..]);
    begins.filter_map(|rest| rest.split([')', '"', '\\']).next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_steps() {
    let mut chat = chat(false).await;
    chat.say(alice(), "体检").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 体检

    下面几件事文档没有写清，只能在真实的钉钉里试出来。约需十分钟，详见 docs/live-check.zh-CN.md。消息只会发到这里。每一步最后给出一行结果，请把它报告给 dingops 的维护者。

    - **体检 按钮**：用几种方式各发一条带链接和按钮的消息。逐个点一下，有回应就是点到了
    - **体检 引用**：用几种方式各发一条消息。逐条引用并说同样的话，看引用里带了什么
    - **体检 用量**：先记下后台的两个用量，再执行这一步，过后再看各涨了多少；加 --by openapi 或 --by 群机器人 可换一种方式
    - **体检 时间**：看请求头里的时间和消息的发送时间差多少
    - **体检 重推**：看没有及时应答的推送会不会再来一次
    - **体检 会话**：用回调里的会话 ID 通过 OpenAPI 发一条消息，看能否送达

    @0147000002
    ");
    for line in ["体检 时间 --by openapi", "体检 --by robot"] {
        chat.say(alice(), line).await;
        assert!(chat.read().contains("只有「按钮」和「用量」"), "{line}");
    }
}

#[tokio::test]
async fn it_is_for_those_whom_a_rule_names() {
    let mut chat = chat(false).await;
    chat.say(bob(), "体检 按钮").await;
    assert!(chat.read().starts_with("#### live-check：无权执行"));
    let mut chat = Chat::set_up(Setup { toml: &toml("self"), ..Setup::default() }).await;
    chat.say(alice(), "体检 按钮").await;
    let card = chat.read();
    assert!(card.contains("计入本月用量：回复（会话 Webhook）、OpenAPI、群机器人"), "{card}");
    assert!(card.contains("live-check buttons --confirm "), "{card}");
}

#[tokio::test]
async fn buttons_by_each_way_and_their_taps() {
    let mut chat = chat(true).await;
    chat.say(alice(), "体检 按钮").await;
    let messages = arrived(&chat);
    let ways: Vec<Way> = messages.iter().map(|message| message.way).collect();
    assert_eq!(ways, [Way::SessionWebhook, Way::GroupMessage, Way::CustomRobot, Way::SessionWebhook]);
    assert!(messages.iter().all(|message| message.place == Place::group("ops")));
    insta::assert_snapshot!(messages[0].to_string(), @"
    #### 体检：回复（会话 Webhook）

    先点链接，再点按钮。每点一次，机器人回应就是点到了；没有回应，也请报告。

    - [点这个链接](dtmd://dingtalkclient/sendMessage?content=live%2Dcheck%20buttons%20%2D%2Dby%20session)

    [点这个按钮](dtmd://dingtalkclient/sendMessage?content=live%2Dcheck%20buttons%20%2D%2Dby%20session)
    ");
    insta::assert_snapshot!(messages[3].to_string(), @"
    #### 体检：按钮

    请逐条点链接和按钮。在手机和电脑上各试一次更好。

    - **回复（会话 Webhook）**：已发出
    - **OpenAPI**：已发出
    - **群机器人**：已发出

    请报告这一行：

    ```
    live-check buttons posted session=yes openapi=yes robot=yes
    ```

    @0147000002
    ");
    for reaches in [false, true] {
        chat.dingtalk().set_unknowns(Unknowns { buttons_mention_robot: reaches, ..Unknowns::default() });
        for (message, by) in messages.iter().zip(["session", "openapi", "robot"]) {
            let taps = taps(message);
            assert_eq!(taps.len(), 2, "a link and a button: {:?}", message.posted);
            for url in taps {
                let dingtalk = std::sync::Arc::clone(chat.dingtalk());
                let heard = dingtalk.press(&alice(), &Place::group("ops"), &url).await.unwrap().unwrap();
                chat.acknowledged(&heard.pushed).await;
                if reaches {
                    let reply = chat.read();
                    let line = format!("live-check buttons tapped by={by} place=group isInAtList=true");
                    assert!(reply.contains(&line), "{reply}");
                }
                chat.silence();
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_set_up_is_said() {
    let mut chat = Chat::with("[[allow]]\nwho = ['admin']\nrun = ['live-check']\nconfirm = 'none'").await;
    chat.say(alice(), "live-check buttons").await;
    let messages = arrived(&chat);
    assert_eq!(messages.len(), 2);
    let reply = messages[1].to_string();
    assert!(reply.contains("没有发出：没有配置 OpenAPI"), "{reply}");
    assert!(reply.contains("没有发出：没有与本群同名的群机器人"), "{reply}");
    assert!(reply.contains("live-check buttons posted session=yes openapi=no robot=no"), "{reply}");
}

#[tokio::test]
async fn what_a_quote_carries() {
    let mut chat = chat(true).await;
    chat.say(alice(), "体检 引用").await;
    let messages = arrived(&chat);
    assert_eq!(messages.len(), 3);
    for (carries, message) in
        [true, false].into_iter().flat_map(|carries| messages.iter().map(move |m| (carries, m)))
    {
        chat.dingtalk().set_unknowns(Unknowns { quotes_carry_text: carries, ..Unknowns::default() });
        chat.say(alice(), Said::text("体检 引用").quoting(&message.id)).await;
        let reply = chat.read();
        let line = reply.lines().find(|line| line.starts_with("live-check quote ")).unwrap();
        assert_eq!(line.contains("text=none"), !carries, "{reply}");
        let key = message.process_query_key.is_some();
        assert_eq!(line.contains("processQueryKey=none"), !key, "{reply}");
        assert!(!reply.contains(&message.id), "ids are masked: {reply}");
    }
}

#[tokio::test]
async fn what_is_counted() {
    let mut chat = chat(true).await;
    for (line, api, messages, report) in [
        ("体检 用量", 0, 2, "cost callback=yes reply=yes openapi=no robot=no"),
        ("体检 用量 --by openapi", 1, 2, "cost callback=yes reply=yes openapi=yes robot=no"),
        ("体检 用量 --by 群机器人", 0, 3, "cost callback=yes reply=yes openapi=no robot=yes"),
    ] {
        let before = chat.dingtalk().quotas();
        chat.say(alice(), line).await;
        let after = chat.dingtalk().quotas();
        assert_eq!(after.api.used - before.api.used, api, "{line}");
        assert_eq!(after.messages.used - before.messages.used, messages, "{line}");
        let reply = arrived(&chat).pop().unwrap().to_string();
        assert!(reply.contains(report), "{line}: {reply}");
    }
}

#[tokio::test]
async fn the_times_of_a_callback() {
    let mut chat = chat(false).await;
    let mut callback = chat.text(&alice(), "体检 时间");
    let sent = callback["createAt"].as_i64().unwrap();
    callback["createAt"] = (sent - 250).into();
    chat.post(&callback).await;
    insta::assert_snapshot!(chat.read(), @"
    #### 体检：时间

    - **消息发送（createAt）**：2026-01-01 07:59:59.750
    - **请求签名（请求头 timestamp）**：2026-01-01 08:00:00.000
    - **收到请求**：2026-01-01 08:00:00.000

    请报告这一行：

    ```
    live-check clock msgId=msg…== (27) created→signed=250 ms signed→received=0 ms
    ```

    @0147000002
    ");
    chat.dingtalk().spoil_next(CallbackFault::SkewedClock(-7));
    chat.say(alice(), "体检 时间").await;
    assert!(chat.read().contains("created→signed=-7000 ms signed→received=7000 ms"));
    callback = chat.text(&alice(), "live-check clock");
    callback.as_object_mut().map(|fields| fields.remove("createAt"));
    chat.post(&callback).await;
    assert!(chat.read().contains("created→signed=none signed→received=0 ms"));
}

#[tokio::test]
async fn a_push_that_comes_again() {
    let mut chat = chat(false).await;
    let callback = chat.text(&alice(), "体检 重推");
    chat.post(&callback).await;
    let first = chat.read();
    chat.clock().advance(Duration::from_secs(3));
    // To the same process it is nothing new, to another it is.
    chat.post(&callback).await;
    chat.silence();
    chat.another_process();
    chat.post(&callback).await;
    let second = chat.read();
    assert!(first.contains("created→signed=0 ms") && first.contains("kill -STOP"), "{first}");
    assert!(second.contains("created→signed=3000 ms"), "{second}");
    let id = |reply: &str| reply.split("msgId=").nth(1).unwrap().split(" created").next().unwrap().to_owned();
    assert_eq!(id(&first), id(&second));
}

#[tokio::test]
async fn the_conversation_id_of_the_openapi() {
    let mut chat = chat(true).await;
    chat.say(alice(), "体检 会话").await;
    let messages = arrived(&chat);
    assert_eq!(messages[0].way, Way::GroupMessage);
    assert!(messages[1].to_string().contains("live-check id conversationId=cid…== (24) taken=yes"));
    chat.dingtalk().fail_next(AnswerFault::Code("invalid.openConversationId".into()));
    chat.say(alice(), "体检 会话").await;
    let reply = chat.read();
    assert!(reply.contains("taken=no") && reply.contains("没有这个会话"), "{reply}");
    chat.dingtalk().rejected();
    chat.dingtalk().fail_next(AnswerFault::Reset);
    chat.say(alice(), "体检 会话").await;
    assert!(arrived(&chat).pop().unwrap().to_string().contains("taken=unknown"));
    chat.say_privately(alice(), "体检 会话").await;
    assert!(chat.read().contains("这一步要在群里做"));
}

#[tokio::test]
async fn in_english() {
    let toml = format!("locale = 'en'\n{}", toml("none"));
    let mut chat = Chat::set_up(Setup { toml: &toml, openapi: true, ..Setup::default() }).await;
    chat.say(alice(), "live-check").await;
    insta::assert_snapshot!(chat.read(), @"
    #### Live check

    No document settles these; a real DingTalk does. It takes ten minutes, see docs/live-check.md. Messages are posted here and nowhere else. Each step ends in a line with its result: please report it to the maintainers of dingops.

    - **live-check buttons**: posts a link and a button by each way; tap them one by one, and an answer means that the tap arrived
    - **live-check quote**: posts a message by each way; quote each and say the same again, to see what a quote carries
    - **live-check cost**: note the two counters in the console, run it, and look by how much each has grown; --by openapi or --by robot tries another way
    - **live-check clock**: how far the header's time is from the message's own
    - **live-check again**: whether a push that is not answered in time comes again
    - **live-check id**: posts by the OpenAPI to the conversation id of the callback, to see whether it arrives

    @0147000002
    ");
}
