//! Why a message did not reach DingTalk, or may not have, and what can be done about it (protocol.md 3 to 5).

mod judge;

use std::{fmt, time::Duration};

use serde_json::Value;

pub(super) use self::judge::{QUERY_KEY, judge_new, judge_old};
use crate::{locale::Locale, text};

/// A message that was not, or perhaps not, delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No connection was made: nothing was posted.
    #[error("no connection to DingTalk: {0}")]
    NotConnected(String),
    /// The request was never sent.
    #[error("the message was not sent: {0}")]
    NotSent(String),
    /// The request may have arrived; the answer did not, or contradicts itself.
    #[error("no usable answer: {0}")]
    AnswerLost(String),
    /// DingTalk answered with an error code.
    #[error("DingTalk answered HTTP {status}, {code}: {message}")]
    Refused {
        /// HTTP status
        status: u16,
        /// `errcode`, or `code` of the OpenAPI; what stands for it where there is none
        code: String,
        /// `errmsg` or `message`, cut
        message: String,
        /// What it means
        cause: Cause,
        /// For how many seconds DingTalk asks to wait, where it does
        wait: Option<u64>,
    },
    /// The answer was not one of DingTalk's API: a ban page, a proxy.
    #[error("expected JSON of DingTalk, came HTTP {status} with {} (a ban page or a proxy?): {excerpt}", kind(*.json))]
    NotDingTalk {
        /// HTTP status
        status: u16,
        /// Whether it was JSON at all
        json: bool,
        /// Its beginning
        excerpt: String,
    },
    /// There is no access token: nothing was posted.
    #[error("no access token: {0}")]
    NoToken(Box<DeliveryError>),
    /// The custom robot has sent as much as it may: nothing was posted.
    #[error("the robot sent 20 messages in a minute and may send the next in {wait} s, which is too late")]
    Paced {
        /// Seconds.
        wait: u64,
    },
    /// DingTalk takes nothing of the custom robot for a while: nothing was posted.
    #[error("nothing is sent by this robot for another {wait} s")]
    Resting {
        /// Seconds.
        wait: u64,
        /// What DingTalk said.
        cause: Cause,
    },
    /// The OpenAPI took the message, and did not deliver it to this person.
    #[error("DingTalk did not deliver the message to {0}")]
    NotReached(Unreached),
}

/// Why a person was not reached although the call was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// In `invalidStaffIdList`.
    #[error("the staff id: there is no such member, or the app is not visible to them")]
    Unknown,
    /// In `flowControlledStaffIdList`.
    #[error("the staff id: they got too many messages of this robot")]
    FlowControlled,
}

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The same once more, after a pause.
    Retry,
    /// Another way, if there is one; the same way is of no use now.
    OtherWay,
    /// Nothing: it would be refused by every way.
    Final,
    /// Nothing, since it may have been delivered.
    Unknown,
}

/// Seconds. Nobody waits that long for a reply.
const LONGEST_WAIT: u64 = 3600;

/// Whether an HTTP status alone says that a request was turned away or sent elsewhere: nothing was delivered.
pub(super) fn is_turned_away(status: u16) -> bool {
    (300..500).contains(&status)
}

fn kind(json: bool) -> &'static str {
    if json { "other JSON" } else { "no JSON" }
}

impl DeliveryError {
    /// What an answer with a code says, masked by `show`. A code of the documents is shown as it is.
    fn refused(
        status: u16,
        code: &str,
        message: &str,
        json: Option<&Value>,
        show: impl Fn(&str) -> String,
    ) -> Self {
        let cause = Cause::of(code, message);
        let is_known = cause.codes().contains(&code) || code.len() <= 6 && code.parse::<i32>().is_ok();
        let code = if is_known { code.to_owned() } else { show(code) };
        let wait = json.and_then(|json| json.get("wait")?.as_u64());
        let (code, message) = (text::cut(&code, 80), text::cut(&show(message), 200));
        Self::Refused { status, cause, code, message, wait }
    }

    /// How long to wait before the next try, after so many. Longer each time, but as long as DingTalk says where it does.
    pub(super) fn pause(&self, tried: u32) -> Duration {
        let first = match self {
            Self::Refused { wait: Some(seconds), .. } => {
                return Duration::from_secs((*seconds).clamp(1, LONGEST_WAIT));
            }
            Self::Refused { cause: Cause::Busy | Cause::Gateway, .. } => 2,
            Self::NoToken(error) => return error.pause(tried),
            _ => 1,
        };
        Duration::from_secs(first << tried.saturating_sub(1).min(8))
    }

