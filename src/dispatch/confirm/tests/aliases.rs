//! Through words of the operator's own, which may be all that is granted.

use std::time::Duration;

use super::{Chat, Row, Scale, Setup, alice, bob, line, row, shown, with_rules, writes};

const ONLY: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[alias]]
name = '扩'
run = 'k8s scale web-{1} {2:3} -n prod'
help = { zh = '扩容线上服务', en = 'scale' }
[[alias]]
name = '缩'
run = 'k8s scale web-{1} {2:3} -n prod'
help = { zh = '缩容线上服务', en = 'scale down' }
";

async fn chat(rules: &str, openapi: bool) -> Chat {
    let toml = format!("{ONLY}\n{rules}");
    with_rules(&toml, openapi).await
}

const GRANT: &str = "[[allow]]\nwho = ['alice']\nrun = ['扩']";

#[tokio::test]
async fn the_alias_alone_is_granted_and_sent_back() {
    let mut chat = chat(GRANT, false).await;
    chat.say(alice(), "扩 a").await;
    let card = chat.read();
    insta::assert_snapshot!(shown(&card), @"
    #### k8s scale：请确认

    ```
    k8s scale web-a 3 --namespace prod
    ```

    > 通过别名：扩 a 3

    - 副本数 0 → 3

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    扩 a 3 --confirm CODE
    ```

    @0147000002
    ");
    let line = line(&card);
    chat.say(alice(), &line).await;
    assert!(chat.read().starts_with("#### web-a × 3"));
    chat.say(alice(), &line).await;
    insta::assert_snapshot!(chat.read(), @"
    #### 没有执行

    可能已经执行过，或者在你发起之后情况有变。请先查看现状，仍需要的话重新发送：

    ```
    扩 a 3
    ```

    @0147000002
    ");
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn what_it_becomes_is_not() {
    let mut chat = chat(GRANT, false).await;
    chat.say(alice(), "扩 a").await;
    let coded = line(&chat.read());
    let code = coded.rsplit(' ').next().unwrap();
    for (who, line) in [
        (alice(), "k8s scale web-a 3 --namespace prod".to_owned()),
        (alice(), format!("k8s scale web-a 3 --namespace prod --confirm {code}")),
        (alice(), format!("缩 a 3 --confirm {code}")),
        (bob(), coded.clone()),
    ] {
        chat.say(who, &line).await;
        let reply = chat.read();
        assert!(reply.contains("无权执行"), "{line}: {reply}");
        // So that the next refusal is told too.
        chat.clock().advance(Duration::from_secs(61));
    }
    for line in [format!("扩 b 3 --confirm {code}"), format!("扩 a 4 --confirm {code}")] {
        chat.say(alice(), &line).await;
        let reply = chat.read();
        assert!(reply.contains("确认码与这条命令不符"), "{line}: {reply}");
    }
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn a_code_of_one_alias_is_none_of_another() {
    let mut chat = chat("[[allow]]\nwho = ['alice']\nrun = ['扩', '缩', 'k8s scale']", false).await;
    chat.say(alice(), "扩 a").await;
    let card = chat.read();
    let code = line(&card).rsplit(' ').next().unwrap().to_owned();
    for line in ["缩 a 3", "k8s scale web-a 3 --namespace prod"] {
        chat.say(alice(), format!("{line} --confirm {code}").as_str()).await;
        let reply = chat.read();
        assert!(reply.contains("确认码与这条命令不符"), "{line}: {reply}");
    }
    chat.say(alice(), line(&card)).await;
    assert!(chat.read().starts_with("#### web-a × 3"));
}

#[tokio::test]
async fn rules_about_the_command_hold_for_it_too() {
    let deny =
        format!("{GRANT}\n[[deny]]\nwho = ['anyone']\nrun = ['k8s *']\nwhen = {{ namespace = 'prod' }}");
    let mut chat = chat(&deny, false).await;
    chat.say(alice(), "扩 a").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 扩：无权执行

    被禁止规则拦下（第 1 条 deny）。

    @0147000002
    ");
    let mut chat = self::chat(&format!("{GRANT}\nwhen = {{ replicas = '1..5' }}"), false).await;
    chat.say(alice(), "扩 a 6").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 扩：无权执行

    规则要求：「replicas」只能是 1 到 5。

    @0147000002
    ");
    chat.say(alice(), "扩 a 5").await;
    assert!(chat.read().contains("扩 a 5 --confirm "));
}

#[tokio::test]
async fn its_preview_alone() {
    let mut chat = chat(GRANT, false).await;
    for line in ["扩 a --dry-run", "扩 --dry-run a 3"] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.starts_with("#### k8s scale：预览，没有执行"), "{line}: {reply}");
        assert!(reply.contains("通过别名：扩 a 3"), "{line}: {reply}");
    }
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn what_is_said_in_quotes_comes_back_in_quotes() {
    let mut chat = chat(GRANT, false).await;
    chat.say(alice(), "扩 'a --confirm 0123456789AB' 2").await;
    let card = chat.read();
    let line = card.lines().rfind(|line| line.starts_with("扩 ")).expect("a line with a code");
    assert!(line.starts_with(r#"扩 "a --confirm 0123456789AB" 2 --confirm "#), "{card}");
    chat.say(alice(), line).await;
    assert!(chat.read().starts_with("#### web-a --confirm 0123456789AB × 2"));
}

#[tokio::test]
async fn somebody_else_approves_the_alias() {
    let mut chat = chat(&format!("{GRANT}\nconfirm = {{ peer = ['bob'] }}"), true).await;
    chat.say(alice(), "扩 a 2").await;
    let card = chat.read_privately(&bob());
    assert!(chat.read().contains("bob"));
    assert!(line(&card).starts_with("扩 a 2 --approve alice:"), "{card}");
    chat.say_privately(bob(), line(&card)).await;
    assert!(chat.read_privately(&bob()).contains("已批准"));
    assert!(chat.read().starts_with("#### web-a × 2"));
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn help_lists_it_to_those_who_may() {
    static WITH_HELP: &[Row] = &[row::<crate::commands::Help>(), row::<Scale>()];
    let toml = format!("{ONLY}\n{GRANT}\nwhen = {{ replicas = '1..5' }}");
    let mut chat =
        Chat::set_up(Setup { toml: &toml, rows: Some(WITH_HELP), ..Setup::default() }).await.privately();
    chat.say(alice(), "帮助").await;
    let help = chat.read();
    assert!(help.contains("[扩](") && help.contains("：扩容线上服务 ◐"), "{help}");
    assert!(!help.contains("缩容线上服务") && !help.contains("k8s"), "{help}");
    chat.say(bob(), "帮助").await;
    assert!(!chat.read().contains("扩容线上服务"));
}
