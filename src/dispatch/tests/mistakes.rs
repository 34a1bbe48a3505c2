//! What the bot says to a line that it cannot run.

use super::answers;

#[tokio::test]
async fn too_many_words_and_too_long_ones_are_looked_at_by_nobody() {
    let (many, long) = ("x ".repeat(201), "x".repeat(1025));
    let answers =
        answers(&[&format!("end {many}"), &format!("echo {long}"), &format!("prom query --on {long} 1")])
            .await;
    let told: Vec<&str> = answers.lines().filter(|line| line.contains('。') || line.ends_with('^')).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    参数太多：命令名后面最多 200 个词。
                                                                 ^
    这个参数太长：最多 1024 字节。
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    这个参数太长：最多 1024 字节。
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[tokio::test]
async fn what_is_just_right_is_read() {
    let (most, longest, tail) = ("x ".repeat(200), "x".repeat(1024), "x ".repeat(1500));
    for (line, read) in [
        (format!("end {most}"), "多了"),
        (format!("echo {longest}"), "echo"),
        (format!("prom query {tail}"), "query"),
    ] {
        let answer = answers(&[&line]).await;
        assert!(
            answer.lines().skip(1).any(|line| line.contains(read)) && !answer.contains("最多"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_pointed_at() {
    let answers = answers(&[
        "echo",
        "echo 网页 多余",
        "echo web --lout",
        "echo web -n",
        "echo web --times=1 --times=2",
        "echo web ''",
        "echo ''",
        "echo \"a b",
        "echo 'it's'",
        "prom query",
        "prom query --on a --on b c",
        "end early",
    ])
    .await;
    insta::assert_snapshot!(answers, @r#"
    > echo
    #### echo：参数有误

    缺少参数「word」。

    ```
    echo
        ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo 网页 多余
    #### echo：参数有误

    多了「多余」，这里不需要更多参数。

    ```
    echo 网页 多余
         　　 ^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web --lout
    #### echo：参数有误

    没有「--lout」这个选项，你要写的是不是：--loud

    ```
    echo web --lout
             ^^^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web -n
    #### echo：参数有误

    「--times」后面缺少值。

    ```
    echo web -n
               ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web --times=1 --times=2
    #### echo：参数有误

    「--times」只能出现一次。

    ```
    echo web --times=1 --times=2
                       ^^^^^^^^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo web ''
    #### echo：参数有误

    多了「」，这里不需要更多参数。

    ```
    echo web ''
             ^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo ''
    #### echo：参数有误

    「word」不能为空。

    ```
    echo ''
         ^^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo "a b
    #### echo：参数有误

    这个引号没有配对，请补上另一半。

    ```
    echo "a b
         ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > echo 'it's'
    #### echo：参数有误

    引号后面紧跟着其他内容，分不清引号到哪里结束：请在引号后面加空格；如果引号本身是内容，请换用另一种引号括起来。

    ```
    echo 'it's'
            ^
    ```

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20echo)

    > prom query
    #### prom query：参数有误

    缺少参数「query」。

    ```
    prom query
              ^
    ```

    用法：prom query &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20prom%20query)

    > prom query --on a --on b c
    #### prom query：参数有误

    「--on」只能出现一次。

    ```
    prom query --on a --on b c
                      ^^^^
    ```

    用法：prom query &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20prom%20query)

    > end early
    #### end：参数有误

    too early

    用法：end &lt;how&gt;

    - [查看用法](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9%20end)
    "#);
}

#[tokio::test]
async fn a_command_behind_a_typed_mention_is_near() {
    for (line, near) in [("@bob echo web", "- [echo web]("), ("＠小王 @bob ecko", "- [echo](")] {
        let answer = answers(&[line]).await;
        assert!(answer.contains("没有这条命令") && answer.contains(near), "{answer}");
    }
}

#[tokio::test]
async fn the_nearest_commands() {
    let answers = answers(&[
        "ecko web",
        "prom",
        "回生",
        "prom quary up",
        "完全没有关系的一句话",
        "`**[x](https://evil.example)**`",
    ])
    .await;
    insta::assert_snapshot!(answers, @"
    > ecko web
    #### 没有这条命令

    没看懂：ecko web

    你要找的是不是：

    - [echo web](dtmd://dingtalkclient/sendMessage?content=echo%20web)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > prom
    #### prom

    - [查询](dtmd://dingtalkclient/sendMessage?content=%E6%9F%A5%E8%AF%A2)（prom query）：用 PromQL 查询当前值

    > 想了解某条命令，请发送「帮助 命令」，例如：帮助 prom query

    > 回生
    #### 没有这条命令

    没看懂：回生

    你要找的是不是：

    - [回声](dtmd://dingtalkclient/sendMessage?content=%E5%9B%9E%E5%A3%B0)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > prom quary up
    #### 没有这条命令

    没看懂：prom quary up

    你要找的是不是：

    - [prom query up](dtmd://dingtalkclient/sendMessage?content=prom%20query%20up)
    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > 完全没有关系的一句话
    #### 没有这条命令

    没看懂：完全没有关系的一句话

    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)

    > `**[x](https://evil.example)**`
    #### 没有这条命令

    没看懂：&#96;&#42;&#42;&#91;x&#93;(https&#58;//evil.example)&#42;&#42;&#96;

    - [查看全部命令](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)
    ");
}

#[tokio::test]
async fn the_usage_of_a_command_with_options() {
    insta::assert_snapshot!(answers(&["echo --help", "help prom query"]).await.replace('\u{200B}', "<ZWSP>"), @"
    > echo --help
    #### echo

    Say something back

    用法：echo &lt;word&gt; &#91;--times &lt;times&gt;&#93; &#91;--loud&#93;

    - **word**：What to say
    - **&#45;-times**：How often
    - **&#45;-loud**：Louder

    > 也可以说：回声、重启

    > help prom query
    #### prom query

    用 PromQL 查询当前值

    用法：prom query &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - **&#45;-on**：在哪个 Prometheus 上
    - **query**：查询语句，原样直到消息末尾

    > 也可以说：查询
    ");
}
