//! The codes of confirmation: what one is bound to, and what is wrong with one that does not hold.
//!
//! A code is 12 characters of Crockford base32. The first 8 (40 bits) are of an HMAC-SHA256 over all that it is bound
//! to, the state of the world included, and the minute of asking; the last 4 (20 bits) of one without that state. So
//! without any memory a code that was used, whose world has changed since, is told apart from one that is old and
//! from one that was never made.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::dingtalk::signature::Secret;

/// Crockford's alphabet: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS: usize = 12;
/// How many of them depend on the witness.
const WITNESSED: usize = 8;
const BITS: usize = 5;
const MINUTE: i64 = 60;
/// How long a code that is over is still known to be one.
const REMEMBERED: i64 = 24 * 60;
/// How many codes a process remembers that were used, and that were disowned.
const USED: usize = 256;
/// A key shorter than that could be guessed.
const SHORTEST_KEY: usize = 32;
/// What the key is derived from the app's secret for. No timestamp reads like that.
const DERIVED: &str = "dingops: the key of confirmation codes";

/// The key of codes.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeKey(Vec<u8>);

impl CodeKey {
    /// A key of the operator's own.
    ///
    /// # Errors
    /// For one of less than 32 bytes.
    pub fn new(text: &str) -> Result<Self, ShortKey> {
        if text.len() < SHORTEST_KEY { Err(ShortKey(text.len())) } else { Ok(Self(text.as_bytes().to_vec())) }
    }

    /// The key that an app's secret makes.
    pub fn derived(secret: &Secret) -> Self {
        Self(secret.sign(DERIVED).into_bytes())
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(..)")
    }
}

/// A key that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at least {SHORTEST_KEY} bytes, came {0}")]
pub struct ShortKey(usize);

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever asked confirms.
    Confirm,
    /// Somebody else approves.
    Approve,
}

/// What a code is bound to, beside the state of the world and the minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound<'b> {
    /// What it is for.
    pub purpose: Purpose,
    /// The robot's organisation.
    pub corp: &'b str,
    /// The staff id of whoever asked.
    pub asker: &'b str,
    /// Whether they administer the organisation, which an approver's callback does not tell.
    pub asker_is_admin: bool,
    /// The staff id of whoever may use it.
    pub holder: &'b str,
    /// Whether it was asked in a private chat.
    pub is_private: bool,
    /// The conversation it was asked in; nothing for a private chat, which the asker tells.
    pub place: &'b str,
    /// The command's path.
    pub path: &'b str,
    /// The alias it was said through, or nothing.
    pub alias: &'b str,
    /// Its canonical values.
    pub values: &'b Map<String, Value>,
}

/// A code as somebody typed it: 12 values of five bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Typed([u8; SYMBOLS]);

impl Typed {
    /// Reads a code; case, look-alikes (I and L for 1, O for 0) and hyphens are forgiven.
    pub fn read(text: &str) -> Option<Self> {
        let mut symbols = [0; SYMBOLS];
        let mut count = 0;
        for c in text.bytes().filter(|byte| *byte != b'-') {
            let c = match c.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                c => c,
            };
            let value = ALPHABET.iter().position(|symbol| *symbol == c)?;
            *symbols.get_mut(count)? = u8::try_from(value).ok()?;
            count += 1;
        }
        (count == SYMBOLS).then_some(Self(symbols))
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|value| write!(f, "{}", char::from(ALPHABET[usize::from(*value)])))
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// What a code is, before the world was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Asked for in one of these minutes, and not over.
    Live(Vec<i64>),
    /// Over.
    Expired,
    /// Made for something else, or never.
    Foreign,
}

/// Makes and checks codes.
#[derive(Debug)]
pub struct Codes {
    keys: Vec<CodeKey>,
    /// Those that were used.
    used: Last,
    /// Those that somebody says they never asked for.
    disowned: Last,
}

/// What [`Codes::once`] told of the last codes that something happened to in this process.
#[derive(Debug, Default)]
struct Last(Mutex<VecDeque<String>>);

impl Last {
    fn with<T>(&self, then: impl FnOnce(&mut VecDeque<String>) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has(&self, once: &str) -> bool {
        self.with(|last| last.iter().any(|other| other == once))
    }

    /// Whether it is new to them.
    fn add(&self, once: &str) -> bool {
        self.with(|last| {
            if last.iter().any(|other| other == once) {
                return false;
            }
            if last.len() == USED {
                last.pop_front();
            }
            last.push_back(once.to_owned());
            true
        })
    }
}

impl Codes {
    /// Makes codes with the first of these keys, and knows those of each.
    pub fn new(keys: Vec<CodeKey>) -> Self {
        Self { keys, used: Last::default(), disowned: Last::default() }
    }

