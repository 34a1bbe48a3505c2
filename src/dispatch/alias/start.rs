//! What is checked of an alias before anyone uses it: its command must be there, and take what is put into it.

use super::{
    Alias, Slot, conditions,
    template::{Given, Numbered, Piece, Template, UNKNOWN, Unfit, pieces, unknown},
};
use crate::{
    config::{AliasArgument, AliasEntry, Located, Mistake},
    dispatch::{
        Effect,
        arguments::{self, Filled},
        row::{Row, Tail},
        table::{Found, Table, folded},
        words::Line,
    },
};

impl Alias {
    /// An alias for a row of this table. `entries` are all aliases, of which none runs another.
    ///
    /// # Errors
    /// When there is no such row, or it can never take what the alias puts together.
    pub(in crate::dispatch) fn new(
        entry: &AliasEntry,
        entries: &[AliasEntry],
        table: &Table,
    ) -> Result<Self, Mistake> {
        let run = &entry.run;
        let (row, line, words) = match table.read(run.text()) {
            Found::Row { row, line, words, .. } => (row, line, words),
            Found::Nothing { line, nearest } => {
                let is_alias = |other: &&AliasEntry| begins(&line, other.name.text());
                if let Some(AliasEntry { name, .. }) = entries.iter().find(is_alias) {
                    return Err(
                        run.mistake(format!("expected a command, came the alias \"{}\"", name.text()))
                    );
                }
                let nearest =
                    nearest.first().map(|near| format!(" (\"{}\"?)", near.name)).unwrap_or_default();
                return Err(run.unexpected(&format!("expected a command{nearest}")));
            }
        };
        let (options, tail) = arguments::parted(row, &line, &words);
        let until = tail.as_ref().map_or(line.text().len(), |(_, at)| at.start);
        if let Some(error) = line.error().filter(|error| error.span.start < until) {
            return Err(run.mistake(error.to_string()));
        }
        if !row.tail.is_typed() && table.second(&line).is_some() {
            return Err(run.mistake("expected one command, came another one behind it"));
        }
        let before = options.iter().filter(|word| word.span.start < until).count();
        if let Some(word) = words.get(before).filter(|word| arguments::is_option(word)) {
            let expected =
                format!("expected an option of \"{}\", or -- before text that begins with -", row.path);
            return Err(run.mistake(format!("{expected}, came {:?}", word.text)));
        }
        let mut numbered = Vec::new();
        let mut read = |text: &str| {
            let (pieces, slots) = pieces(text).map_err(|problem| run.mistake(problem))?;
            numbered.extend(slots);
            Ok(pieces)
        };
        let alone = if row.tail == Tail::Conditions { arguments::alone(row, &options) } else { Vec::new() };
        let words = options.iter().map(|word| {
            let pieces = read(&word.text)?;
            let pieces = match alone.contains(&word.span) {
                true => conditions::in_quotes(pieces).map_err(|problem| run.mistake(problem))?,
                false => pieces,
            };
            Ok((word.clone(), pieces))
        });
        let words = words.collect::<Result<_, Mistake>>()?;
        let tail = tail.map(|(tail, _)| read(tail)).transpose()?;
        let template = Template { words, tail };
        check_places(&template, run)?;
        let takes_rest = template.pieces().any(|piece| *piece == Piece::Rest);
        let (slots, rest) = slots(numbered, takes_rest, entry)?;
        let mut alias = Self {
            name: entry.name.text().to_owned(),
            row: table.rows().position(|other| other.path == row.path).unwrap_or_default(),
            run: run.text().trim().to_owned(),
            help: entry.help.clone(),
            slots,
            rest,
            needs_rest: false,
            is_write: row.effect == Effect::Write,
            has_people: arguments::has_people(row),
            template,
        };
        alias.check_values(entry, row, &line)?;
        Ok(alias)
    }