    /// What may be done about it.
    pub fn class(&self) -> Class {
        match self {
            Self::NotConnected(_) => Class::Retry,
            Self::NotDingTalk { status, .. } if is_turned_away(*status) => Class::OtherWay,
            Self::AnswerLost(_) | Self::NotDingTalk { .. } => Class::Unknown,
            // A server that failed in a way that nobody knows may have failed after it delivered.
            Self::Refused { status: 500.., cause: Cause::Other, .. } => Class::Unknown,
            Self::Refused { cause, .. } => cause.class(),
            // Of a token alone nothing was posted, whatever became of the request for it.
            Self::NoToken(error) => match error.class() {
                Class::Retry | Class::Unknown => Class::Retry,
                Class::OtherWay | Class::Final => Class::OtherWay,
            },
            Self::NotSent(_) | Self::NotReached(_) | Self::Paced { .. } | Self::Resting { .. } => {
                Class::OtherWay
            }
        }
    }

    /// What it means, and what the operator can do.
    pub fn remedy(&self, locale: Locale) -> String {
        if let Some(cause) = self.cause() {
            return cause.meaning(locale);
        }
        let key = match self {
            Self::NotSent(_) => "undelivered.not_sent",
            Self::AnswerLost(_) => "undelivered.answer_lost",
            Self::NotDingTalk { .. } => "undelivered.not_dingtalk",
            Self::Paced { .. } => Cause::TooFast.key(),
            Self::NotReached(Unreached::Unknown) => Cause::StaffId.key(),
            Self::NotReached(Unreached::FlowControlled) => "undelivered.flow_controlled",
            // A token that did not come is no message that may have arrived.
            _ => "undelivered.not_connected",
        };
        locale.say(key, &[])
    }

    /// Why DingTalk refused it, where it did.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Refused { cause, .. } | Self::Resting { cause, .. } => Some(*cause),
            Self::NoToken(error) => error.cause(),
            _ => None,
        }
    }
}

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $key:literal: $class:ident, [$($code:literal),* $(,)?],)+) => {
        /// Why DingTalk did not take a message: each code of protocol.md 3 to 5.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Cause {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The codes that say so.
            pub fn codes(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($code),*],)+
                }
            }

            /// What may be done about it.
            pub fn class(self) -> Class {
                match self {
                    $(Self::$variant => Class::$class,)+
                }
            }

            /// Its sentence in the locale files.
            fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)+
                }
            }
        }
    };
}

