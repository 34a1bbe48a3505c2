//! Passing a callback on to another invocation of the function, for a host that freezes the process after the response.
//!
//! The first invocation verifies a callback, posts it to `DINGOPS_SELF_URL` as it came, under a seal, and acknowledges it.
//! The second verifies all of it again and the seal, and does the work. DingTalk's signature covers no body; the seal covers
//! body, signature and time, so that whoever holds a header pair cannot have anything done before a response.
//!
//! The address is the operator's. It never comes from a request.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use url::Url;

use super::memory::Recently;
use crate::{
    clock::Clock,
    dingtalk::signature::{SIGN, Secret, TIMESTAMP},
    outbound::{Outbound, OutboundError, Request, Route},
};

/// The header of the seal: milliseconds since 1970, a full stop, and the Base64 of the HMAC.
const SEAL: HeaderName = HeaderName::from_static("x-dingops-passed-on");
/// Asks Function Compute for an asynchronous invocation; 202 is its answer.
const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-fc-invocation-type");
const ASYNC: HeaderValue = HeaderValue::from_static("Async");
/// What the key is derived from the app's secret for. No timestamp reads like that.
const DERIVED: &str = "dingops: the key of what is passed on";
/// How long a seal holds, which is how long a callback may wait in the queue (s.yaml says the same). Nobody waits longer.
const VALID: SignedDuration = SignedDuration::from_mins(2);
/// How long one is known that came already: from the earliest moment that it holds past the last.
const KNOWN: SignedDuration = SignedDuration::from_secs(2 * VALID.as_secs() + 1);
/// For the post. DingTalk repeats a callback that is not acknowledged within 2.5 s (protocol.md 2).
const PATIENCE: Duration = Duration::from_millis(1800);
/// Nobody reads the answer.
const MAX_ANSWER: usize = 1024;

/// Passes callbacks on, and knows those that were.
pub(super) struct Relay {
    url: Url,
    /// The one that seals first. Another one holds during a rotation, when two deployments meet.
    keys: Vec<Key>,
    seen: Recently,
}

struct Key(Vec<u8>);

/// A seal as it came. It says nothing before it is verified.
pub(super) struct Seal {
    /// When the callback arrived at the first invocation.
    at: Timestamp,
    mac: Vec<u8>,
}

/// Why a callback was not passed on by this function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SealError {
    #[error("header {SEAL}: expected one seal, came something else")]
    Malformed,
    #[error("a callback that was passed on: its seal does not match what came")]
    Mismatch,
    #[error("a callback that was passed on: its seal is more than {} s old", VALID.as_secs())]
    Stale,
    #[error("a callback that was passed on came again")]
    Again,
}

/// What became of a callback that was to be passed on.
#[derive(Debug, PartialEq, Eq)]
enum Passed {
    /// It is taken.
    On,
    /// It is not, for this reason.
    Not(String),
    /// It may be taken or not.
    Perhaps(String),
}

/// A callback that can be passed on.
pub(super) struct Passing {
    request: Request,
    outbound: Arc<Outbound>,
    clock: Arc<dyn Clock>,
}

impl Relay {
    pub(super) fn new(url: Url, secrets: &[&Secret]) -> Self {
        let keys = secrets.iter().map(|secret| Key(secret.sign(DERIVED).into_bytes())).collect();
        Self { url, keys, seen: Recently::new(KNOWN) }
    }

    /// The seal of a request, if it has one.
    pub(super) fn seal(&self, headers: &HeaderMap) -> Result<Option<Seal>, SealError> {
        let mut seals = headers.get_all(SEAL).iter();
        let Some(seal) = seals.next() else { return Ok(None) };
        let seal = seal.to_str().ok().filter(|_| seals.next().is_none());
        let read = || {
            let (at, mac) = seal?.split_once('.')?;
            let is_time = at.len() <= 15 && at.bytes().all(|byte| byte.is_ascii_digit());
            let at = Timestamp::from_millisecond(at.parse().ok().filter(|_| is_time)?).ok()?;
            Some(Seal { at, mac: STANDARD.decode(mac).ok()? })
        };
        read().map(Some).ok_or(SealError::Malformed)
    }

