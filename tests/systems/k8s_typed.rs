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