    /// The code that stands for this, asked now.
    pub fn make(&self, bound: &Bound<'_>, witness: &str, now: Timestamp) -> String {
        let minute = now.as_second().div_euclid(MINUTE);
        self.keys.first().map(|key| key.code(bound, witness, minute).to_string()).unwrap_or_default()
    }

    /// Looks whether a code is for this, whatever the state of the world.
    pub fn find(&self, bound: &Bound<'_>, typed: Typed, valid: Duration, now: Timestamp) -> Found {
        let valid = i64::try_from(valid.as_secs()).unwrap_or(0);
        let this = now.as_second().div_euclid(MINUTE);
        let begun: Vec<_> = self.keys.iter().map(|key| key.begin(bound)).collect();
        // The clock of the process that made it may be a little ahead.
        let found = |minute: &i64| {
            let codes = begun.iter().map(|begun| symbols(begun.clone(), None, *minute));
            codes.fold(false, |found, code| found | same(&code[..SYMBOLS - WITNESSED], &typed.0[WITNESSED..]))
        };
        let is_live = |minute: &i64| now.as_second() < (minute + 1) * MINUTE + valid;
        let minutes: Vec<i64> = (this - REMEMBERED..=this + 1).filter(found).collect();
        let live: Vec<i64> = minutes.iter().copied().filter(is_live).collect();
        match (live.is_empty(), minutes.is_empty()) {
            (false, _) => Found::Live(live),
            (true, false) => Found::Expired,
            (true, true) => Found::Foreign,
        }
    }

    /// Whether a code that is live was made of the world as it is.
    pub fn holds(&self, bound: &Bound<'_>, typed: Typed, live: &[i64], witness: &str) -> bool {
        let all =
            live.iter().flat_map(|minute| self.keys.iter().map(|key| key.code(bound, witness, *minute)));
        all.fold(false, |holds, code| holds | same(&code.0, &typed.0))
    }

    /// Whether a code was not used in this process yet; from now on it was. A bonus where a command has no witness: another
    /// process does not know it.
    pub fn first_use(&self, once: &str) -> bool {
        self.used.add(once)
    }

    /// It was not used after all: surely nothing was done.
    pub fn unused(&self, once: &str) {
        self.used.with(|used| used.retain(|other| other != once));
    }

    /// From now on this process takes this code for nothing.
    pub fn disown(&self, typed: Typed) {
        self.disowned.add(&self.once(typed));
    }

    /// Whether somebody said that they never asked for it.
    pub fn is_disowned(&self, typed: Typed) -> bool {
        self.disowned.has(&self.once(typed))
    }

    /// A key that is the same for each use of a code, and does not tell it.
    pub fn once(&self, typed: Typed) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        let mut mac = key.hmac();
        mac.update(b"once");
        mac.update(&typed.0);
        mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl CodeKey {
    fn code(&self, bound: &Bound<'_>, witness: &str, minute: i64) -> Typed {
        let mut all = [0; SYMBOLS];
        let begun = self.begin(bound);
        all[..WITNESSED].copy_from_slice(&symbols(begun.clone(), Some(witness), minute)[..WITNESSED]);
        all[WITNESSED..].copy_from_slice(&symbols(begun, None, minute)[..SYMBOLS - WITNESSED]);
        Typed(all)
    }

    /// The HMAC over all but minute and witness, each part with its length before it.
    fn begin(&self, bound: &Bound<'_>) -> Hmac<Sha256> {
        let mut mac = self.hmac();
        let Bound { purpose, corp, asker, asker_is_admin, holder, is_private, place, path, alias, values } =
            bound;
        let purpose = match purpose {
            Purpose::Confirm => "confirm",
            Purpose::Approve => "approve",
        };
        let admin = if *asker_is_admin { "admin" } else { "" };
        let kind = if *is_private { "private" } else { "group" };
        let values = Value::Object((*values).clone()).to_string();
        let parts = [purpose, corp, asker, admin, holder, kind, place, path, alias, &values];
        parts.into_iter().for_each(|part| add(&mut mac, part));
        mac
    }

    fn hmac(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length")
    }
}

fn add(mac: &mut Hmac<Sha256>, part: &str) {
    mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(part.as_bytes());
}

/// The first symbols of a begun HMAC that goes on with the minute and, where there is one, the witness.
fn symbols(mut mac: Hmac<Sha256>, witness: Option<&str>, minute: i64) -> [u8; WITNESSED] {
    add(&mut mac, &minute.to_string());
    if let Some(witness) = witness {
        add(&mut mac, "witness");
        add(&mut mac, witness);
    }
    let bytes = mac.finalize().into_bytes();
    let bits = bytes.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|at| {
        let shifted = bits >> (64 - BITS * (at + 1));
        u8::try_from(shifted & 31).unwrap_or(0)
    })
}

/// Compares in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
