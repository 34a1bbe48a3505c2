//! The pieces of a plain text: mentions and web addresses are highlighted.

use serde::Serialize;

use super::mention::Nicks;

/// What of a text or a body is shown, in bytes: more than any message that DingTalk takes.
pub(super) const SHOWN: usize = 64 * 1024;

/// What of a text is shown.
pub(super) fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN)]
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "camelCase")]
pub(super) enum Run {
    Plain(String),
    /// Highlighted.
    Mention(String),
    /// A web address: DingTalk makes a link of it.
    Link(String),
    Picture,
}

pub(super) fn runs(text: &str, nicks: &Nicks) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some((range, nick)) = nicks.find(text, at) {
        push_links(&mut runs, &text[at..range.start]);
        runs.push(Run::Mention(format!("@{nick}")));
        at = range.end;
    }
    push_links(&mut runs, &text[at..]);
    runs
}

fn push_links(runs: &mut Vec<Run>, text: &str) {
    let mut done = 0;
    for (at, _) in text.match_indices("http") {
        let from = &text[at..];
        if at < done || !(from.starts_with("http://") || from.starts_with("https://")) {
            continue;
        }
        // An address ends where Chinese begins, as it does in DingTalk.
        let end = from.find(|c: char| !c.is_ascii_graphic() || "<>\"".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ')', '!', '?', '\'']);
        push_plain(runs, &text[done..at]);
        runs.push(Run::Link(address.into()));
        done = at + address.len();
    }
    push_plain(runs, &text[done..]);
}

fn push_plain(runs: &mut Vec<Run>, text: &str) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(Run::Plain(before)) => before.push_str(text),
        _ => runs.push(Run::Plain(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::mention::By;

    #[test]
    fn a_text_is_cut_into_runs() {
        let nicks = Nicks::new(By::Robot, [("0147000002".to_owned(), "爱丽丝".to_owned())]);
        assert_eq!(
            runs("@0147000002 看 https://example.com/a?b=1。再看(http://a.b/c).", &nicks),
            [
                Run::Mention("@爱丽丝".into()),
                Run::Plain(" 看 ".into()),
                Run::Link("https://example.com/a?b=1".into()),
                Run::Plain("。再看(".into()),
                Run::Link("http://a.b/c".into()),
                Run::Plain(").".into()),
            ]
        );
        assert_eq!(runs("@bob", &nicks), [Run::Plain("@bob".into())]);
        assert_eq!(runs("@01470000021", &nicks), [Run::Plain("@01470000021".into())]);
        assert_eq!(runs("", &nicks), []);
        assert_eq!(runs("http https:/ http://a", &nicks).len(), 2);
    }
}
