//! Purpose: tell the address this function calls out from, which allow-lists of DingTalk (服务器出口IP) and others need.

use std::{net::Ipv4Addr, time::Duration};

use serde::Serialize;
use url::Url;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError},
    outbound::OutboundError,
    reply::Reply,
};

/// How long one service may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// An IPv4 address has at most 15 characters; a service may add a line break.
const MAX_ANSWER: usize = 64;

/// The address this function calls out from
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ip {}

impl Command for Ip {
    const PATH: &'static [&'static str] = &["ip"];
    const ALIASES: &'static [&'static str] = &["出口IP", "出口 IP", "出口地址"];
    const EFFECT: Effect = Effect::Read;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        let mut failures: Vec<(String, String)> = Vec::new();
        ctx.progress.waits_for(say("ip.waiting"));
        for service in &ctx.settings.ip.services {
            match ask(service, ctx).await {
                Ok(address) => {
                    let stays = if ctx.settings.ip.static_ip { "ip.static" } else { "ip.may_change" };
                    let reply = Reply::new(address.to_string()).text(say("ip.text")).note(say(stays));
                    return Ok(if failures.is_empty() {
                        reply
                    } else {
                        reply.text(say("ip.some_failed")).fields(failures)
                    });
                }
                Err(why) => failures.push((name(service), why)),
            }
        }
        let colon = ctx.locale.say("reply.colon", &[]);
        let lines =
            failures.iter().map(|(service, why)| format!("· {service}{colon}{why}\n")).collect::<String>();
        Err(UserError(format!("{}\n{lines}{}", say("ip.all_failed"), say("ip.no_way_out"))).into())
    }
}

/// A service as it is named to the reader: an address may hold a key in its path or query.
fn name(service: &Url) -> String {
    service.host_str().unwrap_or_default().to_owned()
}

async fn ask(service: &Url, ctx: &Ctx) -> Result<Ipv4Addr, String> {
    let by = ctx.clock.now() + PATIENCE;
    let answer = match ctx.clock.within(by, ctx.outbound.get(service.clone(), MAX_ANSWER)).await {
        None => return Err(ctx.locale.say("ip.slow", &[("seconds", &PATIENCE.as_secs())])),
        Some(Err(error)) => return Err(why(service, &error, ctx)),
        Some(Ok(answer)) => answer,
    };
    let address = std::str::from_utf8(&answer).ok().and_then(|text| text.trim().parse().ok());
    address.ok_or_else(|| ctx.locale.say("ip.not_ipv4", &[]))
}

