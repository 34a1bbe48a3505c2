//! Names of what is secret: `DB_PASSWORD`, `accessKeySecret`, `x-api-key`, 密码.

/// The longest name that is looked at, in bytes.
pub(super) const LONGEST: usize = 64;

/// What a name has if its value is secret; `_`, `-` and capitals count for nothing.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secretid",
    "secretkey",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "clientkey",
    "signingkey",
    "encryptionkey",
    "credential",
    "authorization",
    "cookie",
    "sessionid",
    "sessid",
    "storepass",
    "keypass",
    "sshpass",
    "requirepass",
];

/// The headers among them, whose values have blanks in them.
const HEADERS: &[&str] = &["authorization", "cookie"];

/// What such a name may end with besides.
const ENDINGS: &[&str] = &[
    "s",
    "value",
    "data",
    "text",
    "hash",
    "base64",
    "encrypted",
    "plain",
    "confirm",
    "confirmation",
    "new",
    "old",
];

/// The last word of a name that tells of a secret what anybody may know: `password_file`, `token-ttl`, `secret_name`.
const HARMLESS: &[&str] = &[
    "age",
    "algorithm",
    "class",
    "controller",
    "count",
    "dir",
    "domain",
    "enabled",
    "endpoint",
    "exp",
    "expire",
    "expires",
    "expiry",
    "file",
    "format",
    "helper",
    "httponly",
    "id",
    "in",
    "issuer",
    "len",
    "length",
    "limit",
    "manager",
    "method",
    "mode",
    "name",
    "names",
    "path",
    "policy",
    "provider",
    "ref",
    "required",
    "samesite",
    "secure",
    "seconds",
    "server",
    "service",
    "size",
    "status",
    "stdin",
    "time",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];

/// What is secret in the query of an address, of any robot's, queue's or store's: WeCom has `key`, DingTalk `sign` and
/// `session`, Azure `sig`, OAuth `code`.
const QUERY: &[&str] = &["auth", "code", "key", "session", "sig", "sign", "signature", "ticket"];

/// The same in Chinese, at the end of a name.
const CHINESE: &[&str] = &["密码", "口令", "令牌", "密钥"];

/// What a name says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is one word, or in quotes.
    Word,
    /// It is the rest of a line.
    Header,
}

/// Whether what ends here ends with a name in Chinese.
pub(super) fn is_chinese(before: &[u8]) -> bool {
    CHINESE.iter().any(|name| before.ends_with(name.as_bytes()))
}

/// Whether a byte may be of a name.
pub(super) fn is_of_name(byte: &u8) -> bool {
    super::is_word(byte) || matches!(byte, b'-' | b'.')
}

/// What the value of this name is, if it is secret. Of `spring.datasource.password` the last part counts: in
/// `TokenFilter.java:52` it is the ending of a file.
pub(super) fn kind(name: &[u8], is_of_query: bool) -> Option<Kind> {
    let name = name.rsplit(|byte| *byte == b'.').next()?;
    let name = &name[name.len().saturating_sub(LONGEST)..];
    let words = || name.split(|byte| matches!(byte, b'_' | b'-')).filter(|word| !word.is_empty());
    let last = words().next_back()?;
    let (mut letters, mut length, mut starts) = ([0; LONGEST], 0, 0_u64);
    for word in words() {
        starts |= 1 << length;
        letters[length..length + word.len()].copy_from_slice(word);
        length += word.len();
    }
    let letters = &mut letters[..length];
    letters.make_ascii_lowercase();
    let letters = std::str::from_utf8(letters).ok()?;
    let is_any = |words: &[&str], word: &str| words.contains(&word);
    let harmless = HARMLESS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(last));
    let is_secret = |word: &&&str| {
        let Some(at) = letters.rfind(**word) else { return false };
        let (end, rest) = (at + word.len(), &letters[at + word.len()..]);
        // `password_prod`, `credentials_json`
        let is_start = |at: usize| at < length && starts & (1 << at) != 0;
        let is_own_word = is_start(end) || rest.starts_with('s') && is_start(end + 1);
        rest.bytes().all(|byte| byte.is_ascii_digit()) || is_any(ENDINGS, rest) || is_own_word && !harmless
    };
    if let Some(word) = SECRET.iter().find(is_secret) {
        return Some(if is_any(HEADERS, word) { Kind::Header } else { Kind::Word });
    }
    let is_pass = last.eq_ignore_ascii_case(b"pass") && last.len() < length;
    let is_of_query = is_of_query && (is_any(QUERY, letters) || letters.ends_with("signature"));
    (is_pass || is_of_query).then_some(Kind::Word)
}

/// Whether this name is of a secret as it is written here, and a word like others elsewhere: `PASS=…` of a shell, not of
/// a test; `"auth": "…"` of docker, `_auth=…` of npm.
pub(super) fn is_written_so(name: &[u8], sign: u8, is_quoted: bool) -> bool {
    name == b"PASS" && sign == b'=' || name == b"_auth" || name == b"auth" && is_quoted && sign == b':'
}

/// Whether this is the directory of a shell: `PWD=/home/jenkins`.
pub(super) fn is_directory(name: &[u8], value: &[u8]) -> bool {
    value.starts_with(b"/") && [b"PWD".as_slice(), b"OLDPWD"].contains(&name)
}
