//! The table of commands: one row each, found by what was said.

use std::{collections::HashMap, fmt, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use clap::ArgMatches;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    CommandError, Ctx, UserError,
    words::{Line, Word},
};
use crate::reply::Reply;

/// A command: its arguments as a clap struct, its marks as constants, and what it does.
///
/// Doc comments are its English help; the Chinese stands in `src/locales/zh.yml` under `help.<path>`. Fields are
/// serialized under the names that help shows (kebab-case), after [`Command::resolve`]: that is what access rules
/// and the audit see.
pub trait Command: clap::Args + Serialize + Send + Sync + 'static {
    /// The words it is said with: `["k8s", "rollout", "restart"]`.
    const PATH: &'static [&'static str];
    /// Other ways to say the whole path, in both languages.
    const ALIASES: &'static [&'static str] = &[];
    /// What it does to the world.
    const EFFECT: Effect;
    /// Its replies may hold secrets or personal data: access rules must name it.
    const SENSITIVE: bool = false;
    /// A write so slight that a rule may let it run without confirmation.
    const MILD: bool = false;
    /// How what follows the path is read.
    const TAIL: Tail = Tail::Words;
    /// Names of its arguments, as help shows them; a test compares them with clap's.
    const ARGUMENTS: &'static [&'static str] = &[];

    /// Fills in defaults and normalises, without any I/O.
    ///
    /// # Errors
    /// What the person can mend.
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        let _ = ctx;
        Ok(())
    }

    /// For writes: what it will change, and the state of the world that this was said of.
    ///
    /// # Errors
    /// As for [`Command::run`].
    fn preview(&self, ctx: &Ctx) -> impl Future<Output = Result<Preview, CommandError>> + Send {
        let _ = ctx;
        async { Ok(Preview::default()) }
    }

    /// Does it.
    ///
    /// # Errors
    /// What the person can mend, what may have happened, and everything else.
    fn run(self, ctx: &Ctx) -> impl Future<Output = Result<Reply, CommandError>> + Send;
}

/// What a command does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Tells nothing that is not public: anyone may.
    Open,
    /// Reads.
    Read,
    /// Changes something.
    Write,
}

/// How what follows the path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// As words.
    Words,
    /// As one argument, exactly as typed (a query, a comment).
    Verbatim,
}

/// What a write will change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// In words, one change a line.
    pub lines: Vec<String>,
    /// The state of the world that the lines were said of: once it changed, they are void.
    pub witness: String,
}

/// A command whose arguments were read, whatever its type.
pub trait Prepared: Send + Sync {
    /// See [`Command::resolve`].
    ///
    /// # Errors
    /// What the person can mend.
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError>;
    /// Its values by argument name.
    fn values(&self) -> Map<String, Value>;
    /// See [`Command::preview`].
    fn preview<'a>(
        &'a self,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Preview, CommandError>> + Send + 'a>>;
    /// See [`Command::run`].
    fn run<'a>(
        self: Box<Self>,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send + 'a>>;
}

impl<C: Command> Prepared for C {
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        Command::resolve(self, ctx)
    }

    fn values(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(values)) => values,
            _ => Map::new(),
        }
    }

    fn preview<'a>(
        &'a self,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Preview, CommandError>> + Send + 'a>> {
        Box::pin(Command::preview(self, ctx))
    }

    fn run<'a>(
        self: Box<Self>,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send + 'a>> {
        Box::pin(async move { Command::run(*self, ctx).await })
    }
}

/// How a row's arguments are described and read.
pub trait Parser: Send + Sync {
    /// The arguments, for clap. Built anew for each look-up: it costs microseconds, and nothing at start.
    fn arguments(&self, command: clap::Command) -> clap::Command;
    /// The arguments as read.
    ///
    /// # Errors
    /// clap's.
    fn read(&self, matches: &ArgMatches) -> Result<Box<dyn Prepared>, clap::Error>;
}

struct Typed<C>(PhantomData<fn() -> C>);

