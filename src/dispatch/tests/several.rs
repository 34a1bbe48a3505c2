//! Several commands in one message.

use super::ROWS;
use crate::testing::{Chat, alice};

#[tokio::test]
async fn none_is_run() {
    let mut chat = Chat::with_rows(ROWS).await;
    for line in [
        "echo web\necho api",
        "echo web\n/echo api",
        "echo web\r\n回声 api",
        "echo web\n重启api",
        "echo web\n\n  prom query up",
        "echo web && echo api",
        "echo web ; help",
        "echo web; help",
        "echo web；help",
        "echo web； help",
        "echo web || end user",
        "echo web | ECHO",
        "help; echo web",
        "help；回声",
        "帮助，echo",
        "help；prom query up",
        "echo；help",
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        let refused =
            reply.contains("一条消息只能有一条命令") || line == "echo web；help" && reply.contains("；help");
        assert!(refused, "{line}: {reply}");
    }
    chat.say(alice(), "echo web\necho api").await;
    insta::assert_snapshot!(chat.read(), @"
    #### echo：参数有误

    一条消息只能有一条命令，而这里是第二条。为避免误操作，没有执行任何命令，请分开发送；如果它是参数的一部分，请加上引号。

    ```
    echo api
    ^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - 查看用法：**帮助 echo**

    @0147000002
    ");
}

#[tokio::test]
async fn what_only_looks_like_it_is_run() {
    for (line, heard) in [
        ("echo\nweb", r#""web" None false"#),
        ("echo web\n--loud", r#""web" None true"#),
        ("echo 'web\necho api'", "\"web\\necho api\" None false"),
        ("echo -n ; web", r#""web" Some(";") false"#),
        ("echo -n ';' echo", r#""echo" Some(";") false"#),
        ("echo web -n\n'echo'", r#""web" Some("echo") false"#),
        ("prom query a && echo b", "None\na && echo b"),
        ("prom query a\necho b", "None\na\necho b"),
    ] {
        assert_eq!(super::heard(line).await, heard, "{line}");
    }
    let mut chat = Chat::with_rows(ROWS).await;
    chat.say(alice(), "help\n？").await;
    let reply = chat.read();
    assert!(!reply.contains("一条消息"), "{reply}");
}
