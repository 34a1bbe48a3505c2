//! The `sessionWebhook` of a callback: where a reply may go, and one post to it (protocol.md 3).
//!
//! The address comes with a body that no signature covers, so it is checked against the hosts in the settings before
//! a single packet leaves.

use std::fmt;

use reqwest::Client;
use url::{Origin, Url};

use super::{
    callback::RawSessionWebhook,
    error::{DeliveryError, judge_old},
    mask::masked,
    message::Message,
    wire::{self, Until},
};

const PATH: &str = "/robot/sendBySession";
const MAX_LENGTH: usize = 2048;

/// An address that replies may be posted to. Neither `Debug` nor `Display` shows the session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionWebhook(Url);

/// The hosts that replies may be posted to: `oapi.dingtalk.com` for https on the default port, or scheme, host and
/// port spelled out (`http://127.0.0.1:8080`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHosts(Vec<Origin>);

/// Why a text is no entry of `session_hosts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a host such as \"oapi.dingtalk.com\", or scheme, host and port such as \"http://127.0.0.1:8080\""
)]
pub struct InvalidHost;

/// Why an address is no session webhook of a host on the list. Nothing of the address is repeated but its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not an absolute URL.
    #[error("sessionWebhook: expected an https URL, came something else")]
    NotUrl,
    /// A host, scheme or port that is not on the list.
    #[error("sessionWebhook: expected a host of dingtalk.session_hosts, came {0}")]
    UnknownHost(String),
    /// Another path.
    #[error("sessionWebhook: expected the path {PATH}, came another")]
    OtherPath,
    /// No `session=…`, or several.
    #[error("sessionWebhook: expected one session in the query")]
    NoSession,
    /// `user@` before the host, a `#fragment`, or another spelling of an address of the list.
    #[error("sessionWebhook: expected a plain address, without user information, fragment or odd spelling")]
    Disguised,
}

impl SessionHosts {
    /// Reads the entries of `session_hosts`; for a mistake, says in which entry.
    ///
    /// # Errors
    /// The index of the first entry that is neither a host nor scheme, host and port.
    pub fn new<S: AsRef<str>>(entries: &[S]) -> Result<Self, (usize, InvalidHost)> {
        let origin = |(index, entry): (usize, &S)| origin(entry.as_ref()).ok_or((index, InvalidHost));
        entries.iter().enumerate().map(origin).collect::<Result<_, _>>().map(Self)
    }

    /// The address of a callback, if replies may go there. It is compared as it parses, and posted to as it parsed.
    ///
    /// # Errors
    /// When it is not an https URL of a host on the list with the path and query of a session webhook.
    pub fn check(&self, raw: &RawSessionWebhook) -> Result<SessionWebhook, SessionError> {
        let raw = raw.as_str();
        // The URL standard drops tabs and line breaks and reads a backslash as a slash; DingTalk sends none of them.
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        if raw.len() > MAX_LENGTH || raw.contains(odd) {
            return Err(SessionError::NotUrl);
        }
        let url = Url::parse(raw).map_err(|_| SessionError::NotUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(SessionError::Disguised);
        }
        if !self.0.contains(&url.origin()) {
            return Err(SessionError::UnknownHost(url.origin().ascii_serialization()));
        }
        if url.path() != PATH {
            return Err(SessionError::OtherPath);
        }
        let mut sessions = url.query_pairs().filter(|(name, _)| name == "session");
        match (sessions.next(), sessions.next()) {
            (Some((_, session)), None) if !session.is_empty() => {}
            _ => return Err(SessionError::NoSession),
        }
        // What parses to an address of the list without being written as one was written to deceive somebody.
        let (authority, rest) = raw.split_once(PATH).ok_or(SessionError::OtherPath)?;
        let same_rest = url.as_str().split_once(PATH).is_some_and(|(_, parsed)| parsed == rest);
        if !is_plain(&url, authority) || !same_rest {
            return Err(SessionError::Disguised);
        }
        Ok(SessionWebhook(url))
    }
}

/// Whether `written` is scheme and host of the address, with its port or, where it is the scheme's own, without.
fn is_plain(url: &Url, written: &str) -> bool {
    let origin = url.origin().ascii_serialization();
    let with_port = url.port_or_known_default().map(|port| format!("{origin}:{port}"));
    written.eq_ignore_ascii_case(&origin)
        || url.port().is_none() && with_port.is_some_and(|with_port| written.eq_ignore_ascii_case(&with_port))
}

impl fmt::Display for SessionHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.0.iter().map(Origin::ascii_serialization);
        f.write_str(&hosts.collect::<Vec<_>>().join(", "))
    }
}

