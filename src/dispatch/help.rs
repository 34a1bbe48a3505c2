//! What one can say, and what was wrong with what was said.

mod forms;

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

pub(super) use self::forms::choices;
use super::{
    Ctx,
    access::May,
    alias::Alias,
    arguments::Complaint,
    canonical,
    nearest::Nearest,
    row::{self, Kind, Row},
    words::{Line, Word},
};
use crate::{
    locale::Locale,
    reply::{Block, Reply, Text},
    systems, text,
};

/// Longest part of a line that is shown again.
const MAX_SHOWN: usize = 120;
/// Behind what some arguments allow and others do not.
const DEPENDS: &str = " ◐";

/// What a row does, in one line. What has no Chinese text (a test fails for a command) is told as it is written.
pub fn about(row: &Row, locale: Locale) -> String {
    if let Some(about) = row.parser().help(None, locale) {
        return about;
    }
    let written = || row.clap().get_about().map(ToString::to_string).unwrap_or_default();
    match (row.kind, locale) {
        (Kind::Command, Locale::Zh) => {
            locale.lookup(&format!("help.{}.about", key(row))).map_or_else(written, str::to_owned)
        }
        _ => written(),
    }
}

/// What an argument is and takes, in one line.
fn told(row: &Row, argument: &clap::Arg, ctx: &Ctx) -> String {
    let about = about_argument(row, argument, ctx.locale);
    with_forms(about, &forms::forms(argument, ctx), ctx.locale)
}

/// What something is for, and behind it what it takes.
fn with_forms(about: String, forms: &[String], locale: Locale) -> String {
    let joined = forms.join(&locale.say("usage.forms_separator", &[]));
    match (forms.is_empty(), about.is_empty()) {
        (true, _) => about,
        (_, true) => joined,
        _ => locale.say("usage.forms", &[("about", &about), ("forms", &joined)]),
    }
}

fn about_argument(row: &Row, argument: &clap::Arg, locale: Locale) -> String {
    if let Some(about) = row.parser().help(Some(&name(argument)), locale) {
        return about;
    }
    let english = || argument.get_help().map(ToString::to_string).unwrap_or_default();
    if argument.get_id() == row::DRY_RUN {
        return locale.say("usage.dry_run", &[]);
    }
    match locale {
        Locale::Zh => {
            let key = format!("help.{}.arguments.{}", key(row), name(argument));
            locale.lookup(&key).map_or_else(english, str::to_owned)
        }
        Locale::En => english(),
    }
}

/// A row's path as part of a key in zh.yml.
pub(crate) fn key(row: &Row) -> String {
    row.path.iter().collect::<Vec<_>>().join(".")
}

/// What this person may say here, grouped, one line a command.
pub fn list(ctx: &Ctx) -> Reply {
    let reply = Reply::new(ctx.locale.say("usage.title", &[]));
    lines(reply, ctx, |_, _| true).note(ctx.locale.say("usage.more", &[]))
}

/// The same of one system: the commands whose path begins with this word, or with what it also is called. None where
/// there is no such system.
pub fn system(name: &str, ctx: &Ctx) -> Option<Reply> {
    let mut families = systems::families(&ctx.settings);
    let also = families.find(|family| family.also.iter().any(|also| also.eq_ignore_ascii_case(name)));
    let name = also.map_or(name, |family| family.name);
    let is_meant = |row: &Row| {
        let mut path = row.path.iter();
        path.next().is_some_and(|first| first.eq_ignore_ascii_case(name)) && path.next().is_some()
    };
    let first = ctx.table.rows().find(|row| is_meant(row))?;
    let is_meant = |row: &Row, alias: Option<&Alias>| alias.is_none() && is_meant(row);
    let mut reply = lines(Reply::new(name.to_lowercase()), ctx, is_meant);
    // The title says it.
    for block in &mut reply.blocks {
        if let Block::List { heading, .. } = block {
            heading.clear();
        }
    }
    Some(if reply.blocks.is_empty() {
        reply.text(ctx.locale.say("usage.nothing_here", &[]))
    } else {
        reply.note(ctx.locale.say("usage.more_of", &[("path", &first.path)]))
    })
}

