//! The signature of a callback: made and verified.
//!
//! `sign` = Base64(HMAC-SHA256(key = app secret, message = timestamp + "\n" + app secret)), standard Base64 with
//! padding; `timestamp` in milliseconds, within an hour of now (protocol.md 1.1, open.dingtalk.com
//! "receive-message"). Custom group robots sign the same way with their own secret.
//!
//! The signature covers neither body nor URL: it shows that somebody who knows the secret made the header pair, and
//! nothing more.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// The header with the time of signing, in milliseconds since 1970.
pub const TIMESTAMP: &str = "timestamp";
/// The header with the signature.
pub const SIGN: &str = "sign";

/// A key to sign with: an app's Client Secret, or a custom robot's `SEC…`. Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Anyone could sign with an empty key.
    #[error("expected the app's Client Secret, came an empty text")]
    Empty,
    /// A secret that was pasted with a line break or a blank around it verifies nothing.
    #[error(
        "expected the app's Client Secret, came a text with a blank around it or a control character in it"
    )]
    Blank,
    /// Its characters were lost, so anyone could guess it.
    #[error("expected the app's Client Secret, came a text that is not UTF-8")]
    NotUtf8,
}

impl Secret {
    /// Takes the text of a secret.
    ///
    /// # Errors
    /// When it is empty, begins or ends with a blank, holds control characters, or was not UTF-8.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidSecret::Empty);
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(InvalidSecret::NotUtf8);
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(InvalidSecret::Blank);
        }
        Ok(Self(text))
    }

    /// The `sign` that belongs to `timestamp`, not URL-encoded.
    ///
    /// ```
    /// use dingops::dingtalk::signature::Secret;
    /// let secret = Secret::new("SECdeadbeef")?;
    /// assert_eq!(secret.sign("1700000000000"), "NCJLKINTABhx3SnC+ENZIPZzT1H3juvunEn/A3cdKGY=");
    /// # Ok::<(), dingops::dingtalk::signature::InvalidSecret>(())
    /// ```
    pub fn sign(&self, timestamp: &str) -> String {
        STANDARD.encode(self.mac(timestamp).finalize().into_bytes())
    }

    /// The secret itself, for the one request that wants it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    fn signed(&self, timestamp: &str, signature: &[u8]) -> bool {
        self.mac(timestamp).verify_slice(signature).is_ok()
    }

    fn mac(&self, timestamp: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(timestamp.as_bytes());
        mac.update(b"\n");
        mac.update(self.0.as_bytes());
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Verifies callbacks under the current secret and, during a rotation, the one before it.
#[derive(Debug, Clone)]
pub struct Verifier {
    current: Secret,
    previous: Option<Secret>,
    max_skew: Duration,
}

/// Why a request was not signed by DingTalk. For the log: a caller is never told which it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is not there.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// A header is there more than once.
    #[error("header {0} came more than once")]
    Repeated(&'static str),
    /// Not milliseconds in decimal digits.
    #[error("header timestamp: expected milliseconds in at most 15 digits")]
    MalformedTimestamp,
    /// Not the Base64 of 32 bytes.
    #[error("header sign: expected the Base64 of 32 bytes")]
    MalformedSign,
    /// Signed too long ago, or in the future.
    #[error(
        "timestamp is {skew_seconds} s from now, at most {max_seconds} s are allowed; is this clock right?"
    )]
    Skewed {
        /// Seconds between now and the timestamp; positive for a timestamp of the past.
        skew_seconds: i64,
        /// The allowed number of seconds.
        max_seconds: u64,
    },
    /// Signed with another secret.
    #[error("sign does not match; is DINGTALK_APP_SECRET the Client Secret of this app?")]
    Mismatch,
}

impl Verifier {
    /// Verifies under `current` and `previous`, with timestamps at most `max_skew` from now.
    pub fn new(current: Secret, previous: Option<Secret>, max_skew: Duration) -> Self {
        Self { current, previous, max_skew }
    }