fn origin(entry: &str) -> Option<Origin> {
    let spelled_out = entry.contains("://");
    let url = if spelled_out { entry.to_owned() } else { format!("https://{entry}") };
    let url = Url::parse(&url).ok()?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && !entry.contains('@')
        && !entry.ends_with('/');
    let scheme = matches!(url.scheme(), "https" | "http");
    // A port is spelled out together with its scheme, so that nobody opens one by accident.
    let port = spelled_out || url.port().is_none() && !entry.contains(':');
    let named = !url.host_str()?.ends_with('.') && !entry.contains('*');
    (bare && scheme && port && named).then(|| url.origin())
}

impl SessionWebhook {
    /// Posts one message, once.
    ///
    /// # Errors
    /// When it could not be posted or DingTalk did not take it. HTTP 200 alone is not success: `errcode` must be 0
    /// (protocol.md 3).
    pub(super) async fn post(
        &self,
        client: &Client,
        message: &Message,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let answer = wire::post(client, self.0.clone(), None, message, until).await?;
        self.judge(answer.status, &answer.body)
    }

    fn judge(&self, status: u16, answer: &[u8]) -> Result<(), DeliveryError> {
        judge_old(status, answer, |text| self.masked(text))
    }

    /// An answer without the session, should the other side repeat it.
    fn masked(&self, answer: &str) -> String {
        let sessions: Vec<_> = self.0.query_pairs().filter(|(name, _)| name == "session").collect();
        masked(answer, sessions.iter().map(|(_, session)| session.as_ref()))
    }
}

impl fmt::Debug for SessionWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionWebhook({self})")
    }
}

