//! Secrets that are known by how they begin, and passwords in addresses.

use std::ops::Range;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Scan, is_word};

/// How a kind of token is written: what it begins with, which stays, and how many of which characters follow.
struct Kind(&'static str, fn(&u8) -> bool, usize, usize);

const ANY: usize = usize::MAX;

/// Lengths are of their owners, or shorter where those say that they may change. What is not from the owner's own
/// documentation is from the rules of gitleaks, `cmd/generate/config/rules`.
static KINDS: &[Kind] = &[
    // AWS, "IAM identifiers": of a user, and of a session.
    Kind("AKIA", is_capital, 16, 16),
    Kind("ASIA", is_capital, 16, 16),
    // Alibaba Cloud, "AccessKey pair": 12 once, 20 now; of a session (STS).
    Kind("LTAI", u8::is_ascii_alphanumeric, 12, 28),
    Kind("STS.", u8::is_ascii_alphanumeric, 16, ANY),
    // Tencent Cloud, SecretId: 32; of a session longer.
    Kind("AKID", is_word_or_dash, 13, ANY),
    // Volcengine.
    Kind("AKLT", is_base64, 16, ANY),
    // GitHub, "Token formats": 36 now, up to 255; one of an installation may be a JWT.
    Kind("ghp_", is_token, 30, ANY),
    Kind("gho_", is_token, 30, ANY),
    Kind("ghu_", is_token, 30, ANY),
    Kind("ghs_", is_token, 30, ANY),
    Kind("ghr_", is_token, 30, ANY),
    Kind("github_pat_", is_word, 22, ANY),
    // GitLab, "Token overview", "Token prefixes".
    Kind("glpat-", is_token, 20, ANY),
    Kind("gloas-", is_token, 20, ANY),
    Kind("gldt-", is_token, 20, ANY),
    Kind("glrt-", is_token, 20, ANY),
    Kind("glrtr-", is_token, 20, ANY),
    Kind("glcbt-", is_token, 20, ANY),
    Kind("glptt-", is_token, 20, ANY),
    Kind("glft-", is_token, 20, ANY),
    Kind("glimt-", is_token, 20, ANY),
    Kind("glagent-", is_token, 20, ANY),
    Kind("glwt-", is_token, 20, ANY),
    Kind("glsoat-", is_token, 20, ANY),
    Kind("glffct-", is_token, 20, ANY),
    Kind("GR1348941", is_word_or_dash, 20, ANY),
    // Jenkins, an API token: the version 11 and 32 digits. A hash has 32, 40 or 64.
    Kind("11", is_small_hex, 32, 32),
    // Slack, "Token types"; an incoming webhook's address is one as well, as are those of Feishu.
    Kind("xoxa-", is_word_or_dash, 10, ANY),
    Kind("xoxb-", is_word_or_dash, 10, ANY),
    Kind("xoxp-", is_word_or_dash, 10, ANY),
    Kind("xoxr-", is_word_or_dash, 10, ANY),
    Kind("xoxs-", is_word_or_dash, 10, ANY),
    Kind("xoxe-", is_word_or_dash, 10, ANY),
    Kind("xoxe.xox", is_token, 10, ANY),
    Kind("xapp-", is_word_or_dash, 10, ANY),
    Kind("hooks.slack.com/services/", is_base64, 20, ANY),
    Kind("open.feishu.cn/open-apis/bot/v2/hook/", is_token, 20, ANY),
    // Google: an API key, a client secret, an access token.
    Kind("AIza", is_word_or_dash, 35, ANY),
    Kind("GOCSPX-", is_word_or_dash, 20, ANY),
    Kind("ya29.", is_token, 20, ANY),
    // npm: 36, of which 6 are a checksum. PyPI. Docker Hub.
    Kind("npm_", u8::is_ascii_alphanumeric, 36, 36),
    Kind("pypi-AgE", is_word_or_dash, 50, ANY),
    Kind("dckr_pat_", is_word_or_dash, 20, ANY),
    // Stripe, "API keys".
    Kind("sk_live_", u8::is_ascii_alphanumeric, 16, ANY),
    Kind("sk_test_", u8::is_ascii_alphanumeric, 16, ANY),
    Kind("rk_live_", u8::is_ascii_alphanumeric, 16, ANY),
    // Vault, "Tokens".
    Kind("hvs.", is_word_or_dash, 20, ANY),
    // OpenAI, Anthropic; DashScope and DeepSeek: 32.
    Kind("sk-proj-", is_word_or_dash, 20, ANY),
    Kind("sk-ant-", is_word_or_dash, 20, ANY),
    Kind("sk-", u8::is_ascii_alphanumeric, 32, ANY),
    // DingTalk, 加签: what a custom robot signs with.
    Kind("SEC", is_small_hex, 64, 64),
    // Base64 of `-----BEGIN`, with `RSA PRI`, `EC PRIV`, `PRIVATE`, `OPENSSH`, `ENCRYPT`, `DSA PRI`: a Secret's data.
    Kind("LS0tLS1CRUdJTiBSU0EgUFJJ", is_base64, 0, ANY),
    Kind("LS0tLS1CRUdJTiBFQyBQUklW", is_base64, 0, ANY),
    Kind("LS0tLS1CRUdJTiBQUklWQVRF", is_base64, 0, ANY),
    Kind("LS0tLS1CRUdJTiBPUEVOU1NI", is_base64, 0, ANY),
    Kind("LS0tLS1CRUdJTiBFTkNSWVBU", is_base64, 0, ANY),
    Kind("LS0tLS1CRUdJTiBEU0EgUFJJ", is_base64, 0, ANY),
];

/// The second bytes of the kinds, as bits, by their first.
static BEGINNINGS: [u128; 128] = {
    let (mut beginnings, mut at) = ([0; 128], 0);
    while at < KINDS.len() {
        let kind = KINDS[at].0.as_bytes();
        beginnings[kind[0] as usize] |= 1 << kind[1];
        at += 1;
    }
    beginnings
};

/// The fewest letters of a JWT's header: `{"alg":""}` has 14.
const JWT_HEADER: usize = 10;

/// The parts of a JWT: 3 if it is signed (RFC 7515), 5 if it is encrypted (RFC 7516).
const JWT_PARTS: usize = 5;

/// Letters that may as well be a word after `Bearer`.
const WORD: usize = 20;

/// How much of the credentials of `Basic` is looked at; the user's name is shorter.
const CREDENTIALS: usize = 512;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token of a known kind.
pub(super) fn known(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let (first, second) = (scan.text[at], *scan.text.get(at + 1)?);
    if !second.is_ascii() || BEGINNINGS[usize::from(first)] & 1 << second == 0 || !scan.starts_word(at) {
        return None;
    }
    KINDS.iter().find_map(|Kind(start, of, least, most)| {
        let rest = scan.text[at..].strip_prefix(start.as_bytes())?;
        let length = rest.iter().take(most.saturating_add(1)).take_while(|byte| of(byte)).count();
        let is_whole = !rest.get(length).is_some_and(is_word);
        let length = length - ending(&rest[..length]);
        let start = at + start.len();
        (is_whole && (*least..=*most).contains(&length)).then_some(start..start + length)
    })
}

/// A JSON Web Token: parts of base64 with a dot between them, of which the first is an object, `{"…`; if it is cut in
/// its second part, which is an object too, it is known by both.
pub(super) fn jwt(scan: &mut Scan<'_>, at: usize) -> Option<Range<usize>> {
    if at < scan.no_jwt || !scan.text[at..].starts_with(b"eyJ") || !scan.starts_word(at) {
        return None;
    }
    let header = scan.end_of(at, is_word_or_dash);
    let (mut end, mut parts) = (header, 1);
    while parts < JWT_PARTS && scan.text.get(end) == Some(&b'.') {
        end = scan.end_of(end + 1, is_word_or_dash);
        parts += 1;
    }
    let is_jwt = parts > 2 || parts == 2 && scan.text[header + 1..].starts_with(b"eyJ");
    if header - at < JWT_HEADER || !is_jwt {
        scan.no_jwt = header;
        return None;
    }
    // A dot at the end is of a sentence, or of a token without a signature.
    let dots = scan.text[..end].iter().rev().take_while(|byte| **byte == b'.').count();
    Some(at + "eyJ".len()..end - dots)
}

/// What follows `Bearer` and `Basic` (RFC 6750, RFC 7617), if it is no word of a sentence.
pub(super) fn credentials(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let start = scheme(scan.text, at).filter(|_| scan.starts_word(at))?;
    let is_bearer = scan.text[at + 1].eq_ignore_ascii_case(&b'e');
    let shown = &scan.text[start..scan.end_of(start, if is_bearer { is_bearer_token } else { is_standard })];
    let shown = &shown[..shown.len() - ending(shown)];
    let is_secret = if is_bearer {
        let is_odd = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        shown.len() >= WORD || shown.iter().skip(1).any(is_odd)
    } else {
        let shown = &shown[..shown.len().min(CREDENTIALS)];
        // What is left of four letters may be of credentials that are cut.
        let decoded = BASE64.decode(shown).or_else(|_| BASE64.decode(&shown[..shown.len() / 4 * 4]));
        decoded.is_ok_and(|pair| pair.contains(&b':'))
    };
    is_secret.then_some(start..start + shown.len())
}

/// Where what follows a scheme begins, if one stands here.
pub(super) fn scheme(text: &[u8], at: usize) -> Option<usize> {
    let is_scheme =
        |scheme: &[u8]| text[at..].get(..scheme.len()).is_some_and(|is| is.eq_ignore_ascii_case(scheme));
    let scheme = [b"bearer ".as_slice(), b"basic "].into_iter().find(|scheme| is_scheme(scheme))?;
    let start = at + scheme.len();
    Some(start + text[start..].iter().take_while(|byte| **byte == b' ').count())
}

/// The password of the address whose `://` is here (RFC 3986, 3.2.1), even if it has a character that should have been
/// encoded. What may be a port is none.
pub(super) fn password_of_address(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let start = at + if scan.text[at + 1] == b'/' { "://".len() } else { r":\/\/".len() };
    let rest = &scan.text[start..];
    let ends = |at: usize| match &rest[at..] {
        [b'"' | b'\'' | b'`' | b'<' | b'>' | 0..=b' ', ..] => true,
        [b'\\', b'n' | b'r' | b't' | b'u' | b'"' | b'\'', ..] => true,
        rest => rest.starts_with(b"://") || rest.starts_with(br":\/\/"),
    };
    let rest = &rest[..(0..rest.len()).find(|at| ends(*at)).unwrap_or(rest.len())];
    let of_path = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let authority = &rest[..rest.iter().position(of_path).unwrap_or(rest.len())];
    let Some(colon) = authority.iter().position(|byte| *byte == b':') else {
        // A token in the user's place.
        let token = &authority[..authority.iter().rposition(|byte| *byte == b'@')?];
        let is_web = scan.text[..at].ends_with(b"http") || scan.text[..at].ends_with(b"https");
        let is_token = is_web && token.len() >= WORD && token.iter().any(u8::is_ascii_digit);
        return is_token.then_some(start..start + token.len());
    };
    let password = colon + 1;
    let last_at = |part: &[u8]| part.iter().rposition(|byte| *byte == b'@').filter(|at| *at > password);
    let end = last_at(authority).or_else(|| {
        let is_port = authority[password..].iter().all(u8::is_ascii_digit);
        let has_user = authority[..password].contains(&b'@');
        last_at(rest).filter(|_| !is_port && !has_user)
    })?;
    Some(start + password..start + end)
}

/// How many characters at the end are of a sentence instead of a token.
fn ending(token: &[u8]) -> usize {
    token.iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count()
}

fn is_capital(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_small_hex(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

/// Without `=`, which may as well be the sign after a name.
fn is_base64(byte: &u8) -> bool {
    is_word_or_dash(byte) || matches!(byte, b'+' | b'/')
}

/// `b64token` of RFC 6750, without `=` at its end.
fn is_bearer_token(byte: &u8) -> bool {
    is_base64(byte) || matches!(byte, b'.' | b'~')
}

fn is_standard(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn is_word_or_dash(byte: &u8) -> bool {
    is_word(byte) || *byte == b'-'
}

fn is_token(byte: &u8) -> bool {
    is_word_or_dash(byte) || *byte == b'.'
}

/// What the kinds begin with, and how many characters follow at least.
#[cfg(test)]
pub(super) fn prefixes() -> Vec<(&'static str, usize)> {
    KINDS.iter().map(|Kind(start, _, least, _)| (*start, (*least).max(4))).collect()
}