    /// Fills in what is known, one value at a time, and has the row judge it.
    fn check_values(&mut self, entry: &AliasEntry, row: &Row, line: &Line) -> Result<(), Mistake> {
        let check = |known: Option<(usize, &str)>, at: &Located| {
            let given = |slot: usize| {
                let known = known.filter(|(known, _)| *known == slot);
                Given {
                    text: known.map_or_else(|| unknown(slot).to_string(), |(_, value)| value.to_owned()),
                    at: None,
                }
            };
            let values: Vec<Given> = (0..self.slots.len()).map(given).collect();
            let rest: Vec<Given> = self.rest.iter().map(|_| given(self.slots.len())).collect();
            self.judge(row, line, &values, &rest, self.rest.is_none()).map_err(|problem| {
                let problem = (0..=self.slots.len()).fold(problem, |problem, slot| {
                    let number = if slot == self.slots.len() { "*".into() } else { (slot + 1).to_string() };
                    problem.replace(unknown(slot), &format!("{{{number}}}"))
                });
                at.mistake(format!("expected what \"{}\" takes: {problem}", row.path))
            })
        };
        let filled = check(None, &entry.run)?;
        for (index, slot) in self.slots.iter().enumerate() {
            if let Some(default) = &slot.default {
                check(Some((index, default)), &entry.run)?;
            }
            let choices = entry.arguments.get(index).map(|argument| argument.choices.as_slice());
            for (_, value) in choices.unwrap_or_default() {
                check(Some((index, value.text())), value)?;
            }
        }
        let values: Vec<Given> =
            (0..self.slots.len()).map(|slot| Given { text: unknown(slot).to_string(), at: None }).collect();
        self.needs_rest = self.rest.is_some() && self.judge(row, line, &values, &[], true).is_err();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            slot.is_person =
                filled.iter().any(|filled| filled.is_person && filled.value == unknown(index).to_string());
        }
        Ok(())
    }

    /// `is_whole` is whether nothing can follow.
    fn judge(
        &self,
        row: &Row,
        line: &Line,
        given: &[Given],
        rest: &[Given],
        is_whole: bool,
    ) -> Result<Vec<Filled>, String> {
        let is_known = |text: &str| !text.contains(|c| UNKNOWN.contains(&c));
        let words = self.template.fill(given, rest, &(0..0)).map_err(|unfit| match unfit {
            Unfit::Dash(given) => format!("“{}” begins with -, and would be an option", given.text),
            Unfit::Sign(given) => format!("“{}” is no part of a name", given.text),
        })?;
        let tail = self.template.fill_tail(given, rest, &(0..0)).map(|(tail, _)| tail);
        arguments::check_form(row, line, &words, tail.as_deref(), is_whole, is_known)
    }
}

/// Whether a line begins with these words.
fn begins(line: &Line, name: &str) -> bool {
    let name = folded(name);
    let mut words = line.words().iter().map(|word| folded(&word.text));
    name.split(' ').all(|word| words.next().is_some_and(|other| other == word))
}

/// Whether placeholders stand where what is filled in can be nothing but a value.
fn check_places(template: &Template, run: &Located) -> Result<(), Mistake> {
    for (word, pieces) in &template.words {
        let is_filled = pieces.len() > 1;
        if let Some(Piece::Text(text)) = pieces.first()
            && is_filled
            && text.starts_with('-')
            && !word.is_quotation()
            && !text.contains('=')
        {
            let expected = "expected a placeholder as a word of its own or behind the = of an option, came one in its name";
            return Err(run.mistake(expected));
        }
        if is_filled && pieces.contains(&Piece::Rest) {
            return Err(run.mistake("expected {*} as a word of its own"));
        }
    }
    let rests = template.pieces().filter(|piece| **piece == Piece::Rest).count();
    let is_last = template.pieces().last() == Some(&Piece::Rest);
    let is_option = template.tail.is_some() && template.words.iter().any(|(_, word)| word == &[Piece::Rest]);
    if rests > 1 || (rests == 1 && !is_last) || is_option {
        return Err(run.mistake("expected {*} once, and as the last word"));
    }
    Ok(())
}

/// What is known of each placeholder, by number, and of `{*}`.
fn slots(
    numbered: Vec<Numbered>,
    takes_rest: bool,
    entry: &AliasEntry,
) -> Result<(Vec<Slot>, Option<Slot>), Mistake> {
    let run = &entry.run;
    let count = numbered.iter().map(|(slot, _)| slot + 1).max().unwrap_or_default();
    let all = count + usize::from(takes_rest);
    if let Some(argument) = entry.arguments.get(all) {
        let problem = format!("expected an argument for each placeholder of run, {all}, came one more");
        return Err(argument.name.mistake(problem));
    }
    let mut slots: Vec<Slot> = Vec::new();
    for index in 0..count {
        let number = index + 1;
        let mut uses = numbered.iter().filter(|(slot, _)| *slot == index).peekable();
        if uses.peek().is_none() {
            return Err(run.mistake(format!("expected {{{number}}}, since there is {{{count}}}, came none")));
        }
        let mut defaults = uses.filter_map(|(_, default)| default.as_ref());
        let default = defaults.next();
        if defaults.any(|other| Some(other) != default) {
            return Err(run.mistake(format!("expected one default of {{{number}}}, came two")));
        }
        if default.is_none() && slots.last().is_some_and(|slot| slot.default.is_some()) {
            let problem = format!("expected a default of {{{number}}}, since {{{index}}} has one, came none");
            return Err(run.mistake(problem));
        }
        let mut slot = Slot::new(number.to_string(), entry.arguments.get(index));
        if let Some(default) = default {
            let default = slot.chosen(default).map_err(|_| {
                run.mistake(format!(
                    "expected a default of {{{number}}} that is one of its choices, came {default:?}"
                ))
            })?;
            slot.default = Some(default);
        }
        slots.push(slot);
    }
    let rest = takes_rest.then(|| Slot::new(String::new(), entry.arguments.get(count)));
    if let Some((choice, _)) =
        entry.arguments.get(count).and_then(|argument: &AliasArgument| argument.choices.first())
    {
        return Err(choice.mistake("expected choices of a numbered placeholder, came some of {*}"));
    }
    Ok((slots, rest))
}