impl<C: Command> Parser for Typed<C> {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        C::augment_args(command)
    }

    fn read(&self, matches: &ArgMatches) -> Result<Box<dyn Prepared>, clap::Error> {
        C::from_arg_matches(matches).map(|command| Box::new(command) as Box<dyn Prepared>)
    }
}

/// A row of the table.
pub struct Row {
    /// The words it is said with.
    pub path: Names,
    /// Other ways to say the whole path.
    pub aliases: Names,
    /// What it does to the world.
    pub effect: Effect,
    /// Its replies may hold secrets or personal data.
    pub sensitive: bool,
    /// A write so slight that a rule may let it run without confirmation.
    pub mild: bool,
    /// How what follows the path is read.
    pub tail: Tail,
    /// Names of its arguments.
    pub arguments: &'static [&'static str],
    /// Where its help comes from.
    pub kind: Kind,
    parser: Maker,
}

/// Whether a row is part of the program or of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Written in Rust; its help is in its doc comments and in zh.yml.
    Command,
    /// A fixed answer of dingops.toml.
    Answer,
}

enum Maker {
    Static(&'static dyn Parser),
    Owned(Arc<dyn Parser>),
}

/// Texts that stand in the program, or were read from the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// In the program.
    Static(&'static [&'static str]),
    /// From the settings.
    Owned(Vec<String>),
}

impl Names {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (fixed, owned): (&[&'static str], &[String]) = match self {
            Self::Static(names) => (names, &[]),
            Self::Owned(names) => (&[], names),
        };
        fixed.iter().copied().chain(owned.iter().map(String::as_str))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// The row of a command.
pub const fn row<C: Command>() -> Row {
    Row {
        path: Names::Static(C::PATH),
        aliases: Names::Static(C::ALIASES),
        effect: C::EFFECT,
        sensitive: C::SENSITIVE,
        mild: C::MILD,
        tail: C::TAIL,
        arguments: C::ARGUMENTS,
        kind: Kind::Command,
        parser: Maker::Static(const { &Typed::<C>(PhantomData) }),
    }
}

impl Row {
    /// The row of a fixed answer.
    pub fn answer(name: &str, parser: Arc<dyn Parser>) -> Self {
        Self {
            path: Names::Owned(name.split_whitespace().map(str::to_owned).collect()),
            aliases: Names::Static(&[]),
            effect: Effect::Open,
            sensitive: false,
            mild: false,
            tail: Tail::Words,
            arguments: &[],
            kind: Kind::Answer,
            parser: Maker::Owned(parser),
        }
    }

    /// How its arguments are described and read.
    pub fn parser(&self) -> &dyn Parser {
        match &self.parser {
            Maker::Static(parser) => *parser,
            Maker::Owned(parser) => parser.as_ref(),
        }
    }

    /// Its arguments, for clap.
    pub fn clap(&self) -> clap::Command {
        let command = self.parser().arguments(clap::Command::new("dingops"));
        command.no_binary_name(true).disable_help_flag(true).disable_version_flag(true)
    }

    /// All it can be said with: its path and its aliases.
    pub fn names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.path.to_string()).chain(self.aliases.iter().map(str::to_owned))
    }
}

/// All rows, found by name.
pub struct Table {
    fixed: &'static [Row],
    owned: Vec<Row>,
    names: HashMap<String, usize>,
    longest: usize,
}

/// A name that two rows have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is already a command")]
pub struct Taken {
    /// The name.
    pub name: String,
    /// Which of the rows from the settings came second.
    pub index: usize,
}

/// What a line asks for.
pub enum Found<'t> {
    /// A row, with the words after its name.
    Row {
        /// The row.
        row: &'t Row,
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
        nearest: Vec<String>,
    },
}