    /// When a callback under this seal arrived at the first invocation. It is taken once.
    pub(super) fn verify(
        &self,
        seal: &Seal,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Timestamp, SealError> {
        let fits = |key: &Key| key.mac(seal.at, headers, body).verify_slice(&seal.mac).is_ok();
        // Every key is tried, so that time tells nothing of which one fits.
        if !self.keys.iter().fold(false, |found, key| found | fits(key)) {
            return Err(SealError::Mismatch);
        }
        if now.duration_since(seal.at).abs() > VALID {
            return Err(SealError::Stale);
        }
        if !self.seen.first_time(&STANDARD.encode(&seal.mac), now) {
            return Err(SealError::Again);
        }
        Ok(seal.at)
    }

    /// A callback under a seal.
    pub(super) fn passing(
        &self,
        headers: &HeaderMap,
        body: Vec<u8>,
        at: Timestamp,
        outbound: &Arc<Outbound>,
        clock: &Arc<dyn Clock>,
    ) -> Option<Passing> {
        let mac = self.keys.first()?.mac(at, headers, &body).finalize().into_bytes();
        let seal = format!("{}.{}", at.as_millisecond(), STANDARD.encode(mac));
        let mut passed: HeaderMap = [TIMESTAMP, SIGN]
            .iter()
            .filter_map(|name| Some((name.parse().ok()?, headers.get(*name)?.clone())))
            .collect();
        passed.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        passed.insert(INVOCATION_TYPE, ASYNC);
        passed.insert(SEAL, seal.parse().ok()?);
        let request = Request {
            method: Method::POST,
            url: self.url.clone(),
            headers: passed,
            body: Some(body),
            limit: MAX_ANSWER,
        };
        Some(Passing { request, outbound: Arc::clone(outbound), clock: Arc::clone(clock) })
    }
}

impl Key {
    /// Each part with its length before it, so that none can lend bytes to the next.
    fn mac(&self, at: Timestamp, headers: &HeaderMap, body: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        let header = |name| headers.get(name).map_or(&[][..], HeaderValue::as_bytes);
        for part in [at.as_millisecond().to_string().as_bytes(), header(TIMESTAMP), header(SIGN), body] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl Passing {
    /// Passes it on. Whether it is for this invocation to do the work after all: only where no other one can have it, so
    /// that nothing is done twice.
    pub(super) async fn pass_on(self) -> bool {
        match self.post().await {
            Passed::On => false,
            Passed::Not(reason) => {
                tracing::error!(
                    reason,
                    "a callback was not passed on to DINGOPS_SELF_URL; its work is done before the response"
                );
                true
            }
            Passed::Perhaps(reason) => {
                tracing::error!(
                    reason,
                    "a callback was perhaps passed on to DINGOPS_SELF_URL: if nothing is heard of it, it is lost"
                );
                false
            }
        }
    }

    async fn post(self) -> Passed {
        let by = self.clock.now() + PATIENCE;
        match self.outbound.send(self.request, &Route::default(), by, self.clock.as_ref()).await {
            Ok(answer) if answer.status.as_u16() == 202 => Passed::On,
            Ok(answer) if answer.status.is_success() => {
                let reason = format!(
                    "expected 202, as of an asynchronous invocation, came {}",
                    answer.status.as_u16()
                );
                if is_someone_else(&answer.body) { Passed::Not(reason) } else { Passed::Perhaps(reason) }
            }
            // Only another one's fault leaves open what it has done.
            Ok(answer) if answer.status.is_server_error() => {
                Passed::Perhaps(OutboundError::Status(answer.status.as_u16()).to_string())
            }
            Ok(answer) => Passed::Not(OutboundError::Status(answer.status.as_u16()).to_string()),
            Err(error) if error.may_have_arrived() => Passed::Perhaps(error.to_string()),
            Err(error) => Passed::Not(error.to_string()),
        }
    }
}

/// Whether this is certainly not what the function or its platform answers: a page, say, of whoever has that address.
fn is_someone_else(body: &Result<Vec<u8>, OutboundError>) -> bool {
    match body {
        Ok(body) => !body.trim_ascii().is_empty() && body != super::EMPTY.as_bytes(),
        Err(error) => matches!(error, OutboundError::TooLong(_)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::SystemClock;

    const BODY: &[u8] = br#"{"msgtype":"text"}"#;

    fn relay(secrets: &[&str]) -> Relay {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret).unwrap()).collect();
        Relay::new("https://bot.example.com/".parse().unwrap(), &secrets.iter().collect::<Vec<_>>())
    }

    fn headers(timestamp: &str, sign: &str) -> HeaderMap {
        [(TIMESTAMP, timestamp), (SIGN, sign)]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect()
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    /// What another invocation gets.
    fn passed(relay: &Relay, headers: &HeaderMap, body: &[u8]) -> HeaderMap {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        relay.passing(headers, body.to_vec(), at(0), &Arc::default(), &clock).unwrap().request.headers
    }

    fn verify(relay: &Relay, headers: &HeaderMap, body: &[u8], now: i64) -> Result<Timestamp, SealError> {
        let seal = relay.seal(headers)?.expect("a seal");
        relay.verify(&seal, headers, body, at(now))
    }

    #[test]
    fn a_seal_holds_for_two_minutes_and_tells_when_the_callback_arrived() {
        let came = headers("1700000000000", "c2lnbg==");
        for (now, holds) in
            [(0, true), (120_000, true), (-120_000, true), (120_001, false), (-120_001, false)]
        {
            let relay = relay(&["SECone"]);
            let passed = passed(&relay, &came, BODY);
            let expected = if holds { Ok(at(0)) } else { Err(SealError::Stale) };
            assert_eq!(verify(&relay, &passed, BODY, now), expected, "{now}");
        }
    }

    #[test]
    fn a_seal_is_known_for_as_long_as_it_holds() {
        let relay = relay(&["SECone"]);
        let passed = passed(&relay, &headers("1", "c2lnbg=="), BODY);
        assert_eq!(verify(&relay, &passed, BODY, -120_000), Ok(at(0)));
        for now in [-120_000, 0, 120_000] {
            assert_eq!(verify(&relay, &passed, BODY, now), Err(SealError::Again), "{now}");
        }
        assert_eq!(verify(&relay, &passed, BODY, 120_001), Err(SealError::Stale));
    }

    #[test]
    fn during_a_rotation_two_deployments_understand_each_other() {
        let came = headers("1", "c2lnbg==");
        let (old, both, new) = (relay(&["SECold"]), relay(&["SECnew", "SECold"]), relay(&["SECnew"]));
        assert_eq!(verify(&both, &passed(&old, &came, BODY), BODY, 0), Ok(at(0)));
        assert_eq!(verify(&new, &passed(&both, &came, BODY), BODY, 0), Ok(at(0)));
        assert_eq!(verify(&new, &passed(&old, &came, BODY), BODY, 0), Err(SealError::Mismatch));
    }

    #[test]
    fn the_key_is_neither_the_secret_nor_a_key_of_codes() {
        let secret = Secret::new("SECone").unwrap();
        let relay = Relay::new("https://bot.example.com/".parse().unwrap(), &[&secret]);
        assert_ne!(relay.keys[0].0, b"SECone");
        assert_ne!(relay.keys[0].0, secret.sign("dingops: the key of confirmation codes").into_bytes());
    }

    proptest! {
        #[test]
        fn no_byte_can_move_from_one_part_to_the_next(
            timestamp in "[0-9]{1,8}", sign in "[a-z]{1,8}", body in "[0-9a-z]{1,8}", cut in 0_usize..8,
        ) {
            let relay = relay(&["SECone"]);
            let passed = passed(&relay, &headers(&timestamp, &sign), body.as_bytes());
            let all = format!("{timestamp}{sign}{body}");
            let (one, rest) = all.split_at(cut.min(all.len()));
            let (two, three) = rest.split_at(rest.len().min(sign.len()));
            let mut other = headers(one, two);
            other.insert(SEAL, passed[SEAL].clone());
            let same = (one, two, three) == (timestamp.as_str(), sign.as_str(), body.as_str());
            let expected = if same { Ok(at(0)) } else { Err(SealError::Mismatch) };
            prop_assert_eq!(verify(&relay, &other, three.as_bytes(), 0), expected);
        }
    }
}
