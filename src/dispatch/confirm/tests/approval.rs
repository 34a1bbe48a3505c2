//! Approval by somebody else.

use serde::Serialize;
use simulator::Place;

use super::{Chat, ROWS, alice, bob, line, shown, with_rules, writes};
use crate::{
    config::{Settings, SettingsFile},
    dispatch::{Command, CommandError, Ctx, Effect, Row, arguments, row},
    reply::Reply,
    testing::Setup,
};

const PEERS: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[teams]
leads = ['alice', 'bob']
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[allow]]
who = ['alice']
in = ['ops', 'private']
effect = 'write'
confirm = { peer = ['@leads'] }
valid = '1h'
";

async fn chat() -> Chat {
    with_rules(PEERS, true).await
}

#[tokio::test]
async fn each_approver_but_the_asker_gets_a_card() {
    let mut chat = chat().await;
    chat.say(alice(), "k8s scale web 3").await;
    let card = chat.read_privately(&bob());
    insta::assert_snapshot!(shown(&card), @"
    #### k8s scale：请批准

    alice（0147000002） 在「ops」请求执行：

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    60 分钟内有效，只对你本人有效。点下面的按钮，或发送这一行：

    ```
    k8s scale web 3 --namespace dev --approve alice:CODE@ops
    ```

    - [批准执行](dtmd://dingtalkclient/sendMessage?content=k8s%20scale%20web%203%20%2D%2Dnamespace%20dev%20%2D%2Dapprove%20alice%3ACODE%40ops)
    ");
    insta::assert_snapshot!(chat.read(), @"
    #### k8s scale：等待批准

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    需要他人批准，已通过单聊发给：bob。任意一人批准即可，60 分钟内有效。

    @0147000002
    ");
    chat.another_process();
    chat.say_privately(bob(), line(&card)).await;
    insta::assert_snapshot!(chat.read_privately(&bob()), @"
    #### k8s scale：已批准

    正在执行，结果会发到「ops」。
    ");
    let result = chat.dingtalk().read().expect("a reply");
    assert_eq!(result.place, Place::group("ops"));
    assert!(result.to_string().starts_with("#### web × 3"));
    assert_eq!(writes(&chat), 1);
    chat.say_privately(bob(), line(&card)).await;
    assert!(chat.read_privately(&bob()).contains("可能已经执行过"));
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn asked_in_private_it_is_answered_in_private() {
    let mut chat = chat().await;
    chat.say_privately(alice(), "k8s scale web 3").await;
    assert!(chat.read_privately(&alice()).contains("需要他人批准"));
    let line = line(&chat.read_privately(&bob()));
    assert!(line.ends_with("@private"), "{line}");
    chat.say_privately(bob(), &line).await;
    assert!(chat.read_privately(&bob()).contains("已批准"));
    assert!(chat.read_privately(&alice()).starts_with("#### web × 3"));
}

#[tokio::test]
async fn nobody_approves_their_own_command_or_anothers_without_the_right() {
    let mut chat = chat().await;
    chat.say(alice(), "k8s scale web 3").await;
    let line = line(&chat.read_privately(&bob()));
    chat.forget();
    let erin = simulator::Person::member("erin", "Erin", "0147000009");
    chat.dingtalk().organise(|organisation| organisation.people.push(erin.clone()));
    for who in [alice(), erin] {
        chat.say_privately(who.clone(), &line).await;
        let reply = chat.read_privately(&who);
        assert!(reply.starts_with("#### 没有执行"), "{reply}");
    }
    // Nor does a code of one stand for a confirmation of the other.
    let code = line.rsplit([' ', ':']).next().unwrap();
    chat.say_privately(alice(), format!("k8s scale web 3 --confirm {code}")).await;
    assert!(chat.read_privately(&alice()).starts_with("#### 没有执行"));
    assert_eq!(writes(&chat), 0);
}

#[test]
fn peers_need_the_openapi() {
    let settings = Settings::parse(PEERS, SettingsFile::Embedded, &|_| None).unwrap();
    let table = crate::dispatch::table::Table::new(ROWS, Vec::new()).unwrap();
    let mistake = crate::dispatch::access::Rules::new(&settings, &table, false).unwrap_err().to_string();
    assert!(mistake.starts_with("13:11: allow[1].confirm: expected DINGTALK_APP_KEY"), "{mistake}");
}

/// Change a lock
#[derive(clap::Args, Serialize)]
struct Lock {
    /// What opens it
    #[arg(long, value_parser = arguments::text)]
    key: Option<String>,
}

impl Command for Lock {
    const PATH: &'static [&'static str] = &["lock"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["key"];
    const SECRET: &'static [&'static str] = &["key"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("locked"))
    }
}

#[tokio::test]
async fn nobody_is_sent_anothers_secret() {
    static LOCKS: &[Row] = &[row::<Lock>()];
    let mut chat =
        Chat::set_up(Setup { toml: PEERS, rows: Some(LOCKS), openapi: true, ..Default::default() }).await;
    chat.say(alice(), "lock --key hunter2").await;
    insta::assert_snapshot!(chat.read(), @r#"
    #### lock：请批准

    参数 key 是保密的，而批准人收到的那一行里会有它的值，所以没有发给任何人，命令没有执行。要执行它，请管理员在规则里改为由发起人自己确认（confirm = "self"）。

    @0147000002
    "#);
    chat.silence();
    chat.say(alice(), "lock").await;
    chat.say_privately(bob(), line(&chat.dingtalk().read_in(&Place::private(&bob())).unwrap().to_string()))
        .await;
    chat.forget();
}

#[tokio::test]
async fn who_quotes_what_waits_for_approval_is_told_who_approves() {
    let mut chat = chat().await;
    chat.say(alice(), "k8s scale web 3").await;
    let waiting = chat.dingtalk().read_in(&Place::group("ops")).expect("a reply");
    assert!(waiting.to_string().starts_with("#### k8s scale：等待批准\n"), "{waiting:?}");
    chat.forget();
    chat.say(alice(), simulator::Said::text("确认").quoting(&waiting.id)).await;
    insta::assert_snapshot!(chat.read(), @"
    #### 没有执行

    确认码在单聊里：由你自己确认的，请到你和机器人的单聊里点按钮，或引用带确认码的那条消息再回复「确认」；等待批准的，只能由收到请求的批准人批准。

    @0147000002
    ");
}
