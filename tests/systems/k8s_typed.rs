//! Conversations with a Kubernetes cluster: what is typed in another way than the command has it.

use crate::{k8s::start, talk::ask};

#[tokio::test]
async fn how_many_is_no_how_many_more() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    for line in ["扩缩容 web +2", "k8s scale web --replicas=+1", "扩缩容 web ＋２", "扩缩容 web -1"]
    {
        let reply = ask(&mut chat, line).await;
        told.push_str(&format!("\n> {line}\n{}\n", reply.lines().nth(2).unwrap_or_default()));
    }
    insta::assert_snapshot!(told, @"

    > 扩缩容 web +2
    要写改成几个副本（0 到 1000），不能写增减几个（+2）：例如现在是 3 个，要加 2 个就写 5

    > k8s scale web --replicas=+1
    要写改成几个副本（0 到 1000），不能写增减几个（+1）：例如现在是 3 个，要加 2 个就写 5

    > 扩缩容 web ＋２
    要写改成几个副本（0 到 1000），不能写增减几个（＋２）：例如现在是 3 个，要加 2 个就写 5

    > 扩缩容 web -1
    要写改成几个副本（0 到 1000），不能写增减几个（-1）：例如现在是 3 个，要加 2 个就写 5
    ");
    assert!(k8s.asked().is_empty());
    assert!(ask(&mut chat, "扩缩容 web ５").await.contains("从 3 改为 5"));
}

#[tokio::test]
async fn letters_of_full_width_are_those_of_ascii() {
    let (mut chat, k8s) = start().await;
    for (line, titled) in [
        ("诊断　ｗｅｂ", "deploy/web（prod）：正常"),
        ("诊断　ｓｔｓ／ｍｙｓｑｌ -n ｐｒｏｄ", "sts/mysql（prod）"),
        ("诊断 ｄｅｐｌｏｙｍｅｎｔ ｗｅｂ", "deploy/web（prod）"),
        ("诊断节点 ｎｏｄｅ－１", "节点 node-1"),
        ("容器组 ｗｅｂ -l ａｐｐ＝ｗｅｂ", "prod/web&#42; app=web：3 个 Pod"),
        ("容器日志 ｐｏｄ／ｍｙｓｑｌ－０ -c ａｐｐ", "mysql-0（app）"),
    ] {
        let reply = ask(&mut chat, line).await;
        assert!(reply.starts_with(&format!("#### {titled}")), "{line}: {reply}");
    }
    let asked = k8s.asked().len();
    insta::assert_snapshot!(ask(&mut chat, "诊断 ｗｅｂ＿１").await, @"
    #### k8s describe：参数有误

    应是 Kubernetes 里的名字：小写字母、数字、- 和 .，以字母或数字开头和结尾，最多 253 个字

    ```
    诊断 ｗｅｂ＿１
    　　 ^^^^^^^^^^
    ```

    用法：k8s describe &lt;workload&gt; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 k8s describe**

    @0147000002
    ");
    assert_eq!(k8s.asked().len(), asked);
}

#[tokio::test]
async fn a_number_too_many_belongs_behind_its_option() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    for line in ["回滚 web 2", "容器日志 web 500", "容器日志 web --lines 5 6", "重启 web 2"] {
        let reply = ask(&mut chat, line).await;
        told.push_str(&format!("\n> {line}\n{}\n", reply.lines().nth(2).unwrap_or_default()));
    }
    insta::assert_snapshot!(told, @"

    > 回滚 web 2
    「2」前面要写选项 --to-revision：--to-revision 2

    > 容器日志 web 500
    「500」前面要写选项 --lines：--lines 500

    > 容器日志 web --lines 5 6
    多了「6」，这里不需要更多参数。

    > 重启 web 2
    多了「2」，这里不需要更多参数。
    ");
    assert!(k8s.asked().is_empty());
}
