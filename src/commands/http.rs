//! Purpose: commands of the operator's own over HTTP, written as `[[http]]` in dingops.toml: one request, one reply.
//!
//! Deliberately no more than that: no second request, no redirect, no code. What somebody types can become neither the
//! host that is asked, nor another path on it, nor Markdown.

mod arguments;
mod reply;
mod request;
mod template;

use std::{future::Future, pin::Pin, sync::Arc};

use clap::ArgMatches;
use minijinja::Value;
use serde_json::{Map, Value as Json, json};

use self::template::{Scope, check};
use crate::{
    config::{
        Located, Mistake,
        http::{Argument, Body, Http, Shape, Tree},
    },
    dispatch::{
        CommandError, Ctx, Effect, Preview, Row, UserError,
        arguments::{Arguments, check as read},
        row::{Kind, Names, Parser, Prepared},
        words::Line,
    },
    locale::Locale,
    mask::HIDDEN,
    outbound::OutboundError,
    reply::Reply,
};

/// A row for each entry of the settings.
///
/// # Errors
/// The first template that cannot be used, or example that cannot be read.
pub fn rows(entries: &[Http]) -> Result<Vec<(Located, Row)>, Mistake> {
    entries.iter().map(|entry| Ok((entry.name.clone(), row(entry)?))).collect()
}

fn row(entry: &Http) -> Result<Row, Mistake> {
    templates(entry)?;
    let mut row = Row::owned(entry.name.text(), Kind::Http, Arc::new(Entry(Arc::new(entry.clone()))));
    row.effect = entry.effect;
    row.sensitive = entry.sensitive;
    row.mild = entry.mild;
    let named = |is_meant: fn(&Argument) -> bool| {
        let meant = entry.arguments.iter().filter(|argument| is_meant(argument));
        Names::Owned(meant.map(|argument| argument.name.clone()).collect())
    };
    row.arguments = named(|_| true);
    row.secret = named(|argument| argument.secret);
    row.free_text = named(|argument| matches!(argument.shape, Shape::Text(_)));
    row.examples = Names::Owned(entry.examples.iter().map(|example| example.text().to_owned()).collect());
    entry.examples.iter().try_for_each(|line| example(line, &row))?;
    Ok(row)
}

/// Checks the templates of an entry.
fn templates(entry: &Http) -> Result<(), Mistake> {
    fn trees(tree: &Tree, scope: Scope<'_>) -> Result<(), Mistake> {
        match tree {
            Tree::Text(text) => check(text, scope),
            Tree::Plain(_) => Ok(()),
            Tree::List(items) => items.iter().try_for_each(|item| trees(item, scope)),
            Tree::Table(entries) => entries.iter().try_for_each(|(_, value)| trees(value, scope)),
        }
    }
    let plain = Scope { arguments: &entry.arguments, secrets: None, is_reply: false };
    let with_secrets = Scope { secrets: Some(&entry.secrets), ..plain };
    let request = &entry.request;
    request.path.iter().try_for_each(|segment| check(segment, plain))?;
    request.headers.iter().try_for_each(|(_, value)| check(value, with_secrets))?;
    request.query.iter().try_for_each(|(_, value)| trees(value, with_secrets))?;
    match &request.body {
        Body::None => {}
        Body::Json(tree) => trees(tree, with_secrets)?,
        Body::Form(pairs) => pairs.iter().try_for_each(|(_, value)| trees(value, with_secrets))?,
        Body::Text(text) => check(text, with_secrets)?,
    }
    entry.reply.iter().try_for_each(|reply| check(reply, Scope { is_reply: true, ..plain }))
}

/// Whether an example says the command.
fn example(example: &Located, row: &Row) -> Result<(), Mistake> {
    let line = Line::split(example.text());
    let count = row.path.iter().count();
    let said = line.words().iter().take(count).map(|word| word.text.to_lowercase());
    if !said.eq(row.path.iter().map(str::to_lowercase)) {
        return Err(example.unexpected("expected a line that begins with the name"));
    }
    match read(row, &line, &line.words()[count..], Locale::En) {
        Ok(Arguments::Given { .. }) => Ok(()),
        Ok(Arguments::HelpWanted) => Err(example.unexpected("expected a line that runs it")),
        Err(_) if example.is_hidden() => Err(example.unexpected("expected a line that runs it")),
        Err(complaint) => {
            Err(example
                .mistake(format!("expected a line that runs it, came a mistake: {}", complaint.message)))
        }
    }
}

