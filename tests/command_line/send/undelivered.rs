//! How it ends where a message does not arrive, or perhaps not: an exit code, and one line with why and what to do.

use serde_json::json;
use simulator::{AnswerFault, Endpoint, TOKEN};
use tokio::io::AsyncWriteExt;

use super::{Dingtalk, failed};
use crate::program::{File, run};

#[tokio::test]
async fn what_is_not_delivered_says_why_and_what_to_do() {
    let dingtalk = Dingtalk::start().await;
    let hello = ["--text", "hello"];
    dingtalk.simulator.organise(|organisation| organisation.custom_robots[0].keywords = vec!["监控".into()]);
    let ended = dingtalk.send(&hello).await;
    failed(
        &ended,
        1,
        &["robot:ops: not delivered: the robot wants a keyword and [robots.ops] has none", "310000"],
    );
    dingtalk.simulator.fail_next(AnswerFault::Code("400102".into()));
    failed(&dingtalk.send(&hello).await, 1, &["400102", "have an administrator enable it"]);
    let broken = r#"{"errcode":999999,"errmsg":"two\nlines"}"#;
    dingtalk.simulator.fail_next(AnswerFault::Answer(200, broken.into()));
    failed(&dingtalk.send(&hello).await, 1, &["999999: two lines"]);
    dingtalk.simulator.forget();
}

/// The advice is that of the way it went, and of what the settings say of it.
#[tokio::test]
async fn the_advice_fits_the_way() {
    let (none, wrong) = ("", "secret = \"SEC0000000000000000\"\nkeywords = [\"报警\"]");
    for (robot, code, message, says) in [
        (none, "310000", "sign not match", "[robots.ops] has no secret"),
        (none, "310000", "description:机器人发送签名过期;", "[robots.ops] has no secret"),
        (wrong, "310000", "sign not match", "the secret of [robots.ops] is not this robot's"),
        (wrong, "310000", "invalid timestamp", "set this machine's clock"),
        (none, "310000", "keywords not in content", "[robots.ops] has none; set keywords"),
        (wrong, "310000", "keywords not in content", "none of the keywords of [robots.ops]"),
        (none, "310000", "ip 203.0.113.7 not in whitelist", "安全设置 > IP地址（段）"),
        (none, "310000", "something new", "a security setting (安全设置)"),
        (none, "300001", "session 不存在", "no robot with the token of [robots.ops]"),
        (none, "300005", "token is not exist", "no robot with the token of [robots.ops]"),
        (none, "130101", "send too fast", "DingTalk takes none for ten minutes"),
        (none, "660026", "send too fast", "DingTalk takes none for ten minutes"),
        (none, "460101", "message too long", "the message is too long"),
        (none, "40035", "缺少参数 json", "not of the form"),
    ] {
        let dingtalk = Dingtalk::saying("en", robot).await;
        let body = json!({ "errcode": code, "errmsg": message }).to_string();
        dingtalk.simulator.fail_next(AnswerFault::Answer(200, body));
        let ended = dingtalk.send(&["--text", "hello"]).await;
        failed(&ended, 1, &[says, &format!("(DingTalk answered {code}: {message})")]);
        assert!(!ended.err.contains("session webhook") && !ended.err.contains("出口IP"), "{}", ended.err);
        dingtalk.simulator.forget();
    }
    let dingtalk = Dingtalk::start().await;
    for (code, says) in [
        ("Forbidden.AccessDenied.IpNotInWhiteList", "服务器出口IP"),
        ("session.expired", "there is no such conversation"),
        ("keywords.not.match", "write it into the text"),
        ("send.too.fast", "too many calls a second"),
        ("invalidParameter.invalid", "DINGTALK_ROBOT_CODE"),
    ] {
        dingtalk.simulator.fail_next(AnswerFault::Code(code.into()));
        let ended = dingtalk.send_by_openapi(&["--to", "group:ops", "--text", "hello"]).await;
        failed(&ended, 1, &[says, &format!(" {code}: ")]);
        assert!(!ended.err.contains("session webhook") && !ended.err.contains("[robots"), "{}", ended.err);
    }
    let flow_controlled = r#"{"processQueryKey":"x","flowControlledStaffIdList":["0147000002"]}"#;
    dingtalk.simulator.fail_next(AnswerFault::Answer(200, flow_controlled.into()));
    let ended = dingtalk.send_by_openapi(&["--to", "person:alice", "--text", "hello"]).await;
    failed(&ended, 1, &["this person got too many messages"]);
    dingtalk.simulator.forget();
}

