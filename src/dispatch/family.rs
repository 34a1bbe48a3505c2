//! Rows of the program that belong together: those of one system.

use super::{row::Row, table::folded};

/// Rows of the program whose names have one beginning: `k8s get pods`.
pub struct Family {
    /// The beginning.
    pub name: &'static str,
    /// What may be said instead of it: `kubectl`, `k`.
    pub also: &'static [&'static str],
    /// The rows.
    pub rows: &'static [Row],
    /// What the system's own tool does, and no row.
    pub left_out: &'static [LeftOut],
}

/// What people say who are used to a system's own tool, and no row does.
pub struct LeftOut {
    /// What stands behind the family's name: `get secrets`.
    pub names: &'static [&'static str],
    /// The key of the sentence that says why not, and what does instead.
    pub sentence: &'static str,
    /// The nearest lines, to tap.
    pub instead: &'static [&'static str],
}

impl Family {
    /// Which of what is left out these words ask for, by its longest name. `get svc/web` is `get svc`.
    pub fn left_out(&self, said: &[&str]) -> Option<&'static LeftOut> {
        let (first, rest) = said.split_first()?;
        let begins = |name: &str| folded(first) == folded(name);
        if !begins(self.name) && !self.also.iter().any(|also| begins(also)) {
            return None;
        }
        let is = |part: &str, word: &str| folded(word).split(['/', ',', '=']).next() == Some(part);
        let says = |name: &str| {
            name.split(' ').count() <= rest.len()
                && name.split(' ').zip(rest).all(|(part, word)| is(part, word))
        };
        let named = self.left_out.iter().flat_map(|it| it.names.iter().map(move |name| (name, it)));
        named.filter(|(name, _)| says(name)).max_by_key(|(name, _)| name.len()).map(|(_, it)| it)
    }
}
