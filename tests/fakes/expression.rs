//! Regular expressions, as Prometheus and Alertmanager hold them against the whole value of a label.

use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind, Repetition},
};

/// Whether an expression fits all of a text. One that cannot be read fits nothing.
pub fn fits(expression: &str, text: &str) -> bool {
    let read = ParserBuilder::new().unicode(false).utf8(false).build().parse(expression);
    read.is_ok_and(|read| rests(&read, text.as_bytes()).contains(&[].as_slice()))
}

/// What may be left of a text behind what an expression takes of it.
fn rests<'t>(expression: &Hir, text: &'t [u8]) -> Vec<&'t [u8]> {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![text],
        HirKind::Literal(literal) => text.strip_prefix(&*literal.0).into_iter().collect(),
        HirKind::Class(Class::Bytes(class)) => {
            let is_in =
                |byte: &u8| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(byte));
            text.split_first().filter(|(first, _)| is_in(first)).map(|(_, rest)| rest).into_iter().collect()
        }
        // Read without Unicode there are none.
        HirKind::Class(Class::Unicode(_)) => Vec::new(),
        HirKind::Capture(capture) => rests(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().fold(vec![text], |texts, part| after(part, &texts)),
        HirKind::Alternation(parts) => parts.iter().flat_map(|part| rests(part, text)).collect(),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let needed = usize::try_from(*min).unwrap_or(usize::MAX);
            let most = max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
            let mut texts = vec![text];
            let mut all = if needed == 0 { texts.clone() } else { Vec::new() };
            // More often than there are letters it takes nothing.
            for count in 1..=most.min(needed.saturating_add(text.len())) {
                texts = after(sub, &texts);
                if texts.is_empty() {
                    break;
                }
                if count >= needed {
                    all.extend(&texts);
                }
            }
            all
        }
    }
}

fn after<'t>(expression: &Hir, texts: &[&'t [u8]]) -> Vec<&'t [u8]> {
    let mut rests: Vec<&[u8]> = texts.iter().flat_map(|text| rests(expression, text)).collect();
    // All are ends of the same text.
    rests.sort_by_key(|rest| rest.len());
    rests.dedup_by_key(|rest| rest.len());
    rests
}
