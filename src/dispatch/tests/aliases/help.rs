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

    ```
    部署 <服务> [环境]
    ```

    - **服务**：服务名
    - **环境**：可选 生产=prod、线上=prod、预发=staging；默认 staging

    相当于：

    ```
    take deploy-{1} 2 -p ENV={2:staging} --loud
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

    ```
    问 […]
    ```

    相当于：

    ```
    prom query {*}
    ```

    @0147000002
    ");
    chat.say(alice(), "help 部署 全部").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署 全部

    部署全部服务

    相当于：

    ```
    take all
    ```

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

    ```
    部署 <服务> [环境]
    ```

    - **服务**: the service
    - **环境**: one of 生产=prod, 线上=prod, 预发=staging; staging if left out

    It stands for:

    ```
    take deploy-{1} 2 -p ENV={2:staging} --loud
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
async fn a_slip_is_told_the_nearest() {
    let mut chat = chat("").await;
    for line in ["部暑 web", "帮助 部暑"] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains("部署"), "{line}: {reply}");
    }
}
