//! A code at the end of a line, taken off before anything else looks at the line.

use super::code::Typed;
use crate::dispatch::words::{self, Line, Meaning};

const CONFIRM: &str = "confirm";
const APPROVE: &str = "approve";
/// What one says of a quoted card.
const CONSENTS: [&str; 6] = ["确认", "确认执行", "批准", "批准执行", CONFIRM, APPROVE];

/// What one says to never have asked for something.
const DISOWNS: [&str; 2] = ["不是我", "not-me"];

/// A code that was given with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Whose command somebody approves: a name or a staff id. None where the asker confirms.
    pub asker: Option<String>,
    /// The code; none where what stands there cannot be one.
    pub code: Option<Typed>,
    /// Where it was asked, as it is called: by name or conversation id. None for here.
    pub place: Option<String>,
}

/// Parts a line from `--confirm CODE` or `--approve WHO:CODE` at its end.
pub fn take(line: &str) -> (&str, Option<Given>) {
    let is_blank = |c| matches!(words::meaning(c), Some(Meaning::Blank | Meaning::Dropped));
    let whole = line.trim_end_matches(|c| is_blank(c) || words::ENDS.contains(&c));
    let (before, last) = part(whole, is_blank);
    // `--confirm=CODE`, or CODE as a word of its own.
    let (rest, option, value) = match last.split_once(['=', '＝', '：']) {
        Some((option, value)) if is_option(option).is_some() => (before, option, value),
        _ => {
            let before = before.trim_end_matches(is_blank);
            let (rest, option) = part(before, is_blank);
            (rest, option, last)
        }
    };
    let Some(name) = is_option(option) else { return (line, None) };
    let (asker, code) = match value.rsplit_once([':', '：']) {
        Some((asker, code)) if name == APPROVE => (Some(asker.to_owned()), code),
        _ if name == APPROVE => (Some(String::new()), value),
        _ => (None, value),
    };
    let (code, place) = match code.split_once(['@', '＠']) {
        Some((code, place)) => (code, Some(place.to_owned())),
        None => (code, None),
    };
    (rest.trim_end_matches(is_blank), Some(Given { asker, code: Typed::read(code), place }))
}

/// The last word, and what is before it.
fn part(line: &str, is_blank: impl Fn(char) -> bool) -> (&str, &str) {
    let at = line.char_indices().rev().find(|(_, c)| is_blank(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    line.split_at(at)
}

fn is_dash(c: char) -> bool {
    c == '-' || matches!(words::meaning(c), Some(Meaning::LongDash | Meaning::WideDash))
}

/// Whether a word is one of the two options, with whatever dashes a phone made of `--`.
fn is_option(word: &str) -> Option<&'static str> {
    let name = word.trim_start_matches(is_dash);
    let dashes = word[..word.len() - name.len()].chars().count();
    let named = |option: &&str| name.eq_ignore_ascii_case(option);
    [CONFIRM, APPROVE].into_iter().find(named).filter(|_| (1..=3).contains(&dashes))
}

/// Whether a code stands in a line where none is taken off: something is behind it, or its option is misspelled. What
/// is quoted is a value.
pub fn is_slip(line: &str) -> bool {
    let line = Line::split(line);
    let texts = line.words().iter().filter(|word| !word.quoted).map(|word| word.text.as_str());
    // Behind a quote that does not add up anything may stand.
    let rest = line.error().map(|error| &line.text()[error.span.start..]).unwrap_or_default();
    let mut behind = texts.chain(rest.split_whitespace()).skip_while(|word| {
        let name = word.trim_start_matches(is_dash).to_ascii_lowercase();
        let is_option = name.len() < word.len();
        !(is_option && ["conf", "appr"].iter().any(|begin| name.starts_with(begin)))
    });
    let is_code = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit()) && Typed::read(text).is_some();
    behind.any(|word| word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(is_code))
}

/// A line with a code behind it.
pub fn with_code(line: &str, asker: Option<&str>, code: &str, place: Option<&str>) -> String {
    let place = place.map(|place| format!("@{place}")).unwrap_or_default();
    match asker {
        None => format!("{line} --{CONFIRM} {code}{place}"),
        Some(asker) => format!("{line} --{APPROVE} {asker}:{code}{place}"),
    }
}

/// The line that is meant: what was said, or, where a card is quoted with one of the words that confirm, the card's. Where it is
/// quoted with one of those that disown, that word stands before it.
pub fn meant(said: &str, quote: Option<&str>) -> String {
    let meant = match quote {
        Some(quote) if is_consent(said) => quoted(quote),
        Some(quote) if is_one_of(said, &DISOWNS) => {
            quoted(quote).map(|line| format!("{} {line}", DISOWNS[0]))
        }
        _ => None,
    };
    meant.unwrap_or_else(|| said.to_owned())
}

