//! Conversations through words of the operator's own.

mod conditions;
mod help;
mod injection;
mod mistakes;

use super::{Query, canonical::TakeBack, mentions::Hand, values::Take};
use crate::{
    dispatch::{Row, row},
    testing::{Chat, Setup, alice},
};

static ROWS: &[Row] =
    &[row::<crate::commands::Help>(), row::<Take>(), row::<TakeBack>(), row::<Query>(), row::<Hand>()];

const SETTINGS: &str = r#"
[people]
alice = "0147000002"
bob = "0147000003"
[groups]
ops = "cidOPSAAAAAAAAAAAAAAAA=="

[[alias]]
name = "部署"
run = "take deploy-{1} 2 -p ENV={2:staging} --loud"
help = { zh = "把服务部署到环境", en = "deploy a service" }
[[alias.arguments]]
name = "服务"
help = { zh = "服务名", en = "the service" }
[[alias.arguments]]
name = "环境"
choices = { "生产" = "prod", "线上" = "prod", "预发" = "staging" }

[[alias]]
name = "部署 全部"
run = "take all"
help = { zh = "部署全部服务", en = "deploy everything" }

[[alias]]
name = "Tag It"
run = "take {1} 1 first {*}"
help = { zh = "打标签", en = "tag it" }

[[alias]]
name = "看"
run = "prom query --on {1} sum({2}) by (job) {*}"
help = { zh = "查指标", en = "look" }

[[alias]]
name = "问"
run = "prom query {*}"
help = { zh = "查询", en = "ask" }

[[alias]]
name = "内存"
run = '''prom query mem{job="{1}"} > 0'''
help = { zh = "查内存", en = "memory" }

[[alias]]
name = "喊"
run = "take x-{1} 2 --to {2:carol}"
help = { zh = "喊人", en = "call" }

[[alias]]
name = "交给"
run = "hand {2} {1}"
help = { zh = "交接", en = "hand over" }
[[alias.arguments]]
name = "事"
[[alias.arguments]]
name = "谁"
"#;

async fn chat(toml: &str) -> Chat {
    let toml = format!("{toml}\n{SETTINGS}");
    Chat::set_up(Setup { rows: Some(ROWS), toml: &toml, ..Setup::default() }).await
}

/// What a command heard, or the whole reply.
async fn heard(chat: &mut Chat, line: &str) -> String {
    chat.say(alice(), line).await;
    let reply = chat.read();
    reply.split("```").nth(1).unwrap_or(&reply).trim().to_owned()
}

