//! What DingTalk signs, and what it wants signed (protocol.md 1.1 and 4).

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Base64 of HMAC-SHA256 with the secret as key over timestamp, line feed and secret. The timestamp is in
/// milliseconds, in decimal.
pub fn sign(secret: &str, timestamp: &str) -> String {
    mac(secret, timestamp).map(|mac| BASE64_STANDARD.encode(mac.finalize().into_bytes())).unwrap_or_default()
}

/// Whether this is the signature of that timestamp under the secret.
pub(crate) fn verify(secret: &str, timestamp: &str, signature: &str) -> bool {
    let Ok(bytes) = BASE64_STANDARD.decode(signature) else { return false };
    mac(secret, timestamp).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
}

fn mac(secret: &str, timestamp: &str) -> Option<Hmac<Sha256>> {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{timestamp}\n{secret}").as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{sign, verify};

    /// protocol.md 1.1, computed from the documented formula.
    #[test]
    fn the_documented_formula() {
        for (timestamp, secret, expected) in [
            ("1577262236757", "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="),
            ("1577262236757", "this is secret", "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="),
            ("1700000000000", "SECdeadbeef", "NCJLKINTABhx3SnC+ENZIPZzT1H3juvunEn/A3cdKGY="),
        ] {
            assert_eq!(sign(secret, timestamp), expected);
            assert!(verify(secret, timestamp, expected));
            assert!(!verify("another", timestamp, expected));
        }
    }
}