    /// Checks the two headers at the time `now`; gives how far the timestamp is from it, positive for the past.
    ///
    /// # Errors
    /// When a header is missing, repeated or malformed, too far from now, or signed with another secret.
    pub fn verify(&self, headers: &HeaderMap, now: Timestamp) -> Result<SignedDuration, SignatureError> {
        let timestamp = only(headers, TIMESTAMP)?;
        let sign = only(headers, SIGN)?;
        let malformed = timestamp.is_empty()
            || timestamp.len() > 15
            || !timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if malformed {
            return Err(SignatureError::MalformedTimestamp);
        }
        let signed_at = timestamp
            .parse()
            .ok()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
            .ok_or(SignatureError::MalformedTimestamp)?;
        let signature = STANDARD
            .decode(sign)
            .ok()
            .filter(|bytes| bytes.len() == 32)
            .ok_or(SignatureError::MalformedSign)?;
        let skew = now.duration_since(signed_at);
        if skew.unsigned_abs() > self.max_skew {
            return Err(SignatureError::Skewed {
                skew_seconds: skew.as_secs(),
                max_seconds: self.max_skew.as_secs(),
            });
        }
        // Both are computed whatever the first gives, so that time tells nothing of which one matched.
        let current = self.current.signed(timestamp, &signature);
        let previous = self.previous.as_ref().is_some_and(|secret| secret.signed(timestamp, &signature));
        if current | previous { Ok(skew) } else { Err(SignatureError::Mismatch) }
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(SignatureError::Missing(name))?;
    if values.next().is_some() {
        return Err(SignatureError::Repeated(name));
    }
    // A value that is not visible ASCII is as malformed as an empty one.
    Ok(value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: i64 = 1_577_262_236_757;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn verify(verifier: &Verifier, timestamp: &str, sign: &str, now_ms: i64) -> Result<i64, SignatureError> {
        let now = Timestamp::from_millisecond(now_ms).unwrap();
        verifier.verify(&headers(&[(TIMESTAMP, timestamp), (SIGN, sign)]), now).map(|skew| skew.as_secs())
    }

    fn verifier(current: &str, previous: Option<&str>) -> Verifier {
        let secret = |text| Secret::new(text).unwrap();
        Verifier::new(secret(current), previous.map(secret), Duration::from_secs(3600))
    }

    /// protocol.md 1.1: the documented formula over the documentation's sample timestamp and secrets.
    const VECTORS: [(&str, &str, &str); 3] = [
        ("1577262236757", "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="),
        ("1577262236757", "this is secret", "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="),
        ("1700000000000", "SECdeadbeef", "NCJLKINTABhx3SnC+ENZIPZzT1H3juvunEn/A3cdKGY="),
    ];

    #[test]
    fn the_vectors_sign_and_verify() {
        for (timestamp, secret, sign) in VECTORS {
            assert_eq!(Secret::new(secret).unwrap().sign(timestamp), sign);
            let now = timestamp.parse().unwrap();
            assert_eq!(verify(&verifier(secret, None), timestamp, sign, now), Ok(0));
            assert_eq!(verify(&verifier("another", Some(secret)), timestamp, sign, now), Ok(0));
            let mismatch = Err(SignatureError::Mismatch);
            assert_eq!(verify(&verifier("another", None), timestamp, sign, now), mismatch);
        }
    }

    #[test]
    fn an_hour_off_is_the_last_that_passes() {
        let (timestamp, secret, sign) = VECTORS[0];
        let verifier = verifier(secret, None);
        assert_eq!(verify(&verifier, timestamp, sign, NOW_MS + 3_600_000), Ok(3600));
        assert_eq!(verify(&verifier, timestamp, sign, NOW_MS - 3_600_000), Ok(-3600));
        for (now, skew_seconds) in [(NOW_MS + 3_600_001, 3600), (NOW_MS - 3_600_001, -3600)] {
            let skewed = SignatureError::Skewed { skew_seconds, max_seconds: 3600 };
            assert_eq!(verify(&verifier, timestamp, sign, now), Err(skewed));
        }
    }

    #[test]
    fn headers_are_there_once_and_well_formed() {
        let (timestamp, secret, sign) = VECTORS[0];
        let check = |pairs: &[(&'static str, &str)]| {
            let now = Timestamp::from_millisecond(NOW_MS).unwrap();
            verifier(secret, None).verify(&headers(pairs), now).unwrap_err()
        };
        assert_eq!(check(&[(SIGN, sign)]), SignatureError::Missing(TIMESTAMP));
        assert_eq!(check(&[(TIMESTAMP, timestamp)]), SignatureError::Missing(SIGN));
        let twice = check(&[(TIMESTAMP, timestamp), (TIMESTAMP, timestamp), (SIGN, sign)]);
        assert_eq!(twice, SignatureError::Repeated(TIMESTAMP));
        let twice = check(&[(TIMESTAMP, timestamp), (SIGN, sign), (SIGN, sign)]);
        assert_eq!(twice, SignatureError::Repeated(SIGN));
        for bad in
            ["", "1577262236757.0", "-1577262236757", "+1577262236757", "1e12", "1577262236757, 1", "0x16"]
        {
            assert_eq!(check(&[(TIMESTAMP, bad), (SIGN, sign)]), SignatureError::MalformedTimestamp, "{bad}");
        }
        let unpadded = sign.trim_end_matches('=');
        let url_encoded = "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA%3D";
        for bad in ["", "AAAA", unpadded, url_encoded, &format!("{sign}{sign}")] {
            assert_eq!(check(&[(TIMESTAMP, timestamp), (SIGN, bad)]), SignatureError::MalformedSign, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_empty_and_not_shown() {
        assert_eq!(Secret::new(""), Err(InvalidSecret::Empty));
        assert_eq!(Secret::new("SECabc\n"), Err(InvalidSecret::Blank));
        assert_eq!(Secret::new(" "), Err(InvalidSecret::Blank));
        assert_eq!(Secret::new("\u{FFFD}\u{FFFD}"), Err(InvalidSecret::NotUtf8));
        let shown = format!("{:?}", verifier("SECcurrent", Some("SECprevious")));
        assert!(!shown.contains("SEC"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_other_timestamp_or_secret_passes(
            secret in "[!-~]{1,40}", other in "[!-~]{1,40}", timestamp in 0_i64..4_000_000_000_000, shift in 1_i64..1000,
        ) {
            let sign = Secret::new(secret.as_str()).unwrap().sign(&timestamp.to_string());
            let verifier_ = verifier(&secret, None);
            prop_assert_eq!(verify(&verifier_, &timestamp.to_string(), &sign, timestamp), Ok(0));
            let moved = (timestamp + shift).to_string();
            prop_assert_eq!(verify(&verifier_, &moved, &sign, timestamp), Err(SignatureError::Mismatch));
            if other != secret {
                let now = verify(&verifier(&other, None), &timestamp.to_string(), &sign, timestamp);
                prop_assert_eq!(now, Err(SignatureError::Mismatch));
            }
        }
    }
}
