//! The table of commands, found by what was said.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Range,
};

use super::{
    alias::Alias,
    family::Family,
    help,
    nearest::{self, Nearest},
    row::{Row, Tail},
    values,
    words::{ENDS, Line, Word},
};
use crate::{
    config::{AliasEntry, Located, Mistake, PlaceDefault},
    text,
};

/// All rows, found by name.
pub struct Table {
    fixed: Vec<&'static Row>,
    owned: Vec<Row>,
    aliases: Vec<Alias>,
    names: HashMap<String, Named>,
    longest: usize,
    /// Families that are not set up, with what their entries in dingops.toml are called.
    absent: Vec<(&'static str, &'static Family)>,
}

/// What a name stands for, by number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Row(usize),
    Alias(usize),
}

/// What is wrong with a name that is taken.
const TAKEN: &str = "is already the name of a command or an answer";
const TAKEN_ALIAS: &str = "is already the name of another alias";

/// What a line asks for.
pub enum Found<'t> {
    /// A row, with the words after its name.
    Row {
        /// The row.
        row: &'t Row,
        /// The alias that it is said through.
        alias: Option<&'t Alias>,
        /// The line as typed.
        line: Line,
        /// What follows the name.
        words: Vec<Word>,
    },
    /// Nothing that is known.
    Nothing {
        /// The line as typed.
        line: Line,
        /// Names like it, nearest first.
        nearest: Vec<Nearest>,
    },
}

impl Table {
    /// The program's rows and those of the settings.
    ///
    /// # Errors
    /// When one of the settings' rows has a name that is taken.
    pub fn new(
        fixed: impl IntoIterator<Item = &'static Row>,
        owned: Vec<(Located, Row)>,
    ) -> Result<Self, Mistake> {
        let fixed: Vec<&Row> = fixed.into_iter().collect();
        let count = fixed.len();
        let (located, owned): (Vec<Located>, Vec<Row>) = owned.into_iter().unzip();
        let mut table =
            Self { fixed, owned, aliases: Vec::new(), names: HashMap::new(), longest: 0, absent: Vec::new() };
        let mut names = HashMap::with_capacity(4 * table.rows().count());
        let taken = |name: &str, index: usize| match located.get(index.saturating_sub(count)) {
            Some(at) => taken(at, name, TAKEN),
            None => Mistake { problem: format!("\"{name}\" {TAKEN}"), ..Mistake::default() },
        };
        for (index, row) in table.rows().enumerate() {
            for name in row.names() {
                match names.entry(folded(&name)) {
                    Entry::Occupied(other) if *other.get() != Named::Row(index) => {
                        return Err(taken(other.key(), index));
                    }
                    entry => drop(entry.insert_entry(Named::Row(index))),
                }
            }
        }
        // `help ping` as an answer would take words away from `help`.
        for (index, row) in table.owned.iter().enumerate() {
            let words: Vec<&str> = row.path.iter().collect();
            let begins = |count: &usize| names.contains_key(&folded(&words[..*count].join(" ")));
            if let Some(count) = (1..words.len()).find(begins) {
                return Err(taken(&words[..count].join(" "), table.fixed.len() + index));
            }
        }
        table.names = names;
        table.measure();
        Ok(table)
    }

