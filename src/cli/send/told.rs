//! Why a message did not arrive, or perhaps not, and what to do about it: one line for who reads a CI log, in the
//! language of the settings. The advice is that of the way the message went; no other is configured here.

use super::{Send, Target};
use crate::{
    cli::CliError,
    config::Settings,
    dingtalk::{
        deliver::Undelivered,
        error::{Cause, DeliveryError, Unreached},
    },
    locale::Locale,
    text,
};

/// What a sentence needs to know.
pub(super) struct Teller<'s> {
    to: &'s str,
    target: &'s Target,
    /// Whether the settings have its id, or the command line.
    is_named: bool,
    /// Who was asked.
    host: &'s str,
    locale: Locale,
}

impl<'s> Teller<'s> {
    pub(super) fn new(send: &'s Send, target: &'s Target, settings: &'s Settings) -> Self {
        let url = match target {
            Target::Robot(..) => &settings.dingtalk.oapi,
            Target::Address(_) => &settings.dingtalk.api,
        };
        let is_named = match send.to.split_once(':') {
            Some(("group", name)) => settings.groups.contains_key(name),
            Some(("person", name)) => settings.people.contains_key(name),
            _ => true,
        };
        let host = url.host_str().unwrap_or_default();
        Self { to: &send.to, target, is_named, host, locale: settings.locale }
    }

    /// The line, and by its kind the exit code.
    pub(super) fn tell(&self, undelivered: &Undelivered) -> CliError {
        let why = match undelivered {
            Undelivered::Failed { error, .. } => self.reason(error),
            no_way => no_way.to_string(),
        };
        let why: String = why.chars().map(|c| if text::is_control(c) { ' ' } else { c }).collect();
        let values: [(&str, &dyn std::fmt::Display); 2] = [("to", &self.to), ("why", &why)];
        match undelivered.may_have_arrived() {
            true => CliError::Unknown(self.locale.say("sending.perhaps", &values)),
            false => CliError::NotDelivered(self.locale.say("sending.surely", &values)),
        }
    }

    fn reason(&self, error: &DeliveryError) -> String {
        let host = &self.host;
        match error {
            DeliveryError::NotConnected(error) => {
                let key = if is_tls(error) { "sending.no_tls" } else { "sending.not_connected" };
                self.locale.say(key, &[("host", host), ("error", error)])
            }
            DeliveryError::AnswerLost(error) if is_late(error) => {
                self.locale.say("sending.answer_late", &[("host", host)])
            }
            DeliveryError::AnswerLost(error) => {
                self.locale.say("sending.answer_lost", &[("host", host), ("error", error)])
            }
            DeliveryError::NotDingTalk { status, excerpt, .. } => {
                let what = match excerpt.as_str() {
                    "" => self.locale.say("sending.empty", &[]),
                    "processQueryKey is not there" => self.locale.say("sending.no_query_key", &[]),
                    excerpt if excerpt.starts_with("expected accessToken") => {
                        self.locale.say("sending.not_a_token", &[])
                    }
                    excerpt => excerpt.to_owned(),
                };
                self.locale
                    .say("sending.not_dingtalk", &[("host", host), ("status", status), ("what", &what)])
            }
            DeliveryError::NoToken(error) => {
                self.locale.say("sending.no_token", &[("why", &self.reason(error))])
            }
            DeliveryError::NotReached(Unreached::Unknown) => self.advice(Cause::StaffId),
            DeliveryError::NotReached(Unreached::FlowControlled) => {
                self.locale.say("sending.flow_controlled", &[])
            }
            DeliveryError::Refused { status, code, message, cause, .. } => {
                // The old API refuses with HTTP 200: nothing to look at.
                let http = if *status == 200 { String::new() } else { format!("HTTP {status}, ") };
                // What might hold a secret is all stars.
                let message = match message.as_str() {
                    "" | "***" => String::new(),
                    message => self.locale.say("reply.colon", &[]) + message,
                };
                let answer = format!("{http}{code}{message}");
                self.locale.say("sending.refused", &[("advice", &self.advice(*cause)), ("answer", &answer)])
            }
            // What a process that sends one message does not meet.
            other => other.to_string(),
        }
    }

    /// What it means, and what to do.
    fn advice(&self, cause: Cause) -> String {
        let cause = match (self.target, cause) {
            // The same code for both webhooks (protocol.md 4).
            (Target::Robot(..), Cause::SessionGone) => Cause::TokenUnknown,
            (Target::Address(_), Cause::SessionGone) => Cause::Conversation,
            (Target::Address(_), Cause::TokenUnknown) => Cause::RobotCode,
            // 20 messages a minute are a custom robot's.
            (Target::Address(_), Cause::TooFast) => Cause::Throttled,
            // A signature that is missing lacks the time as well.
            (Target::Robot(_, robot), Cause::Timestamp) if robot.secret.is_none() => Cause::Signature,
            (_, cause) => cause,
        };
        let key = match (self.target, cause) {
            (Target::Robot(_, robot), Cause::Keyword) if robot.keywords.is_empty() => {
                "sending.keywords_missing"
            }
            (Target::Robot(..), Cause::Keyword) => "sending.keywords_wrong",
            (Target::Address(_), Cause::Keyword) => "sending.keyword_of_the_app",
            (Target::Robot(_, robot), Cause::Signature) if robot.secret.is_none() => "sending.secret_missing",
            (Target::Robot(..), Cause::Signature) => "sending.secret_wrong",
            (Target::Robot(..), Cause::Address) => "sending.address_of_the_robot",
            (Target::Address(_), Cause::Address) => "sending.address_of_the_app",
            (Target::Robot(..), Cause::Security) => "sending.security",
            (Target::Robot(..), Cause::TooFast) => "sending.too_fast",
            (Target::Robot(..), Cause::TokenUnknown) => "sending.token_unknown",
            (Target::Address(_), Cause::Conversation) if !self.is_named => "sending.conversation_given",
            (Target::Address(_), Cause::StaffId) if !self.is_named => "sending.staff_id_given",
            _ => return cause.meaning(self.locale),
        };
        let section = match self.target {
            Target::Robot(name, _) => format!("[robots.{name}]"),
            Target::Address(_) => String::new(),
        };
        self.locale.say(key, &[("robot", &section)])
    }
}

/// Whether nothing came, as this program says it or its client.
fn is_late(error: &str) -> bool {
    ["in time", "timed out"].iter().any(|words| error.contains(words))
}

/// Whether the other side was there, and it was the encryption that failed.
fn is_tls(error: &str) -> bool {
    ["certificate", "tls", "fatal alert", "peer is incompatible", "corrupt message"]
        .iter()
        .any(|word| error.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dingtalk::robot::Address;

    /// Waiting for them would take longer than all other tests.
    #[test]
    fn an_answer_that_does_not_come_has_a_sentence() {
        let target = Target::Address(Address::Group("cid".into()));
        let host = "api.dingtalk.com";
        let teller = Teller { to: "group:ops", target: &target, is_named: true, host, locale: Locale::Zh };
        for error in ["none came in time", "error sending request: operation timed out"] {
            let told = teller.reason(&DeliveryError::AnswerLost(error.into()));
            assert_eq!(told, "没有在时限内收到 api.dingtalk.com 的应答", "{error}");
        }
        let told = teller.reason(&DeliveryError::AnswerLost("connection reset".into()));
        assert_eq!(told, "与 api.dingtalk.com 的连接中断，没有收到完整的应答（connection reset）");
    }
}
