//! What is said of values that do not fit.

use super::{chat, taken};
use crate::testing::{Chat, alice};

/// The sentence about a line, and the line with its caret.
async fn complaints(chat: &mut Chat, lines: &[&str]) -> String {
    let mut complaints = Vec::new();
    for line in lines {
        chat.say(alice(), *line).await;
        let reply = chat.read();
        let shown = reply.split("\n\n").skip(1).take(2).map(|part| part.trim_matches(['`', '\n']));
        complaints.push(shown.collect::<Vec<_>>().join("\n"));
    }
    complaints.join("\n\n")
}

static WRONG: &[&str] = &[
    "take web 0",
    "take web x",
    "take web ''",
    "take ../etc",
    "take -- -web",
    "take web/api",
    "take web 1 --for 5",
    "take web --for=1h1h 1",
    "take web -f 30m1h",
    "take web -f 8d",
    "take web --at 25:00",
    "take web --at 2026-2-30",
    "take web --to alcie",
    "take web --to=@nobody",
    "take web --in opps",
    "take web --env test",
    "take web --letter delat",
    "take web --letter x",
    "take web -p ENV",
    "take web -p =x",
    "take web -p 'a b=x'",
    "take web -p ENV=1 -p X=2 --param=ENV=3",
    "take web --paran X=1",
    "take web --for 2h -f 2h",
    "take web --loud=yes",
    "take web 5 --for 5 -p 5",
    "take web --for --loud",
    "take web -z",
];