impl Table {
    /// The program's rows and those of the settings.
    ///
    /// # Errors
    /// When one of the settings' rows has a name that is taken.
    pub fn new(fixed: &'static [Row], owned: Vec<Row>) -> Result<Self, Taken> {
        let mut table = Self { fixed, owned, names: HashMap::new(), longest: 0 };
        let mut names = HashMap::new();
        for (index, row) in table.rows().enumerate() {
            for name in row.names() {
                let name = name.to_lowercase();
                if names.insert(name.clone(), index).is_some_and(|other| other != index) {
                    return Err(Taken { name, index: index.saturating_sub(fixed.len()) });
                }
            }
        }
        table.longest = names.keys().map(|name| name.split(' ').count()).max().unwrap_or(0);
        table.names = names;
        Ok(table)
    }

    /// Each row, the program's first.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.fixed.iter().chain(&self.owned)
    }

    /// The row with this path or alias, whatever its case.
    pub fn named(&self, name: &str) -> Option<&Row> {
        let index = *self.names.get(&name.to_lowercase())?;
        self.fixed.get(index).or_else(|| self.owned.get(index - self.fixed.len()))
    }

    /// What a line asks for: the longest name it begins with. An empty line asks for help.
    pub fn find(&self, line: Line) -> Found<'_> {
        if line.words().is_empty() && line.error().is_none() {
            return self.find(Line::split("help"));
        }
        if let Some((row, count)) = self.beginning(line.words()) {
            let words = line.words()[count..].to_vec();
            return Found::Row { row, line, words };
        }
        if let Some(parted) = self.part(&line)
            && let Some((row, count)) = self.beginning(parted.words())
        {
            let words = parted.words()[count..].to_vec();
            return Found::Row { row, line: parted, words };
        }
        let nearest = self.nearest(line.words());
        Found::Nothing { line, nearest }
    }

    fn beginning(&self, words: &[Word]) -> Option<(&Row, usize)> {
        let unquoted = words.iter().take(self.longest).take_while(|word| !word.quoted).count();
        (1..=unquoted).rev().find_map(|count| {
            let name: Vec<&str> = words[..count].iter().map(|word| word.text.as_str()).collect();
            self.named(&name.join(" ")).map(|row| (row, count))
        })
    }

    /// `重启web` as `重启 web`: parted at the end of the longest known name, where what follows is ASCII.
    fn part(&self, line: &Line) -> Option<Line> {
        let first = line.words().first().filter(|word| !word.quoted)?;
        let ends = first.text.char_indices().map(|(at, _)| at).filter(|&at| at > 0);
        let borders = ends.filter(|&at| {
            let (name, rest) = first.text.split_at(at);
            name.ends_with(|c: char| !c.is_ascii()) && rest.starts_with(|c: char| c.is_ascii())
        });
        let at = borders.rev().find(|&at| self.names.contains_key(&first.text[..at].to_lowercase()))?;
        Some(Line::split_with_break(line.text(), first.offset_in_line(at)))
    }

    /// At most three names like what was said.
    pub fn nearest(&self, words: &[Word]) -> Vec<String> {
        let mut scored: Vec<(usize, usize, String)> = Vec::new();
        for (index, row) in self.rows().enumerate() {
            let best =
                row.names().filter_map(|name| distance(&name, words).map(|distance| (distance, name))).min();
            if let Some((distance, name)) = best {
                scored.push((distance, index, name));
            }
        }
        scored.sort();
        scored.into_iter().map(|(_, _, name)| name).take(3).collect()
    }
}

/// How far what was said is from a name, if it is near at all: a third of the letters may differ, one always (but
/// not all), and the beginning of a name is near.
fn distance(name: &str, words: &[Word]) -> Option<usize> {
    let count = name.split(' ').count();
    let said: Vec<&str> = words.iter().take(count).map(|word| word.text.as_str()).collect();
    let said = said.join(" ").to_lowercase();
    let name = name.to_lowercase();
    let (length, typed) = (name.chars().count(), said.chars().count());
    if typed >= 2 && name.starts_with(&said) {
        return Some(1);
    }
    let distance = strsim::osa_distance(&said, &name);
    let allowed = (length / 3).max(1);
    (distance <= allowed && distance < length).then_some(distance)
}