/// The same where a line says the word and nothing else, or asks for help with it, or says with it what is like no
/// command.
pub(super) fn of_system(line: &Line, nearest: &[Nearest], ctx: &Ctx) -> Option<Reply> {
    let (name, rest) = line.words().split_first()?;
    let asks = |word: &Word| word.asks_for_help() || matches!(word.text.as_str(), "?" | "？");
    let is_meant = nearest.is_empty() || rest.iter().all(asks);
    (line.error().is_none() && is_meant).then(|| system(&name.text, ctx)).flatten()
}

/// Why what a system's own tool does is no command, where a line says that, and what comes nearest.
pub(super) fn left_out(line: &Line, ctx: &Ctx) -> Option<Reply> {
    let said: Vec<&str> = line.words().iter().map(|word| word.text.as_str()).collect();
    let found = systems::families(&ctx.settings).find_map(|family| Some((family, family.left_out(&said)?)));
    let (family, left_out) = found?;
    let reply = Reply::new(ctx.locale.say("unknown.title", &[]));
    let reply = reply.text(ctx.locale.say(left_out.sentence, &[]));
    let reply = left_out.instead.iter().fold(reply, |reply, line| reply.action(*line, *line));
    let help = ctx.locale.say("unknown.help_command", &[]);
    Some(reply.action(ctx.locale.say("unknown.help", &[]), format!("{help} {}", family.name)))
}

fn lines(reply: Reply, ctx: &Ctx, is_meant: impl Fn(&Row, Option<&Alias>) -> bool) -> Reply {
    let mut groups: Vec<(String, Vec<Text>)> = Vec::new();
    let mut depends = false;
    let rows = ctx.table.rows().map(|row| (row, None));
    let aliases =
        ctx.table.aliases().iter().filter_map(|alias| Some((ctx.table.row(alias.row)?, Some(alias))));
    for (row, alias) in rows.chain(aliases).filter(|(row, alias)| is_meant(row, *alias)) {
        let item = alias.map_or_else(|| item(row, ctx.locale), |alias| alias_item(alias, ctx.locale));
        let name = alias.map(|alias| alias.name.as_str());
        let item = match ctx.rules.may(row, name, &ctx.who, &ctx.place) {
            May::No => continue,
            May::Yes => item,
            May::Depends => {
                depends = true;
                item.plain(DEPENDS)
            }
        };
        let group = group(row, alias, ctx.locale);
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, items)) => items.push(item),
            None => groups.push((group, vec![item])),
        }
    }
    let reply =
        groups.into_iter().fold(reply, |reply, (heading, items)| reply.block(Block::List { heading, items }));
    if depends {
        reply.note(format!("{}{}", DEPENDS.trim(), ctx.locale.say("usage.depends", &[])))
    } else {
        reply
    }
}

fn group(row: &Row, alias: Option<&Alias>, locale: Locale) -> String {
    let mut path = row.path.iter();
    match (row.kind, path.next(), path.next()) {
        _ if alias.is_some() => locale.say("usage.aliases", &[]),
        (Kind::Answer, ..) => locale.say("usage.answers", &[]),
        (Kind::Http, ..) => locale.say("usage.own", &[]),
        (_, Some(system), Some(_)) => system.to_owned(),
        _ => locale.say("usage.general", &[]),
    }
}

/// The name a reader of this language would say, tappable, then the other one, then what it does.
fn item(row: &Row, locale: Locale) -> Text {
    let path = row.path.to_string();
    let chinese =
        row.aliases.iter().find(|alias| !alias.is_ascii() && alias.chars().all(char::is_alphanumeric));
    let about = about(row, locale);
    match (locale, chinese) {
        (Locale::Zh, Some(alias)) => {
            Text::default().action(alias, alias).plain(format!("（{path}）：{about}"))
        }
        _ => named(&path, &about, locale),
    }
}

fn alias_item(alias: &Alias, locale: Locale) -> Text {
    named(&alias.name, alias.help.told(locale), locale)
}

/// A name, tappable, and what it does.
fn named(name: &str, about: &str, locale: Locale) -> Text {
    let colon = locale.say("reply.colon", &[]);
    Text::default().action(name, name).plain(format!("{colon}{about}"))
}