/// An entry, as the maker of its commands.
struct Entry(Arc<Http>);

impl Parser for Entry {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command.args(self.0.arguments.iter().map(arguments::clap))
    }

    fn read(&self, matches: &ArgMatches) -> Result<Box<dyn Prepared>, clap::Error> {
        let value = |argument: &Argument| (argument.name.clone(), arguments::value(argument, matches));
        let values = self.0.arguments.iter().map(value).collect();
        Ok(Box::new(Call { entry: Arc::clone(&self.0), values }))
    }

    fn help(&self, argument: Option<&str>, locale: Locale) -> Option<String> {
        let Some(name) = argument else { return Some(self.0.help.told(locale).to_owned()) };
        let argument = self.0.arguments.iter().find(|argument| argument.name == name)?;
        Some(argument.help.told(locale).to_owned())
    }
}

/// An entry with what was typed.
struct Call {
    entry: Arc<Http>,
    values: Map<String, Json>,
}

impl Prepared for Call {
    fn resolve(&mut self, _: &Ctx) -> Result<(), UserError> {
        Ok(())
    }

    fn values(&self) -> Map<String, Json> {
        self.values.clone()
    }

    fn is_mild(&self) -> bool {
        self.entry.mild
    }

    fn preview<'a>(
        &'a self,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Preview, CommandError>> + Send + 'a>> {
        Box::pin(async move {
            // No state is known, but the request carries a key: the other side sees to it that it is done once.
            let request = request::render(&self.entry, &self.context(ctx, true), ctx)?;
            let mut lines = request.lines();
            lines.push(ctx.locale.say("http.again", &[]));
            Ok(Preview { lines, witness: String::new() })
        })
    }

    fn run<'a>(
        self: Box<Self>,
        ctx: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send + 'a>> {
        Box::pin(async move { self.ask(ctx).await })
    }
}

impl Call {
    async fn ask(&self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let entry = &self.entry;
        let request = request::render(entry, &self.context(ctx, false), ctx)?.into_request(entry.max_bytes);
        ctx.progress.waits_for(entry.request.url.host_str().unwrap_or_default());
        let by = ctx.clock.now().saturating_add(entry.timeout).unwrap_or(ctx.deadline).min(ctx.deadline);
        let send = || ctx.outbound.send(request.clone(), &entry.route, by, ctx.clock.as_ref());
        let answered = match send().await {
            // Nothing was sent, and nothing would be changed.
            Err(OutboundError::Unsent(_)) if entry.effect == Effect::Read => send().await,
            answered => answered,
        };
        match answered {
            Ok(answer) => reply::of(self, answer, ctx),
            Err(error) => Err(reply::unanswered(entry, &error, ctx)),
        }
    }

    /// What templates of the request have: arguments by name, who asks, and secrets, which a preview does not show.
    fn context(&self, ctx: &Ctx, is_preview: bool) -> Value {
        let secrets = self.entry.secrets.iter();
        let secrets = secrets
            .map(|(name, value)| (name.to_owned(), if is_preview { HIDDEN.into() } else { value.into() }));
        let mut context = self.said(ctx, is_preview);
        context.insert("secret".into(), Json::Object(secrets.collect()));
        template::from_json(&Json::Object(context))
    }

    /// What templates have of the line and whoever said it.
    fn said(&self, ctx: &Ctx, is_hidden: bool) -> Map<String, Json> {
        let argument = |argument: &Argument| {
            let value = self.values.get(&argument.name).cloned().unwrap_or_default();
            let hide = is_hidden && argument.secret && !value.is_null();
            (argument.name.replace('-', "_"), if hide { HIDDEN.into() } else { value })
        };
        let mut said: Map<String, Json> = self.entry.arguments.iter().map(argument).collect();
        said.insert("who".into(), json!({ "staff_id": ctx.who.staff(), "name": ctx.who.nick }));
        said.insert("once".into(), json!(ctx.once));
        said
    }
}

#[cfg(test)]
mod tests;