#[tokio::test]
async fn the_reason_is_told_in_the_language_of_the_settings() {
    let dingtalk = Dingtalk::saying("zh", "").await;
    let ended = dingtalk.send(&["--text", "hello"]).await;
    insta::assert_snapshot!(ended.err, @"dingops: 发往 robot:ops 的消息没有送达：机器人开启了加签，而 [robots.ops] 没有 secret；请填上它「安全设置」里加签的密钥（SEC 开头）。钉钉返回 310000：sign not match");
    dingtalk.simulator.fail_next(AnswerFault::Code("400106".into()));
    insta::assert_snapshot!(dingtalk.send(&["--text", "hello"]).await.err, @"dingops: 发往 robot:ops 的消息没有送达：机器人已不在群里；请在群设置里重新添加。钉钉返回 400106：机器人不存在");
    let ended = dingtalk.send_by_openapi(&["--to", "person:0000", "--text", "hello"]).await;
    insta::assert_snapshot!(ended.err, @"dingops: 发往 person:0000 的消息没有送达：没有这个员工 ID，或者应用对他不可见；请核对 --to 里的员工 ID。钉钉返回 HTTP 400, staffId.notExisted：staffId不存在");
    (0..3).for_each(|_| dingtalk.simulator.fail_next(AnswerFault::Answer(200, "<html>".into())));
    insta::assert_snapshot!(dingtalk.send(&["--text", "hello"]).await.err, @"dingops: 发往 robot:ops 的消息可能已经送达，重发前请先到会话里确认：127.0.0.1 返回 HTTP 200，不是钉钉的应答，可能来自代理、防火墙或封禁页；请检查本机的网络出口和 dingtalk.oapi、dingtalk.api 的地址。收到的是：<html>");
    dingtalk.simulator.fail_next(AnswerFault::TurnAway(302, String::new()));
    failed(&dingtalk.send(&["--text", "hello"]).await, 1, &["HTTP 302", "收到的是：空内容\n"]);
    dingtalk.simulator.fail_next(AnswerFault::Code("430101".into()));
    failed(&dingtalk.send(&["--text", "hello"]).await, 1, &["请去掉或更换链接后重发。钉钉返回 430101"]);
    dingtalk.simulator.fail_next(AnswerFault::Code("999999".into()));
    failed(&dingtalk.send(&["--text", "hello"]).await, 1, &["请按钉钉返回的说明处理"]);
    dingtalk.simulator.forget();
}

/// Nothing of ours is in English where the reader's language is another.
#[tokio::test]
async fn an_answer_that_is_none_has_a_sentence() {
    let dingtalk = Dingtalk::saying("zh", "").await;
    let to_group = ["--to", "group:ops", "--text", "hello"];
    dingtalk.simulator.fail_next_at(Endpoint::GroupMessages, AnswerFault::Answer(200, "{}".into()));
    let ended = dingtalk.send_by_openapi(&to_group).await;
    failed(&ended, 3, &["收到的是：没有 processQueryKey 的 JSON\n"]);
    for _ in 0..3 {
        dingtalk.simulator.fail_next_at(Endpoint::AccessToken, AnswerFault::Answer(200, "{}".into()));
    }
    failed(
        &dingtalk.send_by_openapi(&to_group).await,
        1,
        &["收到的是：没有 accessToken 和 expireIn 的 JSON\n"],
    );
    dingtalk
        .simulator
        .fail_next_at(Endpoint::AccessToken, AnswerFault::Code("invalidClientIdOrSecret".into()));
    failed(&dingtalk.send_by_openapi(&to_group).await, 1, &["钉钉返回 HTTP 400, invalidClientIdOrSecret\n"]);
    dingtalk.simulator.fail_next_at(Endpoint::GroupMessages, AnswerFault::Reset);
    failed(&dingtalk.send_by_openapi(&to_group).await, 3, &["与 127.0.0.1 的连接中断，没有收到完整的应答"]);
    dingtalk.simulator.forget();
}

#[tokio::test]
async fn a_connection_that_is_not_encrypted_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let toml = format!("[dingtalk]\noapi = 'https://{address}'\n[robots.ops]\ntoken = '{TOKEN}'");
    let settings = File::new("toml", &toml);
    let plain = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let ended = tokio::task::spawn_blocking(move || {
        run(&["send", "--to", "robot:ops", "--text", "x"], &[("DINGOPS_CONFIG", settings.path())])
    });
    failed(&ended.await.expect("it ended"), 1, &["127.0.0.1 连得上，但 TLS 加密没有建立"]);
    plain.abort();
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown() {
    let dingtalk = Dingtalk::start().await;
    dingtalk.simulator.fail_every(Some(AnswerFault::Reset));
    let ended = dingtalk.send(&["--text", "hello"]).await;
    failed(&ended, 3, &["robot:ops: it may have arrived, look before you send it again"]);
    assert_eq!(std::iter::from_fn(|| dingtalk.simulator.read()).count(), 1, "and it did, once");
    dingtalk.simulator.fail_every(None);
    dingtalk.simulator.fail_next(AnswerFault::Reset);
    dingtalk.message(&["--text", "hello"]).await;
}

#[test]
fn no_connection_is_not_delivered() {
    let toml = format!("[dingtalk]\noapi = 'http://127.0.0.1:1'\n[robots.ops]\ntoken = '{TOKEN}'");
    let settings = File::new("toml", &toml);
    let arguments = ["send", "--to", "robot:ops", "--text", "hello"];
    failed(&run(&arguments, &[("DINGOPS_CONFIG", settings.path())]), 1, &["连不上 127.0.0.1"]);
}
