//! Names in the operated systems, each system with its own rule.

use crate::dispatch::arguments::InvalidValue;

/// What a name in some system is made of. None is `.` or `..` (or has it between slashes), or starts with `-`: a name
/// becomes part of addresses and of command lines.
///
/// ```
/// use dingops::dispatch::values::Identifier;
///
/// static POD: Identifier = Identifier {
///     max: 253,
///     inside: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'),
///     ends: |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
///     sentence: "arguments.identifier",
/// };
///
/// #[derive(clap::Args)]
/// struct Logs {
///     /// Whose
///     #[arg(value_parser = POD.parser())]
///     pod: String,
/// }
/// assert!(POD.parser()("web-7d4b9c").is_ok());
/// assert!(POD.parser()("../web").is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Identifier {
    /// How many letters it has at most.
    pub max: usize,
    /// Letters that may be in it.
    pub inside: fn(char) -> bool,
    /// Letters that it may begin and end with.
    pub ends: fn(char) -> bool,
    /// The key of the sentence that says so, with `%{argument}`, `%{came}` and `%{max}`.
    pub sentence: &'static str,
}

impl Identifier {
    /// Letters of ASCII, digits, `.`, `_` and `-`: what most systems take for a name.
    pub const NAME: Self = Self {
        max: 128,
        inside: |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'),
        ends: |c| c.is_ascii_alphanumeric(),
        sentence: "arguments.identifier",
    };

    /// The value parser of such a name.
    pub fn parser(self) -> impl Fn(&str) -> Result<String, InvalidValue> + Clone + Send + Sync + 'static {
        move |typed| match self.misfit(typed) {
            None => Ok(typed.to_owned()),
            Some(at) => Err(InvalidValue::new(self.sentence).with("max", self.max).at(at)),
        }
    }

    /// The first part that does not fit.
    fn misfit(&self, typed: &str) -> Option<std::ops::Range<usize>> {
        let letter = |(at, c): (usize, char)| at..at + c.len_utf8();
        let first = typed.char_indices().next().filter(|(_, c)| !(self.ends)(*c) || *c == '-');
        let unfit = || typed.char_indices().find(|(_, c)| !(self.inside)(*c));
        let last = || typed.char_indices().next_back().filter(|(_, c)| !(self.ends)(*c));
        let beyond = || typed.char_indices().nth(self.max).map(|(at, _)| at..typed.len());
        let dots = || {
            let begins = std::iter::once(0).chain(typed.match_indices('/').map(|(at, _)| at + 1));
            let mut parts = begins.zip(typed.split('/'));
            parts.find(|(_, part)| matches!(*part, "." | "..")).map(|(at, part)| at..at + part.len())
        };
        if typed.is_empty() {
            return Some(0..0);
        }
        dots().or_else(|| first.or_else(unfit).or_else(last).map(letter)).or_else(beyond)
    }
}