causes! {
    /// Busy.
    Busy = "dingtalk.busy": Retry, ["-1", "500100"],
    /// The OpenAPI failed on its side, perhaps after it delivered.
    Failed = "dingtalk.failed": Unknown, ["system.error", "ServiceUnavailable"],
    /// The session is over, or there is none.
    SessionGone = "dingtalk.session_gone": OtherWay, ["session.notExisted", "session.expired"],
    /// A required part of the body is not there or not right.
    Malformed = "dingtalk.malformed": OtherWay, ["40035", "400402", "invalidParameter.msgParam.invalid", "invalidParameter.msgKey.invalid"],
    /// The `Content-Type` is not JSON.
    ContentType = "dingtalk.content_type": OtherWay, ["43004", "Missingbody"],
    /// None of the custom robot's keywords is in the message.
    Keyword = "dingtalk.keyword": OtherWay, ["keywords.not.match"],
    /// The timestamp of the signature is over an hour off.
    Timestamp = "dingtalk.timestamp": OtherWay, [],
    /// The signature is not that of the robot's secret.
    Signature = "dingtalk.signature": OtherWay, [],
    /// The address this came from is not on the list.
    Address = "dingtalk.address": OtherWay, ["Forbidden.AccessDenied.IpNotInWhiteList"],
    /// A security setting of the custom robot, without saying which.
    Security = "dingtalk.security": OtherWay, ["310000"],
    /// There is no robot with this access token.
    TokenUnknown = "dingtalk.token_unknown": OtherWay, ["300005", "400101", "invalidParameter.invalid"],
    /// The group is disbanded.
    GroupDisbanded = "dingtalk.group_disbanded": Final, ["400013", "group.disbanded"],
    /// The robot is disabled.
    RobotDisabled = "dingtalk.robot_disabled": OtherWay, ["400102", "bot.stopped"],
    /// This way does not take this type of message.
    TypeUnsupported = "dingtalk.type_unsupported": OtherWay, ["400105"],
    /// The robot is not in the group.
    RobotRemoved = "dingtalk.robot_removed": OtherWay, ["400106"],
    /// More than 20 messages a minute: ten minutes of silence follow.
    TooFast = "dingtalk.too_fast": OtherWay, ["130101", "410100", "660026", "send.too.fast", "toomuch.msg"],
    /// More calls a second than the app may make.
    Throttled = "dingtalk.throttled": Retry, [
        "90018", "90002", "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "Forbidden.AccessDenied.QpsLimitForApi",
    ],
    /// A gateway in front of DingTalk turns this address away: it calls too often.
    Gateway = "dingtalk.gateway": Retry, ["x5", "429"],
    /// DingTalk's filter finds a link unsafe.
    UnsafeLink = "dingtalk.unsafe_link": Final, ["430101"],
    /// DingTalk's filter does not like the text.
    UnsafeText = "dingtalk.unsafe_text": Final, ["430102"],
    /// DingTalk's filter does not like a picture.
    UnsafePicture = "dingtalk.unsafe_picture": Final, ["430103"],
    /// DingTalk's filter does not like the message.
    UnsafeContent = "dingtalk.unsafe_content": Final, ["430104"],
    /// The message is too long.
    TooLong = "dingtalk.too_long": OtherWay, ["460101", "101002", "invalidParameter.msgParam.tooLong"],
    /// The month's quota of the organisation is used up.
    QuotaExhausted = "dingtalk.quota_exhausted": OtherWay, ["90020", "Forbidden.AccessDenied.ApiCountLimitForOrg"],
    /// The access token does not hold.
    NotAuthenticated = "dingtalk.not_authenticated": OtherWay, ["InvalidAuthentication", "AuthenticationFailed.MissingParameter", "40014"],
    /// Client ID or Client Secret are wrong.
    Credentials = "dingtalk.credentials": OtherWay, ["invalidClientIdOrSecret"],
    /// The app may not send messages.
    PermissionDenied = "dingtalk.permission_denied": OtherWay, ["Forbidden.AccessDenied.AccessTokenPermissionDenied"],
    /// There is no robot with this code.
    RobotCode = "dingtalk.robot_code": OtherWay, ["resource.not.found"],
    /// There is no such conversation, or the robot is not in it.
    Conversation = "dingtalk.conversation": OtherWay, ["invalid.openConversationId", "conversation.org.notMatch"],
    /// There is no such member.
    StaffId = "dingtalk.staff_id": OtherWay, ["staffId.notExisted"],
    /// There is no chat between the robot and this person.
    NoChat = "dingtalk.no_chat": OtherWay, ["robot.oto.notExist"],
    /// Only the owner of the group may mention everybody.
    AtAll = "dingtalk.at_all": Final, ["only.groupAdmin.canAtAll"],
    /// A code that is in no list.
    Other = "dingtalk.other": OtherWay, [],
}

impl Cause {
    /// What a code means. One code stands for several causes, which its text tells apart (protocol.md 4).
    pub fn of(code: &str, message: &str) -> Self {
        let message = message.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        match code {
            // Said first: its advice speaks of keywords and timestamps as well.
            "310000" if has(&["sign not match", "签名不匹配"]) => Self::Signature,
            "310000" if has(&["keyword", "关键词"]) => Self::Keyword,
            "310000" if has(&["timestamp", "过期"]) => Self::Timestamp,
            "310000" if has(&["whitelist", "白名单"]) => Self::Address,
            "310000" if has(&["sign", "签名"]) => Self::Signature,
            "300001" if has(&["token", "robot"]) => Self::TokenUnknown,
            "300001" if has(&["msgtype", "param"]) => Self::Malformed,
            "300001" => Self::SessionGone,
            code if code.starts_with("invalidParameter.robotCode.") => Self::RobotCode,
            code if code.starts_with("miss.param.")
                || code.starts_with("Missing") && code != "Missingbody" =>
            {
                Self::Malformed
            }
            // The fields of the message types: 400201 to 400605.
            code if code.len() == 6 && ("400201".."400606").contains(&code) => Self::Malformed,
            code => {
                let known = Self::ALL.iter().find(|cause| cause.codes().contains(&code));
                known.copied().unwrap_or(Self::Other)
            }
        }
    }

    /// What it means, and what the operator can do.
    pub fn meaning(self, locale: Locale) -> String {
        locale.say(self.key(), &[])
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.meaning(Locale::En))
    }
}

#[cfg(test)]
mod tests;
