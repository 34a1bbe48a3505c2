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
        Self { to: &send.to, target, host: url.host_str().unwrap_or_default(), locale: settings.locale }
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
                self.locale.say("sending.not_connected", &[("host", host), ("error", error)])
            }
            DeliveryError::AnswerLost(error) => {
                self.locale.say("sending.answer_lost", &[("host", host), ("error", error)])
            }
            DeliveryError::NotDingTalk { status, excerpt, .. } => self
                .locale
                .say("sending.not_dingtalk", &[("host", host), ("status", status), ("excerpt", excerpt)]),
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
                let colon =
                    if message.is_empty() { String::new() } else { self.locale.say("reply.colon", &[]) };
                let answer = format!("{http}{code}{colon}{message}");
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
            _ => return cause.meaning(self.locale),
        };
        let section = match self.target {
            Target::Robot(name, _) => format!("[robots.{name}]"),
            Target::Address(_) => String::new(),
        };
        self.locale.say(key, &[("robot", &section)])
    }
}