#[tokio::test]
async fn what_is_wrong_with_a_value() {
    let mut chat = chat("").await;
    insta::assert_snapshot!(complaints(&mut chat, WRONG).await, @"
    「count」应为 1 到 100 之间的整数，收到的是「0」。
    take web 0
             ^

    「count」应为 1 到 100 之间的整数，收到的是「x」。
    take web x
             ^

    「count」不能为空。
    take web ''
             ^^

    「service」只能用英文字母、数字和 . &#95; -，以字母或数字开头和结尾，最多 128 个字符，收到的是「../etc」。
    take ../etc
         ^^

    「service」只能用英文字母、数字和 . &#95; -，以字母或数字开头和结尾，最多 128 个字符，收到的是「-web」。
    take -- -web
            ^

    「service」只能用英文字母、数字和 . &#95; -，以字母或数字开头和结尾，最多 128 个字符，收到的是「web/api」。
    take web/api
            ^

    「--for」应为时长，例如 90s、15m、1h30m、3d 或 2小时，收到的是「5」。
    take web 1 --for 5
                     ^

    「--for」应为时长，例如 90s、15m、1h30m、3d 或 2小时，收到的是「1h1h」。
    take web --for=1h1h 1
                   ^^^^

    「--for」应为时长，例如 90s、15m、1h30m、3d 或 2小时，收到的是「30m1h」。
    take web -f 30m1h
                ^^^^^

    「--for」应在 1m 到 7d 之间，收到的是「8d」。
    take web -f 8d
                ^^

    「--at」应为时间（时区 Asia/Shanghai），例如 15:04、2026-01-02 或 2026-01-02T15:04，收到的是「25:00」。
    take web --at 25:00
                  ^^^^^

    「--at」应为时间（时区 Asia/Shanghai），例如 15:04、2026-01-02 或 2026-01-02T15:04，收到的是「2026-2-30」。
    take web --at 2026-2-30
                  ^^^^^^^^^

    「--to」应为 &#91;people&#93; 里的名字、员工 ID 或 &#64; 一个人，没有找到「alcie」。最接近的是：alice
    take web --to alcie
                  ^^^^^

    「--to」应为 &#91;people&#93; 里的名字、员工 ID 或 &#64; 一个人，没有找到「&#64;nobody」。
    take web --to=@nobody
                  ^^^^^^^

    「--in」应为 &#91;groups&#93; 里的名字或会话 ID（cid 开头），没有找到「opps」。最接近的是：ops
    take web --in opps
                  ^^^^

    「--env」应为下列之一：prod、staging。收到的是「test」。
    take web --env test
                   ^^^^

    「--letter」不能是「delat」，你要写的是不是：delta
    take web --letter delat
                      ^^^^^

    「--letter」不能是「x」，可以是 alpha、beta、gamma 等，发送「帮助」加命令名可查看全部。
    take web --letter x
                      ^

    「--param」应为 KEY=VALUE，例如 ENV=prod，收到的是「ENV」。
    take web -p ENV
                ^^^

    「--param」应为 KEY=VALUE，等号前要有不含空格、不以 - 开头的键名，收到的是「=x」。
    take web -p =x
                ^

    「--param」应为 KEY=VALUE，等号前要有不含空格、不以 - 开头的键名，收到的是「a b=x」。
    take web -p 'a b=x'
                 ^^^

    「--param」里的「ENV」给了两次，只能给一次。
    take web -p ENV=1 -p X=2 --param=ENV=3
                                     ^^^

    没有「--paran」这个选项，你要写的是不是：--param
    take web --paran X=1
             ^^^^^^^

    「--for」只能出现一次。
    take web --for 2h -f 2h
                      ^^

    「--loud」是开关，只写 --loud，后面不带值。
    take web --loud=yes
             ^^^^^^^^^^

    「--for」应为时长，例如 90s、15m、1h30m、3d 或 2小时，收到的是「5」。
    take web 5 --for 5 -p 5
                     ^

    「--for」后面缺少值。
    take web --for --loud
                  ^

    没有「-z」这个选项。
    take web -z
             ^^
    ");
}

#[tokio::test]
async fn what_is_wrong_with_a_value_in_english() {
    let mut chat = chat("locale = 'en'").await;
    insta::assert_snapshot!(complaints(&mut chat, WRONG).await, @"
    “count” expects a whole number from 1 to 100, but got “0”.
    take web 0
             ^

    “count” expects a whole number from 1 to 100, but got “x”.
    take web x
             ^

    “count” must not be empty.
    take web ''
             ^^

    “service” takes letters, digits and . &#95; -, begins and ends with a letter or digit, and has at most 128 characters, but got “../etc”.
    take ../etc
         ^^

    “service” takes letters, digits and . &#95; -, begins and ends with a letter or digit, and has at most 128 characters, but got “-web”.
    take -- -web
            ^

    “service” takes letters, digits and . &#95; -, begins and ends with a letter or digit, and has at most 128 characters, but got “web/api”.
    take web/api
            ^

    “--for” expects a duration such as 90s, 15m, 1h30m or 3d, but got “5”.
    take web 1 --for 5
                     ^

    “--for” expects a duration such as 90s, 15m, 1h30m or 3d, but got “1h1h”.
    take web --for=1h1h 1
                   ^^^^

    “--for” expects a duration such as 90s, 15m, 1h30m or 3d, but got “30m1h”.
    take web -f 30m1h
                ^^^^^

    “--for” expects 1m to 7d, but got “8d”.
    take web -f 8d
                ^^

    “--at” expects a time (in Asia/Shanghai) such as 15:04, 2026-01-02 or 2026-01-02T15:04, but got “25:00”.
    take web --at 25:00
                  ^^^^^

    “--at” expects a time (in Asia/Shanghai) such as 15:04, 2026-01-02 or 2026-01-02T15:04, but got “2026-2-30”.
    take web --at 2026-2-30
                  ^^^^^^^^^

    “--to” expects a name of &#91;people&#93;, a staff id, or a mention; nobody is called “alcie”. Nearest: alice
    take web --to alcie
                  ^^^^^

    “--to” expects a name of &#91;people&#93;, a staff id, or a mention; nobody is called “&#64;nobody”.
    take web --to=@nobody
                  ^^^^^^^

    “--in” expects a name of &#91;groups&#93; or a conversation id (cid…); no group is called “opps”. Nearest: ops
    take web --in opps
                  ^^^^

    “--env” expects one of: prod, staging. It got “test”.
    take web --env test
                   ^^^^

    “--letter” cannot be “delat”. Did you mean: delta
    take web --letter delat
                      ^^^^^

    “--letter” cannot be “x”. It can be alpha, beta, gamma and others: send “help” and the command for all of them.
    take web --letter x
                      ^

    “--param” expects KEY=VALUE such as ENV=prod, but got “ENV”.
    take web -p ENV
                ^^^

    “--param” expects KEY=VALUE with a key before the “=”, without blanks and not starting with “-”, but got “=x”.
    take web -p =x
                ^

    “--param” expects KEY=VALUE with a key before the “=”, without blanks and not starting with “-”, but got “a b=x”.
    take web -p 'a b=x'
                 ^^^

    “--param” has “ENV” twice; it may be given only once.
    take web -p ENV=1 -p X=2 --param=ENV=3
                                     ^^^

    There is no option “--paran”. Did you mean: --param
    take web --paran X=1
             ^^^^^^^

    “--for” may be given only once.
    take web --for 2h -f 2h
                      ^^

    “--loud” is a switch: write --loud alone, without a value.
    take web --loud=yes
             ^^^^^^^^^^

    “--for” expects a duration such as 90s, 15m, 1h30m or 3d, but got “5”.
    take web 5 --for 5 -p 5
                     ^

    “--for” expects a value.
    take web --for --loud
                  ^

    There is no option “-z”.
    take web -z
             ^^
    ");
}

#[tokio::test]
async fn what_is_wrong_is_followed_by_the_usage() {
    let mut chat = chat("").await;
    chat.say(alice(), "take web --to bobb").await;
    insta::assert_snapshot!(chat.read(), @"
    #### take：参数有误

    「--to」应为 &#91;people&#93; 里的名字、员工 ID 或 &#64; 一个人，没有找到「bobb」。最接近的是：bob

    ```
    take web --to bobb
                  ^^^^
    ```

    用法：take &lt;service&gt; &#91;count&#93; &#91;note…&#93; &#91;--for &lt;for&gt;&#93; &#91;--at &lt;at&gt;&#93; &#91;--to &lt;to&gt;&#93; &#91;--in &lt;in&gt;&#93; &#91;--env &lt;env&gt;&#93; &#91;--letter &lt;letter&gt;&#93; &#91;--param &lt;param&gt;…&#93; &#91;-l &lt;label&gt;…&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20take)
    ");
}

#[tokio::test]
async fn times_that_clocks_skip_or_show_twice() {
    let mut chat = chat("timezone = 'Europe/Berlin'").await;
    insta::assert_snapshot!(complaints(&mut chat, &[
        "take web --at 2026-03-29T02:30",
        "take web --at 2026-10-25T02:30",
    ]).await, @"
    「--at」的时间「2026-03-29T02:30」不存在：Europe/Berlin 的时钟在这时拨快，跳过了它。
    take web --at 2026-03-29T02:30
                  ^^^^^^^^^^^^^^^^

    「--at」的时间「2026-10-25T02:30」有两个：Europe/Berlin 的时钟在这时拨慢。请写明是哪一个：2026-10-25T02:30:00+02:00、2026-10-25T02:30:00+01:00
    take web --at 2026-10-25T02:30
                  ^^^^^^^^^^^^^^^^
    ");
    let line = "take web --at 2026-10-25T02:30:00+01:00";
    assert_eq!(
        taken(&mut chat, line).await,
        r#"{"at":"2026-10-25T02:30:00+01:00","count":1,"service":"web"}"#
    );
}