impl fmt::Display for SessionWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{PATH}?session=***", self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str) -> Result<String, SessionError> {
        let hosts =
            SessionHosts::new(&["oapi.dingtalk.com", "oapi.dingtalk.io", "http://127.0.0.1:8080"]).unwrap();
        hosts.check(&RawSessionWebhook::new(raw)).map(|webhook| webhook.0.to_string())
    }

    #[test]
    fn addresses_of_known_hosts_pass() {
        for (raw, posted_to) in [
            (
                "https://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
                "https://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            ),
            (
                "https://OAPI.DingTalk.com:443/robot/sendBySession?session=0a1b",
                "https://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            ),
            (
                "https://oapi.dingtalk.io/robot/sendBySession?session=0a1b&x=1",
                "https://oapi.dingtalk.io/robot/sendBySession?session=0a1b&x=1",
            ),
            (
                "http://127.0.0.1:8080/robot/sendBySession?session=0a1b",
                "http://127.0.0.1:8080/robot/sendBySession?session=0a1b",
            ),
        ] {
            assert_eq!(check(raw).as_deref(), Ok(posted_to), "{raw}");
        }
    }

    #[test]
    fn look_alikes_do_not_pass() {
        for raw in [
            "",
            "oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "//oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "http://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "ftp://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com.evil.example/robot/sendBySession?session=0a1b",
            "https://evil.example/oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com@evil.example/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com:443@evil.example/robot/sendBySession?session=0a1b",
            "https://user@oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://user:password@oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://@oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "http:127.0.0.1:8080/robot/sendBySession?session=0a1b",
            "http:user:pw@127.0.0.1:8080/robot/sendBySession?session=0a1b",
            "http:////user@127.0.0.1:8080/robot/sendBySession?session=0a1b",
            "http://１27.0.0.1:8080/robot/sendBySession?session=0a1b",
            "http://0x7f.1:8080/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk。com/robot/sendBySession?session=0a1b",
            "https://oapi%2edingtalk.com/robot/sendBySession?session=0a1b",
            "https://oapi.ding\u{AD}talk.com/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com/a/../robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com/robot/sendBySession?session=中",
            "https://oapi.dingtalk.com./robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com:8443/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com:80/robot/sendBySession?session=0a1b",
            "https://oapi.dingtalk.com/robot/sendBySession?session=0a1b#",
            "https://oapi.dingtalk.com/robot/sendBySession?session=0a1b#@evil.example",
            "https://oapi.dingtalk.com/robot/sendBySession",
            "https://oapi.dingtalk.com/robot/sendBySession?session=",
            "https://oapi.dingtalk.com/robot/sendBySession?session=a&session=b",
            "https://oapi.dingtalk.com/robot/sendBySession?Session=0a1b",
            "https://oapi.dingtalk.com/robot/sendBySession/?session=0a1b",
            "https://oapi.dingtalk.com/robot/send?session=0a1b&access_token=a",
            "https://oapi.dingtalk.com/robot%2FsendBySession?session=0a1b",
            "https://oapi.dingtalk.com\\@evil.example/robot/sendBySession?session=0a1b",
            "https:\\\\oapi.dingtalk.com\\robot\\sendBySession?session=0a1b",
            "https://oapi.dingtalk.com\t.evil.example/robot/sendBySession?session=0a1b",
            " https://oapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://[::1]/robot/sendBySession?session=0a1b",
            "https://[::ffff:127.0.0.1]:8080/robot/sendBySession?session=0a1b",
            "https://127.0.0.1:8080/robot/sendBySession?session=0a1b",
            "http://127.0.0.1/robot/sendBySession?session=0a1b",
            "http://127.0.0.1:8081/robot/sendBySession?session=0a1b",
            "http://localhost:8080/robot/sendBySession?session=0a1b",
            "https://169.254.169.254/robot/sendBySession?session=0a1b",
            "https://xoapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "https://dingtalk.com/robot/sendBySession?session=0a1b",
            "https://оapi.dingtalk.com/robot/sendBySession?session=0a1b",
            "file:///robot/sendBySession?session=0a1b",
            "javascript:alert(1)",
        ] {
            assert!(check(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn entries_are_hosts_or_origins() {
        for entry in
            ["oapi.dingtalk.com", "http://127.0.0.1:8080", "https://gov.example:8443", "http://[::1]:80"]
        {
            assert!(SessionHosts::new(&[entry]).is_ok(), "{entry}");
        }
        for entry in [
            "",
            "a b",
            "oapi.dingtalk.com:8443",
            "https://x/robot",
            "https://u@x",
            "x/",
            "ftp://x",
            "x.",
            "*.dingtalk.com",
        ] {
            assert_eq!(SessionHosts::new(&["ok.example", entry]), Err((1, InvalidHost)), "{entry}");
        }
    }

    #[test]
    fn the_session_is_not_shown() {
        let hosts = SessionHosts::new(&["oapi.dingtalk.com"]).unwrap();
        let raw =
            RawSessionWebhook::new("https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef");
        let webhook = hosts.check(&raw).unwrap();
        assert_eq!(
            format!("{webhook:?}"),
            "SessionWebhook(https://oapi.dingtalk.com/robot/sendBySession?session=***)"
        );
        let echoed = webhook.judge(200, b"<html>no session 0123456789abcdef here</html>").unwrap_err();
        assert!(!echoed.to_string().contains("0123456789abcdef"), "{echoed}");
        let raw = "https://oapi.dingtalk.com/robot/sendBySession?session=ab%2Bcd%2Fef0123456789";
        let webhook = hosts.check(&RawSessionWebhook::new(raw)).unwrap();
        let echoed = webhook.judge(200, b"ab%2Bcd%2Fef0123456789 ab+cd/ef0123456789").unwrap_err();
        assert!(!echoed.to_string().contains("0123456789"), "{echoed}");
    }

    #[test]
    fn masking_takes_no_longer_for_a_hostile_address() {
        let hosts = SessionHosts::new(&["oapi.dingtalk.com"]).unwrap();
        let raw =
            format!("https://oapi.dingtalk.com/robot/sendBySession?session=e&a=e{}", "&a=*".repeat(400));
        let webhook = hosts.check(&RawSessionWebhook::new(raw)).unwrap();
        let masked = webhook.judge(200, "token is not exist".repeat(1000).as_bytes()).unwrap_err();
        assert!(masked.to_string().len() < 400, "{masked}");
    }

    #[test]
    fn success_is_errcode_zero_and_nothing_else() {
        let hosts = SessionHosts::new(&["oapi.dingtalk.com"]).unwrap();
        let raw = RawSessionWebhook::new("https://oapi.dingtalk.com/robot/sendBySession?session=0a1b2c3d");
        let webhook = hosts.check(&raw).unwrap();
        let judge = |status: u16, answer: &str| webhook.judge(status, answer.as_bytes());
        assert_eq!(judge(200, r#"{"errcode":0,"errmsg":"ok"}"#), Ok(()));
        assert_eq!(judge(200, r#"{"errcode":"0","errmsg":"ok"}"#), Ok(()));
        for (status, answer) in [
            (200, r#"{"errcode":300001,"errmsg":"session 不存在"}"#),
            (200, r#"{"errcode":"-1","errmsg":"busy"}"#),
            (500, r#"{"errcode":0}"#),
            (200, r#"{"status":1111,"wait":5,"source":"x5","punish":"deny"}"#),
            (200, r#"{"errcode":null}"#),
            (200, "<html>banned</html>"),
            (200, ""),
            (302, ""),
        ] {
            assert!(judge(status, answer).is_err(), "{status} {answer}");
        }
    }
}
