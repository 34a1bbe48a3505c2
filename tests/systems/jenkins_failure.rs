//! Conversations with a Jenkins that does not do what it is asked for.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;

use crate::{
    fakes::{
        Answer, Fault,
        jenkins::{TOKEN, USER},
    },
    jenkins::start,
    talk::{ask, ask_in_vain, coded},
};

#[tokio::test]
async fn what_jenkins_does_not_do() {
    let (mut chat, jenkins) = start().await;
    let mut told = String::new();
    let page = |status| Answer::page(status, "Oops");
    for answer in [
        page(401),
        page(403),
        page(302),
        page(500),
        page(418),
        page(429).with("retry-after", "30"),
        Answer::json(422, &serde_json::json!({ "message": "no\n such *thing*" })),
        Answer::text(200, "<html>"),
    ] {
        jenkins.fail_next(Method::GET, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, "jenkins jobs").await);
    }
    insta::assert_snapshot!(told, @"
    #### jenkins jobs：未能完成

    Jenkins 不接受机器人的凭据（HTTP 401），请管理员更换。

    @0147000002#### jenkins jobs：未能完成

    机器人在 Jenkins 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 要求跳转到别处（HTTP 302），请管理员检查地址和凭据。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 出错了（HTTP 500），请稍后再试。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 拒绝了请求（HTTP 418）。

    @0147000002#### jenkins jobs：未能完成

    对 Jenkins 的请求太频繁，请 30 秒后再试。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 认为请求有误（HTTP 422）。它的说明：no such &#42;thing&#42;

    @0147000002#### jenkins jobs：未能完成

    Jenkins 的回应不是预期的格式，请管理员查看日志。

    @0147000002
    ");
}

#[tokio::test]
async fn a_read_is_tried_twice_and_a_write_once() {
    let (mut chat, jenkins) = start().await;
    jenkins.fail_next(Method::GET, Fault::Answer(Answer::page(503, "")));
    let reply = ask(&mut chat, "jenkins jobs").await;
    assert!(reply.contains("old"), "{reply}");
    let card = ask(&mut chat, "jenkins build team/api").await;
    jenkins.fail_next(Method::POST, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins build：结果未知，可能已经执行

    没有等到 Jenkins 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**jenkins status team/api**

    @0147000002
    ");
    assert_eq!(jenkins.writes().len(), 1);
    let card = ask(&mut chat, "jenkins build team/web").await;
    jenkins
        .fail_next(Method::POST, Fault::Answer(Answer::page(403, "bot is missing the Job/Build permission")));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins build：未能完成

    机器人在 Jenkins 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002
    ");
    assert_eq!(jenkins.writes().len(), 2);
}

#[tokio::test]
async fn what_a_gateway_answers_leaves_a_write_open() {
    let (mut chat, jenkins) = start().await;
    let page = |status| Answer::page(status, "Oops");
    let open = [408, 499, 500, 502, 503, 504, 507, 520, 524].map(|status| (page(status), true));
    let refused = [400, 404, 409, 501, 505].map(|status| (page(status), false));
    let of_503 = [
        (page(503).with("retry-after", "30"), false),
        // Some tell it with whatever they answer.
        (page(503).with("x-ratelimit-reset", "30"), true),
    ];
    for (answer, is_open) in open.into_iter().chain(refused).chain(of_503) {
        let card = ask(&mut chat, "jenkins build team/api").await;
        jenkins.fail_next(Method::POST, Fault::Answer(answer.clone()));
        let reply = ask(&mut chat, &coded(&card)).await;
        assert_eq!(reply.contains("结果未知"), is_open, "{answer:?}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
    for (status, asked) in [(408, 2), (502, 2), (524, 2), (400, 1), (500, 1), (501, 1)] {
        let before = jenkins.asked().len();
        jenkins.fail_next(Method::GET, Fault::Answer(page(status)));
        ask(&mut chat, "jenkins jobs").await;
        assert_eq!(jenkins.asked().len() - before, asked, "{status}");
    }
}

#[tokio::test]
async fn what_jenkins_was_signed_in_with_is_not_repeated() {
    let (mut chat, jenkins) = start().await;
    let both = format!("{USER}:{TOKEN}");
    for echoed in [
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        BASE64_STANDARD.encode(&both),
        BASE64_STANDARD.encode(TOKEN),
        format!("u={USER}%3A{TOKEN}"),
    ] {
        let answer = Answer::json(400, &serde_json::json!({ "message": format!("no <{echoed}> here") }));
        jenkins.fail_next(Method::GET, Fault::Answer(answer));
        let reply = ask(&mut chat, "jenkins jobs").await;
        assert!(reply.contains("***") || reply.contains("&#42;&#42;&#42;"), "{reply}");
        assert!(reply.contains("here") && !reply.contains(&echoed[echoed.len() / 3..]), "{reply}");
    }
}

#[tokio::test]
async fn a_redirect_is_no_promise() {
    let (mut chat, jenkins) = start().await;
    let to = |location: &str| Fault::Answer(Answer::text(302, "").with("location", location));
    for (location, told) in [
        ("https://sso.example.com/login?next=%2Fjob%2Fteam", "要求跳转到别处（HTTP 302）"),
        ("/securityRealm/commenceLogin", "要求跳转到别处（HTTP 302）"),
        ("/login?from=%2Fjob%2Fteam%2Fjob%2Fapi%2Fbuild", "要求跳转到别处（HTTP 302）"),
        (".", "没有把 team/api 排进队列"),
        ("https://ci.processor.example.com/queue/item/913/", "排队"),
    ] {
        let card = ask(&mut chat, "jenkins build team/api").await;
        jenkins.fail_next(Method::POST, to(location));
        let reply = ask(&mut chat, &coded(&card)).await;
        assert!(reply.contains(told), "{location}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_jenkins_that_hangs() {
    let (mut chat, jenkins) = start().await;
    jenkins.fail_next(Method::GET, Fault::Hang);
    jenkins.fail_next(Method::GET, Fault::Hang);
    let reply = ask_in_vain(&mut chat, "jenkins jobs", "Jenkins").await;
    insta::assert_snapshot!(reply, @"
    #### jenkins jobs：未能完成

    没有等到 Jenkins 的完整回应，它可能正忙，或者网络不稳。请稍后再试；仍然不行，请管理员检查它的负载和网络。

    @0147000002
    ");
}

#[tokio::test]
async fn what_is_not_allowed_is_named() {
    let (mut chat, jenkins) = start().await;
    let card = ask(&mut chat, "jenkins build team/api").await;
    let denied = Answer::page(403, "Access Denied").with("x-required-permission", "hudson.model.Item.Build");
    jenkins.fail_next(Method::POST, Fault::Answer(denied));
    let reply = ask(&mut chat, &coded(&card)).await;
    assert!(reply.contains("hudson.model.Item.Build"), "{reply}");
    // A password where an API token should be.
    let card = ask(&mut chat, "jenkins build team/web").await;
    let crumb = Answer::page(403, "HTTP ERROR 403 No valid crumb was included in the request");
    jenkins.fail_next(Method::POST, Fault::Answer(crumb));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins build：未能完成

    机器人在 Jenkins 上没有这项权限（HTTP 403），请管理员授权。它的说明：No valid crumb was included in the request

    @0147000002
    ");
}