#[tokio::test]
async fn words_go_where_the_operator_made_room() {
    let mut chat = chat("").await;
    let deployed = |service: &str, env: &str| {
        format!(r#"{{"count":2,"loud":true,"param":{{"ENV":"{env}"}},"service":"deploy-{service}"}}"#)
    };
    for (line, expected) in [
        ("部署 web", deployed("web", "staging")),
        ("部署 web 生产", deployed("web", "prod")),
        ("部署 web 线上", deployed("web", "prod")),
        ("部署 web PROD", deployed("web", "prod")),
        ("部署web 预发", deployed("web", "staging")),
        ("/部署　web　生产", deployed("web", "prod")),
        ("部署 “web” '生产'", deployed("web", "prod")),
        ("部署 全部", r#"{"count":1,"service":"all"}"#.into()),
        ("部署 全部。", r#"{"count":1,"service":"all"}"#.into()),
        ("部署 全部 ？", r#"{"count":1,"service":"all"}"#.into()),
        ("tag it web", r#"{"count":1,"note":["first"],"service":"web"}"#.into()),
        (
            "ＴＡＧ IT web a 'b c' {1}",
            r#"{"count":1,"note":["first","a","b c","{1}"],"service":"web"}"#.into(),
        ),
        ("tag it back", r#"{"count":1,"note":["first"],"service":"back"}"#.into()),
        ("看 dev up", "Some(\"dev\")\nsum(up) by (job)".into()),
        ("看 dev 'a b' offset 5m  # \"x", "Some(\"dev\")\nsum(a b) by (job) offset 5m  # \"x".into()),
        ("问 it's \"up", "None\nit's \"up".into()),
        ("问up", "None\nup".into()),
        ("问 -- --help", "None\n--help".into()),
        ("问 up --help", "None\nup --help".into()),
        ("内存 'my job'", "None\nmem{job=\"my job\"} > 0".into()),
        ("交给 发布 bob", r#"{"to":"0147000003","what":"发布","note":[]}"#.into()),
    ] {
        assert_eq!(heard(&mut chat, line).await, expected, "{line}");
    }
}

#[tokio::test]
async fn a_choice_that_is_none() {
    let mut chat = chat("").await;
    chat.say(alice(), "部署 web 产").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    「环境」应为下列之一：生产、线上、预发。收到的是「产」。

    ```
    部署 web 产
    　　     ^^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
    chat.say(alice(), "部署 web ''").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    「环境」不能为空。

    ```
    部署 web ''
    　　     ^^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
}

#[tokio::test]
async fn too_few_and_too_many() {
    let mut chat = chat("").await;
    chat.say(alice(), "部署").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    缺少参数「服务」。

    ```
    部署
    　　^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
    chat.say(alice(), "部署 web 生产 now").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    多了「now」，这里不需要更多参数。

    ```
    部署 web 生产 now
    　　     　　 ^^^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
    chat.say(alice(), "部署 全部 web").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署 全部：参数有误

    「web」是多余的，这条命令不需要参数。

    ```
    部署 全部 web
    　　 　　 ^^^
    ```

    @0147000002
    ");
    chat.say(alice(), "看 dev").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 看：参数有误

    缺少参数「2」。

    ```
    看 dev
    　    ^
    ```

    用法：看 &lt;1&gt; &lt;2&gt; &#91;…&#93;

    - 查看用法：**帮助 看**

    @0147000002
    ");
    chat.say(alice(), "看 'dev").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 看：参数有误

    这个引号没有配对，请补上另一半。

    ```
    看 'dev
    　 ^
    ```

    用法：看 &lt;1&gt; &lt;2&gt; &#91;…&#93;

    - 查看用法：**帮助 看**

    @0147000002
    ");
}

#[tokio::test]
async fn a_mistake_points_at_the_word_or_at_the_name() {
    let mut chat = chat("").await;
    chat.say(alice(), "部署 web/..").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    「service」只能用英文字母、数字和 . &#95; -，以字母或数字开头和结尾，最多 128 个字符，收到的是「deploy-web/..」。

    ```
    部署 web/..
    　　 ^^^^^^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
    chat.say(alice(), "喊 web").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 喊：参数有误

    「--to」应为 &#91;people&#93; 里的名字、员工 ID 或 &#64; 一个人，没有找到「carol」。

    ```
    喊 web
    ^^
    ```

    用法：喊 &lt;1&gt; &#91;2&#93;

    - 查看用法：**帮助 喊**

    @0147000002
    ");
    chat.say(alice(), "tag it web 'a\nb' ''").await;
    insta::assert_snapshot!(chat.read(), @"
    #### Tag It：参数有误

    「note」不能为空。

    ```
    b' ''
       ^^
    ```

    用法：Tag It &lt;1&gt; &#91;…&#93;

    - 查看用法：**帮助 Tag It**

    @0147000002
    ");
    chat.say(alice(), "部署 web && 部署 api").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 部署：参数有误

    一条消息只能有一条命令，而这里是第二条。为避免误操作，没有执行任何命令，请分开发送；如果它是参数的一部分，请加上引号。

    ```
    部署 web && 部署 api
    　　        ^^^^
    ```

    用法：部署 &lt;服务&gt; &#91;环境&#93;

    - 查看用法：**帮助 部署**

    @0147000002
    ");
    chat.say(alice(), "部署 web\ntake api").await;
    assert!(chat.read().contains("一条消息只能有一条命令"));
}

#[tokio::test]
async fn somebody_mentioned_is_the_person_who_is_missing() {
    let expected = r#"{"to":"0147000003","what":"发布","note":[]}"#;
    let mut chat = chat("").await;
    for line in ["交给 发布 @Bob", "交给 @Bob 发布", "交给 发布 bob @Bob"] {
        assert_eq!(heard(&mut chat, line).await, expected, "{line}");
    }
    chat.say(alice(), "交给 发布 alice @Bob").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 交给：参数有误

    分不清消息里 &#64; 的人对应哪个参数，请直接写名字（配置里 &#91;people&#93; 的名字）或员工 ID。

    ```
    交给 发布 alice  
    　　 　　      ^
    ```

    用法：交给 &lt;事&gt; &lt;谁&gt;

    - 查看用法：**帮助 交给**

    @0147000002
    ");
    chat.say(alice(), "交给 @Bob").await;
    assert!(chat.read().contains("缺少参数「事」"));
    // Without people among its arguments a mention means nothing.
    assert_eq!(heard(&mut chat, "问 up @Bob").await, "None\nup");
}
