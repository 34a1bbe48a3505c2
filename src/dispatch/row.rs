//! A row of the table: what a command is, and what is known of it without running it.

use std::{fmt, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use clap::ArgMatches;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{CommandError, Ctx, UserError};
use crate::{locale::Locale, reply::Reply};

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
    /// Names of its fields in their order, `start-at` for `start_at`, options too; a test compares them with clap's.
    const ARGUMENTS: &'static [&'static str] = &[];
    /// Of those that [`Command::resolve`] rewrites by itself (`web` to `deploy/web`), the form that access rules judge. A rule
    /// with another would never match.
    const CANONICAL: &'static [(&'static str, Canonical)] = &[];
    /// Those of them that hold secrets: the audit has `***` for each.
    const SECRET: &'static [&'static str] = &[];
    /// Those of them that hold anybody's words: the audit has their length and hash. A tail taken as typed always does.
    const FREE_TEXT: &'static [&'static str] = &[];
    /// Whether a word says of what kind its first argument is, and may stand before it by itself: `deployment web` is
    /// `deployment/web`. None of them is a value alone.
    const IS_KIND: fn(&str) -> bool = |_| false;
    /// Options that people type by habit of another tool, and the keys of the sentences that say what to type
    /// instead.
    const HABITS: Habits = &[];
    /// Lines it is said with, to tap and to learn from; a test reads each. A command without arguments needs none.
    const EXAMPLES: &'static [&'static str] = &[];

    /// Fills in defaults and normalises, without any I/O.
    ///
    /// # Errors
    /// What the person can mend.
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        let _ = ctx;
        Ok(())
    }

    /// Whether it is as slight as [`Command::MILD`] says with these values: else it is confirmed, whatever a rule says.
    fn is_mild(&self) -> bool {
        Self::MILD
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

/// What another tool takes and a command does not, with the keys of sentences.
pub type Habits = &'static [&'static [(&'static str, &'static str)]];

/// A value as rules see it; none for what is no value.
pub type Canonical = fn(&str) -> Option<String>;

/// The flag of every write that shows its preview alone.
pub(crate) const DRY_RUN: &str = "dry_run";

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

impl Effect {
    /// As dingops.toml says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// How what follows the path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// As words.
    Words,
    /// As words that keep the quotes inside them: conditions on labels, as other tools write them, `{a="b c", d=~"e"}`.
    Conditions,
    /// As one argument, exactly as typed (a message, a comment).
    Verbatim,
    /// The same, but that options may stand behind it as well: no query ends in one.
    Query,
}

impl Tail {
    /// Whether the last argument is all that follows, as typed.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Verbatim | Self::Query)
    }
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
    /// See [`Command::is_mild`].
    fn is_mild(&self) -> bool;
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

    fn is_mild(&self) -> bool {
        Command::is_mild(self)
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
    /// What an argument is, or without one the whole, in this language, where the settings say it.
    fn help(&self, argument: Option<&str>, locale: Locale) -> Option<String> {
        let _ = (argument, locale);
        None
    }
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
    pub arguments: Names,
    /// The form that rules judge, of those that are rewritten.
    pub canonical: &'static [(&'static str, Canonical)],
    /// Those that hold secrets.
    pub secret: Names,
    /// Those that hold anybody's words, beside a tail taken as typed.
    pub free_text: Names,
    /// Whether a word may stand before its first argument ([`Command::IS_KIND`]).
    pub is_kind: fn(&str) -> bool,
    /// What another tool would take, and the sentences about that ([`Command::HABITS`]).
    pub habits: Habits,
    /// Lines it is said with, to try.
    pub examples: Names,
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
    /// A request over HTTP, written in dingops.toml.
    Http,
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

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
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
        arguments: Names::Static(C::ARGUMENTS),
        canonical: C::CANONICAL,
        secret: Names::Static(C::SECRET),
        free_text: Names::Static(C::FREE_TEXT),
        is_kind: C::IS_KIND,
        habits: C::HABITS,
        examples: Names::Static(C::EXAMPLES),
        kind: Kind::Command,
        parser: Maker::Static(const { &Typed::<C>(PhantomData) }),
    }
}

impl Row {
    /// A row of the settings: open to all, without marks and arguments, but for what its maker changes.
    pub fn owned(name: &str, kind: Kind, parser: Arc<dyn Parser>) -> Self {
        Self {
            path: Names::Owned(name.split_whitespace().map(str::to_owned).collect()),
            aliases: Names::Static(&[]),
            effect: Effect::Open,
            sensitive: false,
            mild: false,
            tail: Tail::Words,
            arguments: Names::Static(&[]),
            canonical: &[],
            secret: Names::Static(&[]),
            free_text: Names::Static(&[]),
            is_kind: |_| false,
            habits: &[],
            examples: Names::Static(&[]),
            kind,
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

    /// Its arguments, for clap; of a write also `--dry-run`.
    pub fn clap(&self) -> clap::Command {
        let command = self.parser().arguments(clap::Command::new("dingops"));
        let command = command.no_binary_name(true).disable_help_flag(true).disable_version_flag(true);
        match self.effect {
            Effect::Write => command.arg(
                clap::Arg::new(DRY_RUN)
                    .long("dry-run")
                    .action(clap::ArgAction::SetTrue)
                    .help("Only show what it would do"),
            ),
            _ => command,
        }
    }

    /// All it can be said with: its path and its aliases.
    pub fn names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.path.to_string()).chain(self.aliases.iter().map(str::to_owned))
    }
}