/// Why a service gave no answer, for the chat; the rest is for the log.
fn why(service: &Url, error: &OutboundError, ctx: &Ctx) -> String {
    match error {
        OutboundError::Unsent(detail) | OutboundError::Untrusted(detail) | OutboundError::Failed(detail) => {
            tracing::warn!(service = name(service), detail, "no answer from an ip service");
            ctx.locale.say("ip.unreachable", &[])
        }
        OutboundError::Status(status) => ctx.locale.say("ip.status", &[("status", status)]),
        OutboundError::Late | OutboundError::TooLong(_) => ctx.locale.say("ip.not_ipv4", &[]),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::{Answer, Chat, Service, alice, nobody};

    /// A chat whose bot asks these services.
    async fn chat(services: &[&Service], static_ip: bool) -> Chat {
        let services: Vec<String> =
            services.iter().map(|service| format!("'{}/ip'", service.origin())).collect();
        Chat::with(&format!("[ip]\nservices = [{}]\nstatic_ip = {static_ip}", services.join(", "))).await
    }

    async fn service(status: u16, body: &str) -> Service {
        Service::answering(Answer::Body(status, body.to_owned())).await
    }

    #[tokio::test]
    async fn the_first_that_knows() {
        let (first, second) = (service(200, "203.0.113.7\n").await, Service::start().await);
        let mut chat = chat(&[&first, &second], false).await;
        chat.say(alice(), "出口ip").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 203.0.113.7

        这是机器人访问外网时的出口 IP，可填入钉钉开放平台的「服务器出口IP」或其他系统的白名单。

        > 此地址随时可能变化。需要长期加白名单时，请让函数经 NAT 网关使用固定出口，并在配置中设置 static&#95;ip = true。

        @0147000002
        ");
        assert_eq!(first.requests(), ["GET /ip"]);
        assert!(second.requests().is_empty());
    }

    #[tokio::test]
    async fn an_address_that_stays() {
        let service = service(200, "203.0.113.7").await;
        let mut chat = chat(&[&service], true).await;
        chat.say(alice(), "ip").await;
        insta::assert_snapshot!(chat.read(), @"
        #### 203.0.113.7

        这是机器人访问外网时的出口 IP，可填入钉钉开放平台的「服务器出口IP」或其他系统的白名单。

        > 此地址固定不变（配置中 static&#95;ip = true）。

        @0147000002
        ");
    }

    #[tokio::test]
    async fn only_an_ipv4_address_will_do() {
        for body in
            ["2001:db8::1", "203.0.113.256", "203.0.113", "<html>203.0.113.7</html>", "", "1.2.3.4 5.6.7.8"]
        {
            let (bad, good) = (service(200, body).await, service(200, "203.0.113.7").await);
            let mut chat = chat(&[&bad, &good], false).await;
            chat.say(alice(), "ip").await;
            let reply = chat.read();
            assert!(
                reply.contains("203.0.113.7") && reply.contains("返回的不是 IPv4 地址"),
                "{body}: {reply}"
            );
        }
    }

    #[tokio::test]
    async fn which_failed_and_how() {
        let too_long = service(200, &"1".repeat(100)).await;
        let moved = Service::answering(Answer::Redirect("http://203.0.113.9/".to_owned())).await;
        let closed = Service::answering(Answer::Close).await;
        let mut chat = chat(&[&service(500, "203.0.113.7").await, &moved, &too_long, &closed], false).await;
        chat.say(alice(), "ip").await;
        insta::assert_snapshot!(chat.read(), @"
        #### ip：未能完成

        没有查到出口 IP，所有查询服务都没有给出结果：  
          · 127.0.0.1：返回 HTTP 500  
          · 127.0.0.1：返回 HTTP 302  
          · 127.0.0.1：返回的不是 IPv4 地址  
          · 127.0.0.1：无法连接  
          函数可能无法访问外网（例如位于没有 NAT 网关的 VPC 中），请联系管理员；查询服务可在 dingops.toml 的 ip.services 中更换。

        @0147000002
        ");
    }

    #[tokio::test]
    async fn a_service_has_two_seconds() {
        let slow = Service::answering(Answer::Hang).await;
        let good = service(200, "203.0.113.7").await;
        let mut chat = chat(&[&slow, &good], false).await;
        let clock = chat.clock().clone();
        tokio::join!(chat.say(alice(), "ip"), clock.pass(Duration::from_secs(3)));
        insta::assert_snapshot!(chat.read(), @"
        #### 203.0.113.7

        这是机器人访问外网时的出口 IP，可填入钉钉开放平台的「服务器出口IP」或其他系统的白名单。

        > 此地址随时可能变化。需要长期加白名单时，请让函数经 NAT 网关使用固定出口，并在配置中设置 static&#95;ip = true。

        以下服务没有给出结果：

        - **127.0.0.1**：2 秒内没有响应

        @0147000002
        ");
    }

    #[tokio::test]
    async fn what_takes_many_slow_services_is_told() {
        let mut services = Vec::new();
        for _ in 0..6 {
            services.push(Service::answering(Answer::Hang).await);
        }
        let mut chat = chat(&services.iter().collect::<Vec<_>>(), false).await;
        let clock = chat.clock().clone();
        tokio::select! {
            () = chat.say(alice(), "ip") => {}
            () = async { loop { clock.pass(Duration::from_secs(3)).await } } => {}
        }
        insta::assert_snapshot!(chat.read(), @"
        #### 还在执行

        正在等待：出口 IP 查询服务的回应

        @0147000002
        ");
        assert!(chat.read().starts_with("#### ip：未能完成"));
    }

    #[tokio::test]
    async fn members_only() {
        let mut chat = Chat::start().await;
        chat.say(nobody(), "ip").await;
        insta::assert_snapshot!(chat.read(), @"
        #### ip：无权执行

        这条消息没有带员工 ID（staffId），无法确认你是组织成员：机器人所属的应用还没有发布版本（请让管理员发布），或者你不属于该组织。发送「我是谁」可以查看。

        @无名
        ");
    }
}