/// How a command is said.
pub fn usage(row: &Row, ctx: &Ctx) -> Reply {
    let command = row.clap();
    let reply = Reply::new(row.path.to_string()).text(about(row, ctx.locale));
    let arguments: Vec<(String, String)> =
        command.get_arguments().map(|argument| (mentioned(argument), told(row, argument, ctx))).collect();
    let reply =
        if arguments.is_empty() { reply } else { said(reply, &usage_line(row), ctx).fields(arguments) };
    let reply = match ctx.rules.may(row, None, &ctx.who, &ctx.place) {
        May::Yes => reply,
        May::Depends => reply.note(ctx.locale.say("usage.may_depend", &[])),
        May::No => reply.note(ctx.locale.say("usage.may_not", &[])),
    };
    // A question mark asks for help, and is no name to be told.
    let aliases: Vec<&str> = row.aliases.iter().filter(|alias| !matches!(*alias, "?" | "？")).collect();
    let reply = if aliases.is_empty() {
        reply
    } else {
        let aliases = aliases.join(&ctx.locale.say("usage.separator", &[]));
        reply.note(ctx.locale.say("usage.also", &[("aliases", &aliases)]))
    };
    examples(reply, to_try(row, ctx.locale).map(|example| with_names(example, ctx)), ctx)
}

/// How something is said. No code: a client may take `<to>` in it for HTML.
fn said(reply: Reply, usage: &str, ctx: &Ctx) -> Reply {
    reply.text(ctx.locale.say("arguments.usage", &[("usage", &usage)]))
}

/// Lines to tap, or to learn from.
fn examples(reply: Reply, lines: impl IntoIterator<Item = String>, ctx: &Ctx) -> Reply {
    let mut lines = lines.into_iter().peekable();
    let reply = if lines.peek().is_some() { reply.text(ctx.locale.say("usage.example", &[])) } else { reply };
    lines.fold(reply, |reply, line| reply.action(line.clone(), line))
}

/// Lines that a row is said with, to try. Where words are a part of them, zh.yml has them in Chinese.
pub fn to_try(row: &Row, locale: Locale) -> impl Iterator<Item = &str> {
    let written = match (row.kind, locale) {
        (Kind::Command, Locale::Zh) => locale.lookup(&format!("help.{}.examples", key(row))),
        _ => None,
    };
    let in_rust = row.examples.iter().filter(move |_| written.is_none());
    written.into_iter().flat_map(str::lines).chain(in_rust)
}