/// Whether a line is one of the words that confirm what it quotes.
pub fn is_consent(said: &str) -> bool {
    is_one_of(said, &CONSENTS)
}

/// Whether a line disowns what stands behind its first word, or what it quotes.
pub fn disowns(said: &str) -> bool {
    Line::split(said).words().first().is_some_and(|word| is_one_of(&word.text, &DISOWNS))
}

fn is_one_of(said: &str, words: &[&str]) -> bool {
    use Meaning::{Blank, DoubleQuote, Dropped, SingleQuote, Slash};
    let around =
        |c: char| matches!(words::meaning(c), Some(Blank | Dropped | Slash | DoubleQuote | SingleQuote));
    let said = said.trim_matches(|c| around(c) || "「」。.！!".contains(c));
    words.iter().any(|word| said.eq_ignore_ascii_case(word))
}

/// The line that a quoted message stands for: the last in it that ends in a code, with what stands above it in the
/// same fence.
fn quoted(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| take(line).1.is_some_and(|given| given.code.is_some()))?;
    let is_fence = |line: &&str| line.trim_start().starts_with("```");
    let first = lines[..last].iter().rposition(is_fence).map_or(last, |fence| fence + 1);
    // Without a closing fence below, the one above closes another.
    let closed = lines[last + 1..].first().is_some_and(is_fence);
    let first = if closed { first } else { last };
    Some(lines[first..=last].join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "0123456789AB";

    #[test]
    fn a_code_is_taken_off_the_end() {
        for (line, rest, asker, is_code, place) in [
            ("k8s restart web --confirm 0123456789AB", "k8s restart web", None, true, None),
            ("k8s restart web —confirm  o123-4567-89ab ", "k8s restart web", None, true, None),
            ("k8s restart web －－CONFIRM＝0123456789AB", "k8s restart web", None, true, None),
            ("x --confirm 0123456789AB@ops", "x", None, true, Some("ops")),
            ("x --confirm 0123456789AB@cidA+/b==", "x", None, true, Some("cidA+/b==")),
            ("x --approve alice:0123456789AB@ops", "x", Some("alice"), true, Some("ops")),
            ("x\n--approve alice：0123456789AB", "x", Some("alice"), true, None),
            ("x --confirm 0123456789AB@ops。", "x", None, true, Some("ops")),
            ("x --approve alice:0123456789AB ？", "x", Some("alice"), true, None),
            ("x --confirm hello", "x", None, false, None),
            ("x --approve 0123456789AB", "x", Some(""), true, None),
            ("--confirm 0123456789AB", "", None, true, None),
        ] {
            let (left, given) = take(line);
            let given = given.unwrap_or_else(|| panic!("{line}: nothing was taken off"));
            assert_eq!((left, given.code.is_some()), (rest, is_code), "{line}");
            assert_eq!((given.asker.as_deref(), given.place.as_deref()), (asker, place), "{line}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for line in [
            "",
            "ping",
            "say --confirm",
            "say confirm 0123456789AB",
            "say --confirm 0123456789AB now",
            "----confirm 0123456789AB",
            "say what？",
        ] {
            assert_eq!(take(line), (line, None));
        }
    }

    #[test]
    fn a_code_where_none_is_taken_off_is_a_slip() {
        for line in
            ["x --confirm 0123456789AB y", "x —confirn 0123456789AB", "x --approve a:0123456789AB@ops z"]
        {
            assert!(is_slip(line), "{line}");
        }
        for line in
            ["", "x 0123456789AB", "say confirm 0123456789AB now", "x --conf", "x --confirm deployments now"]
        {
            assert!(!is_slip(line), "{line}");
        }
    }

    #[test]
    fn what_confirms_is_said_in_many_ways() {
        for said in ["确认", "confirm", "批准", "APPROVE", "确认执行。", "“确认”", "「批准执行」", " /确认！"]
        {
            assert!(is_consent(said), "{said}");
        }
        for said in ["", "ok", "确认吗", "不确认", "confirm ping"] {
            assert!(!is_consent(said), "{said}");
        }
    }

    #[test]
    fn the_line_of_a_card_is_found_in_a_quote() {
        let line = with_code("say hello\nworld", None, CODE, Some("ops"));
        let card = format!("#### say\n\n```\nother\n```\n\nplease\n\n```\n{line}\n```\n\n> valid");
        assert_eq!(quoted(&card).as_deref(), Some(line.as_str()));
        assert_eq!(quoted(&format!("please\nping --confirm {CODE}")), Some(format!("ping --confirm {CODE}")));
        assert_eq!(quoted("please\nping --confirm"), None);
    }
}
