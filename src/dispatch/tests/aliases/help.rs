//! What help says of words of the operator's own.

use super::chat;
use crate::testing::alice;

#[tokio::test]
async fn help_lists_them() {
    let mut chat = chat("").await;
    chat.say(alice(), "帮助").await;
    let help = chat.read();
    insta::assert_snapshot!(help[help.find("**自定义").unwrap_or(0)..], @"
    **自定义别名**

    - **部署**：把服务部署到环境
    - **部署 全部**：部署全部服务
    - **Tag It**：打标签
    - **看**：查指标
    - **问**：查询
    - **内存**：查内存
    - **喊**：喊人
    - **交给**：交接

    > 想了解某条命令，请发送「帮助 命令」，例如：帮助 ip

    @0147000002
    ");
    chat.say(alice(), "帮助 部署").await;
    let usage = chat.read();
    insta::assert_snapshot!(usage, @"
    #### 部署

    把服务部署到环境

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - **服务**：服务名
    - **环境**：可选 生产（prod）、线上（prod）、预发（staging）；默认 预发

    实际执行：

    ```
    take deploy-{服务} 2 -p ENV={环境} --loud
    ```

    @0147000002
    ");
    for line in ["部署 --help", "部署 -h", "部署 web --help", "help 部署"] {
        chat.say(alice(), line).await;
        assert_eq!(chat.read(), usage, "{line}");
    }
    chat.say(alice(), "问 --help").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 问

    查询

    用法：问 &lt;…&gt;

    实际执行：

    ```
    prom query {…}
    ```

    @0147000002
    ");
    chat.say(alice(), "help 部署 全部").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署 全部

    部署全部服务

    实际执行：

    ```
    take all
    ```

    例如：

    - **部署 全部**

    @0147000002
    ");
}

#[tokio::test]
async fn help_in_english() {
    let mut chat = chat("locale = 'en'").await;
    chat.say(alice(), "help 部署").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署

    deploy a service

    Usage: 部署 &lt;服务&gt; &#91;环境&#93;

    - **服务**: the service
    - **环境**: one of 生产 (prod), 线上 (prod), 预发 (staging); 预发 if left out

    It becomes:

    ```
    take deploy-{服务} 2 -p ENV={环境} --loud
    ```

    @0147000002
    ");
    chat.say(alice(), "部署 -x").await;
    insta::assert_snapshot!(chat.read(), @r#"
    #### take

    ```
    {"count":2,"loud":true,"param":{"ENV":"staging"},"service":"deploy--x"}
    ```

    @0147000002
    "#);
}

#[tokio::test]
async fn an_example_is_made_of_choices_defaults_and_people() {
    let settings = "
        [people]
        alice = '0147000002'
        [[alias]]
        name = '主题'
        run = 'take {1} {2:3} --to {3:alice} --loud'
        help = { zh = '换主题', en = 'change the theme' }
        [[alias.arguments]]
        name = 'theme'
        choices = { '暗色' = 'dark', light = 'light' }
        [[alias]]
        name = '退回'
        run = 'prom query {*}'
        help = { zh = '退回', en = 'take back' }
        [[alias.arguments]]
        name = '什么'
    ";
    let setup = crate::testing::Setup { toml: settings, rows: Some(super::ROWS), ..Default::default() };
    let mut chat = crate::testing::Chat::set_up(setup).await.privately();
    chat.say(alice(), "help 主题").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 主题

    换主题

    用法：主题 &lt;theme&gt; &#91;2&#93; &#91;3&#93;

    - **theme**：可选 light、暗色（dark）
    - **2**：默认 3
    - **3**：默认 alice

    实际执行：

    ```
    take {theme} {2} --to {3} --loud
    ```

    例如：

    - [主题 light 3 alice](dtmd://dingtalkclient/sendMessage?content=%E4%B8%BB%E9%A2%98%20light%203%20alice)
    ");
    chat.say(alice(), "help 退回").await;
    let usage = chat.read();
    assert!(usage.contains("用法：退回 &lt;什么…&gt;\n"), "{usage}");
}

#[tokio::test]
async fn a_write_can_be_only_shown() {
    let settings = "
        [[alias]]
        name = '喊话'
        run = 'say {1} {*}'
        help = { zh = '喊话', en = 'shout' }
        [[alias]]
        name = '早'
        run = 'say 0147000002 早上好'
        help = { zh = '问好', en = 'greet' }
    ";
    let mut chat = crate::testing::Chat::with(settings).await;
    chat.say(alice(), "help 喊话").await;
    let usage = chat.read();
    assert!(usage.contains("用法：喊话 &lt;1&gt; &lt;…&gt; &#91;--dry-run&#93;\n"), "{usage}");
    chat.say(alice(), "help 早").await;
    let usage = chat.read();
    assert!(usage.contains("用法：早 &#91;--dry-run&#93;\n"), "{usage}");
    assert!(usage.contains("例如：\n\n- **早**\n"), "{usage}");
}

#[tokio::test]
async fn a_slip_is_told_the_nearest() {
    let mut chat = chat("").await;
    for line in ["部暑 web", "帮助 部暑"] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains("部署"), "{line}: {reply}");
    }
}