/// An example with names of these settings for those that are not in them, where there are any.
fn with_names(example: &str, ctx: &Ctx) -> String {
    fn known<'n>(name: &'n str, mut names: impl Iterator<Item = &'n String> + Clone) -> &'n str {
        let is_known = names.clone().any(|other| other == name);
        if is_known { name } else { names.next().map_or(name, String::as_str) }
    }
    let settings = &ctx.settings;
    let mut is_person = false;
    let word = |word: &str| {
        let was_person = std::mem::replace(&mut is_person, word == "--at");
        let (kind, name) = match word.split_once(':') {
            Some((kind, name)) => (kind, name),
            None if was_person => ("", word),
            None => return word.to_owned(),
        };
        let name = match kind {
            "group" => known(name, settings.groups.keys()),
            "robot" => known(name, settings.robots.keys()),
            "person" | "" => known(name, settings.people.keys()),
            _ => return word.to_owned(),
        };
        canonical::word(&if kind.is_empty() { name.to_owned() } else { format!("{kind}:{name}") })
    };
    example.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// How an alias is said, and what it becomes.
pub fn alias_usage(alias: &Alias, ctx: &Ctx) -> Reply {
    let reply = Reply::new(alias.name.clone()).text(alias.help.told(ctx.locale));
    let usage = alias.usage();
    let reply = if usage == alias.name { reply } else { said(reply, &usage, ctx) };
    let arguments = alias.arguments(ctx.locale).into_iter();
    let arguments: Vec<(String, String)> = arguments
        .map(|(name, about, forms)| (name, with_forms(about, &forms, ctx.locale)))
        .filter(|(_, told)| !told.is_empty())
        .collect();
    let reply = if arguments.is_empty() { reply } else { reply.fields(arguments) };
    let reply = reply.text(ctx.locale.say("alias.runs", &[])).code(alias.becomes());
    examples(reply, alias.example(ctx), ctx)
}

fn usage_line(row: &Row) -> String {
    let argument = |argument: &clap::Arg| match argument.is_required_set() {
        true => typed(argument),
        false => format!("[{}]", typed(argument)),
    };
    let arguments = row.clap().get_arguments().map(argument).collect::<Vec<_>>();
    std::iter::once(row.path.to_string()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// An argument as it is typed: `job`, `command…` where it may be repeated, `--on <name>`.
fn typed(argument: &clap::Arg) -> String {
    let many = if matches!(argument.get_action(), clap::ArgAction::Append) { "…" } else { "" };
    let value =
        if argument.get_action().takes_values() { format!(" <{}>", name(argument)) } else { String::new() };
    match argument.is_positional() {
        false => format!("{}{value}{many}", mentioned(argument)),
        true if argument.is_required_set() => format!("<{}>{many}", name(argument)),
        true => format!("{}{many}", name(argument)),
    }
}

/// An argument's name, as access rules and zh.yml have it.
pub(crate) fn name(argument: &clap::Arg) -> String {
    argument.get_id().as_str().replace('_', "-")
}

/// An argument as a sentence names it: `job`, `--on`, or `-n` where it has no long name.
pub(super) fn mentioned(argument: &clap::Arg) -> String {
    match (argument.get_long(), argument.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => name(argument),
    }
}

/// Nothing of that name: lines that may be meant, and how to get help.
pub fn unknown(said: &str, nearest: Vec<String>, ctx: &Ctx) -> Reply {
    let reply = Reply::new(ctx.locale.say("unknown.title", &[]));
    let reply = reply.text(ctx.locale.say("unknown.text", &[("line", &text::cut(said.trim(), MAX_SHOWN))]));
    let reply = match ctx.table.absent(said) {
        Some(section) => reply.text(ctx.locale.say("unknown.absent", &[("section", &section)])),
        None => reply,
    };
    // Help is offered anyway.
    let help = ctx.locale.say("unknown.help_command", &[]);
    let is_help =
        |name: &String| ctx.table.named(name).is_some_and(|row| row.names().any(|name| name == help));
    let others: Vec<String> = nearest.into_iter().filter(|name| !is_help(name)).collect();
    let reply = if others.is_empty() { reply } else { reply.text(ctx.locale.say("unknown.nearest", &[])) };
    let reply = others.into_iter().fold(reply, |reply, line| reply.action(line.clone(), line));
    reply.action(ctx.locale.say("unknown.help", &[]), help)
}

/// What is wrong with a line, where, and how it would be right.
pub fn complain(row: &Row, alias: Option<&Alias>, line: &Line, complaint: &Complaint, ctx: &Ctx) -> Reply {
    let name = alias.map_or_else(|| row.path.to_string(), |alias| alias.name.clone());
    let reply = Reply::new(ctx.locale.say("arguments.title", &[("command", &name)]));
    let reply = reply.text(complaint.message.clone());
    let reply = match &complaint.at {
        Some(at) => reply.code(pointed(line.text(), at)),
        None => reply,
    };
    if alias.map_or(row.arguments.is_empty(), Alias::is_whole) {
        return reply;
    }
    let usage = alias.map_or_else(|| usage_line(row), Alias::usage);
    let reply = reply.text(ctx.locale.say("arguments.usage", &[("usage", &usage)]));
    let help = ctx.locale.say("unknown.help_command", &[]);
    reply.action(ctx.locale.say("arguments.help", &[]), format!("{help} {name}"))
}

/// The line with a caret under what is meant. Clients drop ordinary blanks at the beginning of a line of code, so
/// the caret stands behind no-break ones, and behind wide ones where the characters above are wide.
fn pointed(line: &str, at: &Range<usize>) -> String {
    let begin = line[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = line[at.start..].find('\n').map_or(line.len(), |newline| at.start + newline);
    let before: Vec<char> = line[begin..at.start].chars().collect();
    // A long line is shown from a few words before the caret on.
    let skipped = before.len().saturating_sub(MAX_SHOWN / 2);
    let dots = if skipped > 0 { "…" } else { "" };
    let before: String = before[skipped..].iter().collect();
    let shown = text::cut(&line[at.start..end], MAX_SHOWN);
    let blank = |c: char| if c.width().unwrap_or(0) > 1 { '\u{3000}' } else { '\u{A0}' };
    let padding: String = dots.chars().chain(before.trim_start().chars()).map(blank).collect();
    let carets =
        line[at.start..at.end.min(end)].chars().map(|c| if c.width().unwrap_or(0) > 1 { "^^" } else { "^" });
    let carets: String = carets.take(MAX_SHOWN / 2).collect();
    let carets = if carets.is_empty() { "^" } else { carets.as_str() };
    format!("{dots}{}{shown}\n{padding}{carets}", before.trim_start())
}
