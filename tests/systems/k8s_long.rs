//! Conversations with a Kubernetes cluster that has more to say than is read.

use serde_json::json;

use crate::{fakes::Fake, fakes::k8s::Kubernetes, k8s::start, talk::ask};

/// Pods that take so many bytes each.
fn put(k8s: &Fake<Kubernetes>, count: usize, bytes: usize) {
    for index in 0..count {
        let pod = json!({
            "metadata": { "annotations": { "note": "x".repeat(bytes) } },
            "spec": { "containers": [{ "name": "app", "image": "job:1" }] },
            "status": { "phase": "Running" },
        });
        k8s.world().put("pods", "batch", &format!("job-{index:04}"), pod);
    }
}

/// How many were asked for at once, each time.
fn limits(k8s: &Fake<Kubernetes>) -> Vec<String> {
    k8s.asked().iter().filter_map(|asked| asked.query("limit").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_page_that_is_too_long_is_made_smaller() {
    let (mut chat, k8s) = start().await;
    put(&k8s, 120, 80_000);
    let reply = ask(&mut chat, "k8s get pods -n batch").await;
    assert!(reply.starts_with("#### batch：120 个 Pod"), "{reply}");
    assert!(!reply.contains("只看了一部分"), "{reply}");
    assert_eq!(limits(&k8s), ["250", "50", "50", "50"]);
}

#[tokio::test]
async fn a_list_whose_first_page_cannot_be_read_is_no_empty_list() {
    let (mut chat, k8s) = start().await;
    put(&k8s, 12, 1_000_000);
    insta::assert_snapshot!(ask(&mut chat, "k8s get pods -n batch").await, @"
    #### k8s get pods：未能完成

    Kubernetes 返回的内容太多，没有读完，请缩小范围。

    @0147000002
    ");
    assert_eq!(limits(&k8s), ["250", "50", "10"]);
}

#[tokio::test]
async fn a_list_whose_later_page_cannot_be_read_is_said_to_be_a_part() {
    let (mut chat, k8s) = start().await;
    put(&k8s, 262, 1);
    for index in 250..262 {
        let pod = format!("job-{index:04}");
        k8s.world().at("pods", "batch", &pod)["metadata"]["annotations"]["note"] =
            json!("x".repeat(1_000_000));
    }
    let reply = ask(&mut chat, "k8s get pods -n batch").await;
    assert!(reply.starts_with("#### batch：250 个 Pod"), "{reply}");
    assert!(reply.contains("太多了，只看了一部分"), "{reply}");
    assert_eq!(limits(&k8s), ["250", "250", "50", "10"]);
}

#[tokio::test]
async fn of_a_log_with_long_lines_fewer_are_shown() {
    let (mut chat, k8s) = start().await;
    for (bytes, asked, shown) in [
        (20_000, vec!["230"], 20),
        (50_000, vec!["230", "30"], 10),
        (500_000, vec!["230", "30", "5"], 1),
        (3_000_000, vec!["230", "30", "5", "1"], 1),
    ] {
        let before = k8s.asked().len();
        let log: Vec<String> = (0..300).map(|line| format!("{line:03} {}", "y".repeat(bytes))).collect();
        k8s.world().logs.insert(("mysql-0".into(), "app".into(), false), log.join("\n"));
        let reply = ask(&mut chat, "k8s logs pod/mysql-0").await;
        let tails = k8s.asked();
        let tails: Vec<&str> = tails[before..].iter().filter_map(|asked| asked.query("tailLines")).collect();
        assert_eq!(tails, asked, "{bytes}");
        assert!(
            reply.starts_with(&format!("#### mysql-0（app）日志的最后 {shown} 行")),
            "{bytes}: {}",
            reply.lines().next().unwrap_or_default()
        );
    }
    k8s.world().logs.insert(("mysql-0".into(), "app".into(), false), "z".repeat(9_000_000));
    insta::assert_snapshot!(ask(&mut chat, "k8s logs pod/mysql-0").await, @"
    #### k8s logs：未能完成

    Kubernetes 返回的内容太多，没有读完，请缩小范围。

    @0147000002
    ");
}

#[tokio::test]
async fn what_is_grey_in_a_log_is_shown_as_well() {
    let (mut chat, k8s) = start().await;
    let log =
        "one\n\u{1b}[38;5;8m12:00:01\u{1b}[0m ERROR disk full\n\u{1b}[90;48;5;8mpanic: out of memory\ntwo\n";
    k8s.world().logs.insert(("mysql-0".into(), "app".into(), false), log.into());
    insta::assert_snapshot!(ask(&mut chat, "k8s logs pod/mysql-0").await, @"
    #### mysql-0（app）日志的最后 4 行

    ```
    one
    12:00:01 ERROR disk full
    panic: out of memory
    two
    ```

    - 再看日志：**k8s logs pod/mysql-0 --lines 30 --namespace prod**
    - 诊断：**k8s describe pod/mysql-0 --namespace prod**

    @0147000002
    ");
}