    /// The same with the other beginnings of families: what begins a command begins no other.
    #[must_use]
    pub fn with_beginnings<'f>(mut self, families: impl IntoIterator<Item = &'f Family>) -> Self {
        for Family { name: beginning, also, .. } in families {
            let begins =
                |name: &String| name.strip_prefix(beginning).is_some_and(|rest| rest.starts_with(' '));
            let meant: Vec<(String, Named)> = self
                .names
                .iter()
                .filter(|(name, _)| begins(name))
                .map(|(name, to)| (name.clone(), *to))
                .collect();
            for (name, to) in meant {
                let others = also.iter().map(|also| name.replacen(beginning, also, 1));
                self.names.extend(others.map(|name| (name, to)));
            }
        }
        self.measure();
        self
    }

    /// The same, knowing these families that are not set up, with what their entries in dingops.toml are called.
    #[must_use]
    pub fn without(mut self, absent: impl IntoIterator<Item = (&'static str, &'static Family)>) -> Self {
        self.absent = absent.into_iter().collect();
        self
    }

    /// What the entry in dingops.toml is called that would make a command of this line.
    pub fn absent(&self, said: &str) -> Option<&'static str> {
        let said = format!("{} ", folded(said.trim()));
        let begins = |name: &str| said.starts_with(&format!("{} ", folded(name)));
        let is_meant = |(_, family): &&(&str, &Family)| {
            begins(family.name)
                || family.also.iter().any(|also| begins(also))
                || family.rows.iter().any(|row| row.names().any(|name| begins(&name)))
        };
        self.absent.iter().find(is_meant).map(|(section, _)| *section)
    }

    /// The same with words of the operator's own.
    ///
    /// # Errors
    /// When one has a name that is taken or begins with a command's, or stands for what is no command.
    pub fn with_aliases(mut self, entries: &[AliasEntry]) -> Result<Self, Mistake> {
        let mut names = HashMap::new();
        for (index, AliasEntry { name, .. }) in entries.iter().enumerate() {
            let words: Vec<&str> = name.text().split(' ').collect();
            let begins = |count: &usize| self.named(&words[..*count].join(" ")).is_some();
            if let Some(count) = (1..=words.len()).find(begins) {
                return Err(taken(name, &words[..count].join(" "), TAKEN));
            }
            if names.insert(folded(name.text()), Named::Alias(index)).is_some() {
                return Err(taken(name, name.text(), TAKEN_ALIAS));
            }
        }
        let aliases = entries.iter().map(|entry| Alias::new(entry, entries, &self));
        self.aliases = aliases.collect::<Result<_, _>>()?;
        self.names.extend(names);
        self.measure();
        Ok(self)
    }

    fn measure(&mut self) {
        self.longest = self.names.keys().map(|name| name.split(' ').count()).max().unwrap_or(0);
    }

    /// Whether each default is the value of an argument that some command has.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_defaults(&self, defaults: &[PlaceDefault]) -> Result<(), Mistake> {
        for default in defaults {
            let (name, value) = (default.argument.text(), default.value.text());
            let mut known = false;
            for row in self.rows() {
                let Some(argument) =
                    row.clap().get_opts().find(|argument| help::name(argument) == name).cloned()
                else {
                    continue;
                };
                known = true;
                if !values::takes(&argument, value) {
                    let expected = format!("expected a {name} that \"{}\" takes", row.path);
                    return Err(default.value.unexpected(&expected));
                }
            }
            if !known {
                return Err(default.argument.unexpected("expected the name of an option as help shows it"));
            }
        }
        Ok(())
    }

    /// The operator's own words for commands.
    pub fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    /// The alias of this name, whatever its case.
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.meant(name)?.1
    }

    /// Each row, the program's first.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.fixed.iter().copied().chain(&self.owned)
    }

    /// The row with this path or other name, whatever its case.
    pub fn named(&self, name: &str) -> Option<&Row> {
        match self.names.get(&folded(name))? {
            Named::Row(index) => self.row(*index),
            Named::Alias(_) => None,
        }
    }

    /// The row of this number.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.fixed.get(index).copied().or_else(|| self.owned.get(index - self.fixed.len()))
    }

    /// The row that a name stands for, and the alias where it is one.
    fn meant(&self, name: &str) -> Option<(&Row, Option<&Alias>)> {
        match self.names.get(&folded(name))? {
            Named::Row(index) => Some((self.row(*index)?, None)),
            Named::Alias(index) => {
                let alias = self.aliases.get(*index)?;
                Some((self.row(alias.row)?, Some(alias)))
            }
        }
    }

    /// What a line asks for, in words as its row reads them.
    pub fn read(&self, text: &str) -> Found<'_> {
        let found = self.find(Line::split(text));
        if let Found::Row { row, line, .. } = &found
            && row.tail == Tail::Conditions
        {
            let line = line.keeping_quotes();
            if let Some((row, alias, words)) = self.beginning(line.words()) {
                return Found::Row { row, alias, line, words };
            }
        }
        found
    }

    /// What a line asks for: the longest name it begins with. An empty line asks for help.
    pub fn find(&self, line: Line) -> Found<'_> {
        let says_nothing =
            line.error().is_none() && line.words().iter().all(|word| without_end(&word.text).is_empty());
        let help = says_nothing || line.words().first().is_some_and(Word::asks_for_help);
        if help && let Some(row) = self.named("help") {
            return Found::Row { row, alias: None, line, words: Vec::new() };
        }
        if let Some((row, alias, words)) = self.beginning(line.words()) {
            return Found::Row { row, alias, line, words };
        }
        if let Some(parted) = self.part(&line)
            && let Some((row, alias, words)) = self.beginning(parted.words())
        {
            return Found::Row { row, alias, line: parted, words };
        }
        if let Some((first, at)) = self.glued(&line)
            && let Some((row, alias)) = self.meant(without_end(&first.text[..at]))
        {
            return Found::Row { row, alias, line, words: Vec::new() };
        }
        // `@bob ping`, typed rather than mentioned.
        let said = line.words().iter().map(|word| word.text.as_str());
        let said: Vec<&str> = said.skip_while(|word| word.starts_with(['@', '＠'])).collect();
        let nearest = self.nearest(&said);
        Found::Nothing { line, nearest }
    }

    /// Where a second command begins, if there is one: on a line of its own, or behind what separates commands.
    pub fn second(&self, line: &Line) -> Option<Range<usize>> {
        let begins = |line: Line| self.beginning(line.words()).is_some() || self.part(&line).is_some();
        if let Some((first, at)) = self.glued(line) {
            return Some(first.part(at..first.text.len()));
        }
        let second = line.words().windows(2).find(|pair| {
            let [before, word] = pair else { return false };
            let between = &line.text()[before.span.end..word.span.start];
            let is_apart = between.contains(['\n', '\r', '\u{2028}', '\u{2029}']) || separates(before);
            // `在吗`, and `？` below it, is one sentence.
            let says_something = !word.quoted && word.text.contains(char::is_alphanumeric);
            is_apart && says_something && begins(Line::split(&line.text()[word.span.start..]))
        });
        second.map(|pair| pair[1].span.clone())
    }

    /// `ping；在吗`: the first word where it is two names with a mark between them, and where in it the second begins.
    fn glued<'l>(&self, line: &'l Line) -> Option<(&'l Word, usize)> {
        let first = line.words().first().filter(|word| !word.quoted && self.meant(&word.text).is_none())?;
        let marks = first.text.match_indices(['；', ';', '，', ',', '。', '、', '！', '？']);
        let second = |(at, mark): (usize, &str)| {
            let begin = at + mark.len();
            let after = Line::split(&line.text()[first.offset_in_line(begin)..]);
            let is_second = begin < first.text.len() && self.beginning(after.words()).is_some();
            (is_second && self.meant(without_end(&first.text[..at])).is_some()).then_some(begin)
        };
        marks.filter_map(second).next().map(|begin| (first, begin))
    }

    /// The row with the longest name that the words begin with, the alias where that is one's, and the words after it.
    fn beginning(&self, words: &[Word]) -> Option<(&Row, Option<&Alias>, Vec<Word>)> {
        // What is quoted is a value, but for the first word: who quotes that quotes the whole line.
        let plain =
            words.iter().enumerate().take(self.longest).take_while(|(at, word)| *at == 0 || !word.quoted);
        let ((row, alias), count) = (1..=plain.count()).rev().find_map(|count| {
            let name: Vec<&str> = words[..count].iter().map(|word| word.text.as_str()).collect();
            let name = name.join(" ");
            let meant = self.meant(&name).or_else(|| self.meant(without_end(&name)))?;
            Some((meant, count))
        })?;
        let mut rest = words[count..].to_vec();
        // `在吗 ？`: a mark that ends a sentence is no argument where none is expected.
        let is_whole = alias.map_or(row.arguments.is_empty(), Alias::is_whole);
        if is_whole && rest.iter().all(|word| without_end(&word.text).is_empty()) {
            rest.retain(|word| word.quoted);
        }
        let takes_tail = alias.map_or(row.tail.is_typed(), Alias::takes_tail);
        if !takes_tail {
            // `部署 web ？`: a mark alone is no argument behind one either.
            let is_mark = |word: &mut Word| !word.quoted && word.text.trim_end_matches(ENDS).is_empty();
            if rest.len() > 1 {
                rest.pop_if(is_mark);
            }
            if let Some(last) = rest.last_mut().filter(|last| alias.is_some() || !self.is_sentence(row, last))
            {
                last.end_without_mark();
            }
        }
        Some((row, alias, rest))
    }

    /// Whether a mark at the end of the last word is part of what somebody says: in Chinese, where any text is taken.
    fn is_sentence(&self, row: &Row, last: &Word) -> bool {
        let plain = last.text.trim_end_matches(ENDS);
        if plain.is_ascii() || plain.len() == last.text.len() || self.meant(plain).is_some() {
            return false;
        }
        row.clap().get_positionals().last().is_some_and(|argument| values::is_text(argument, &last.text))
    }

    /// `重启web` as `重启 web`: parted at the end of the longest known name, where what follows is ASCII.
    fn part(&self, line: &Line) -> Option<Line> {
        let first = line.words().first().filter(|word| !word.quoted)?;
        let ends = first.text.char_indices().map(|(at, _)| at).filter(|&at| at > 0);
        let borders = ends.filter(|&at| {
            let (name, rest) = first.text.split_at(at);
            name.ends_with(|c: char| !c.is_ascii()) && rest.starts_with(|c: char| c.is_ascii())
        });
        let at = borders.rev().find(|&at| self.names.contains_key(&folded(&first.text[..at])))?;
        Some(Line::split_with_break(line.text(), first.offset_in_line(at)))
    }

    /// At most three names like what was said, or that it is a part of.
    pub fn nearest(&self, said: &[&str]) -> Vec<Nearest> {
        let rows = self.rows().map(|row| row.names().collect());
        let aliases = self.aliases.iter().map(|alias| vec![alias.name.clone()]);
        nearest::among(rows.chain(aliases), said)
    }
}

fn taken(at: &Located, name: &str, taken: &str) -> Mistake {
    match at.is_hidden() {
        true => at.mistake(taken),
        false => at.mistake(format!("\"{name}\" {taken}")),
    }
}

/// Whether a word ends a command for those who are used to shells.
pub(super) fn separates(word: &Word) -> bool {
    let text = folded(&word.text);
    !word.quoted && (matches!(text.as_str(), "&&" | "||" | "|") || text.ends_with(';'))
}

/// A name as it is compared: without regard to case and to the width of letters.
pub(crate) fn folded(name: &str) -> String {
    text::narrow(name).to_lowercase()
}

/// A name without the marks that end a sentence: speech recognition writes them, and so do people.
fn without_end(name: &str) -> &str {
    name.trim_end_matches(['?', '？', '。', '.', '!', '！', ',', '，', ';', '；', '…', '~', '～', '、'])
}
