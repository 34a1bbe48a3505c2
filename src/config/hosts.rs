//! `dingtalk.oapi` and `dingtalk.api`: DingTalk's hosts, or what stands for them.

use url::Url;

use crate::text;

/// Why an address is none that secrets may be posted to. Nothing of it is repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as \"https://api.dingtalk.com\" (http only for this machine), came {0}")]
pub(super) struct NoHost(&'static str);

/// An address that secrets may be posted to.
pub(super) fn check(text: &str) -> Result<Url, NoHost> {
    let url = text::web_address(text).ok_or(NoHost("no http(s) address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        Err(NoHost("one with user information"))
    } else if url.query().is_some() || url.fragment().is_some() {
        Err(NoHost("one with a query or a fragment"))
    } else if text::is_open(&url) {
        Err(NoHost("plain http to another machine"))
    } else {
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for text in [
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://[::1]:8000",
            "https://gov.example:8443",
        ] {
            assert!(check(text).is_ok(), "{text}");
        }
        for text in
            ["http://192.0.2.1", "http://localhost.example", "http://[2001:db8::1]", "http://0.0.0.0:80"]
        {
            assert_eq!(check(text), Err(NoHost("plain http to another machine")), "{text}");
        }
    }

    #[test]
    fn nothing_but_scheme_host_and_path() {
        for text in [
            "https://a@b.example",
            "https://:a@b.example",
            "https://b.example?",
            "https://b.example#",
            "b.example",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
