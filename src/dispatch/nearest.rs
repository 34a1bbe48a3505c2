//! Names like what was said, which nothing has.

use super::{table::folded, words::Line};

/// Letters of what stands behind a name at most, to be said again.
const MAX_BEHIND: usize = 120;

/// A name like what was said.
#[derive(Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The name.
    pub name: String,
    /// How many of the words that were said stand for it.
    pub words: usize,
}

impl Nearest {
    /// The line that somebody may have meant by the name: with what they said behind it, unless it is long.
    pub fn line(&self, said: &Line) -> String {
        let words = said.words().iter().skip_while(|word| word.text.starts_with(['@', '＠']));
        let behind = words.skip(self.words).map(|word| word.span.start).next();
        let behind = behind.map(|at| said.text()[at..].trim_end());
        let is_short = |behind: &&str| behind.chars().count() <= MAX_BEHIND && !behind.contains('\n');
        match behind.filter(is_short).filter(|_| said.error().is_none()) {
            Some(behind) => format!("{} {behind}", self.name),
            None => self.name.clone(),
        }
    }
}

/// At most three of these, each with all its names, by the one that is nearest to what was said.
pub(super) fn among(all: impl Iterator<Item = Vec<String>>, said: &[&str]) -> Vec<Nearest> {
    let mut scored: Vec<(usize, usize, String, usize)> = Vec::new();
    for (index, names) in all.enumerate() {
        let near = |name: String| {
            let whole = distance(&name, said).map(|distance| (distance, name.split(' ').count()));
            let (distance, words) = whole.or_else(|| part(&name, said))?;
            Some((distance, name, words))
        };
        if let Some((distance, name, words)) = names.into_iter().filter_map(near).min() {
            scored.push((distance, index, name, words));
        }
    }
    scored.sort();
    scored.into_iter().map(|(.., name, words)| Nearest { name, words }).take(3).collect()
}

/// How far a name is of which only a part was said, and in how many words: all but its family, `logs` of `k8s logs`, or a
/// word of a Chinese one, `日志` of `容器日志`.
fn part(name: &str, said: &[&str]) -> Option<(usize, usize)> {
    let (_, behind) = name.split_once(' ').unwrap_or_default();
    let count = behind.split(' ').count();
    let begins = || folded(&said.iter().take(count).copied().collect::<Vec<_>>().join(" "));
    if !behind.is_empty() && begins() == folded(behind) {
        return Some((1, count));
    }
    let first = said.first().filter(|first| !first.is_ascii() && first.chars().count() >= 2)?;
    name.contains(first).then_some((2, 1))
}

/// How far what was said is from a name, if it is near at all: a third of the letters may differ, one always (but
/// not all); the beginning of a name is near, and so is what has the name in its first word.
pub(super) fn distance(name: &str, said: &[&str]) -> Option<usize> {
    let count = name.split(' ').count();
    let said = folded(&said.iter().take(count).copied().collect::<Vec<_>>().join(" "));
    let name = folded(name);
    let (length, typed) = (name.chars().count(), said.chars().count());
    if typed < 2 {
        return None;
    }
    if name.starts_with(&said) {
        return Some(1);
    }
    let distance = strsim::osa_distance(&said, &name);
    let allowed = (length / 3).max(1);
    if distance <= allowed && distance < length {
        return Some(distance);
    }
    // Latin letters make words of their own: `ip` is in `ip地址`, and not in `whips`.
    let alone = |at: usize| {
        let before = said[..at].chars().next_back();
        let after = said[at + name.len()..].chars().next();
        !name.is_ascii() || [before, after].iter().flatten().all(|c| !c.is_ascii_alphanumeric())
    };
    (length >= 2 && said.match_indices(&name).any(|(at, _)| alone(at))).then_some(allowed + 1)
}
