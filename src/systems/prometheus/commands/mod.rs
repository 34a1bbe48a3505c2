//! The commands, and what they have in common: on which Prometheus, and values as lines.

mod alerts;
mod query;
mod range;
mod targets;

use super::client::{Answer, Client, HistogramSample, Labels};
use crate::{
    dispatch::{CommandError, Ctx, Row, UserError, row},
    reply::Reply,
    systems::failure::Failure,
    text,
};

/// In the order of help.
pub(super) static ROWS: &[Row] =
    &[row::<query::Query>(), row::<range::Range>(), row::<alerts::Alerts>(), row::<targets::Targets>()];

/// Letters of a query in a title.
const MAX_QUERY: usize = 60;
/// Remarks of Prometheus that are quoted, and letters of each.
const MAX_REMARKS: usize = 3;
const MAX_REMARK: usize = 200;

/// The canonical value of `--on`.
fn resolve(on: &mut Option<String>, ctx: &Ctx) -> Result<(), UserError> {
    *on = ctx.settings.systems.prometheus.choose(on.as_deref(), ctx.locale)?;
    Ok(())
}

fn client<'c>(on: &Option<String>, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
    let prometheus = ctx.settings.systems.prometheus.get(on.as_deref(), ctx.locale)?;
    let client = Client::new(prometheus, ctx);
    ctx.progress.waits_for(client.title());
    Ok(client)
}

/// Why a query gave nothing. One that takes too long does so later, too.
fn failed(failure: &Failure, query: &str, on: &Option<String>, ctx: &Ctx) -> CommandError {
    let meant = range::Range::meant(query, on.clone()).filter(|_| failure.status() == Some(400));
    if let Some(meant) = meant {
        let (why, line) = (failure.sentence(ctx), ctx.line(&meant));
        return UserError(ctx.locale.say("prometheus.meant", &[("why", &why), ("line", &line)])).into();
    }
    match failure {
        Failure::Refused { system, message, .. } if message.starts_with("query timed out") => {
            UserError(ctx.locale.say("prometheus.slow", &[("system", system), ("message", message)])).into()
        }
        failure => failure.tell(ctx),
    }
}

/// A query as a part of a title.
fn shortened(query: &str) -> String {
    text::cut(&query.split_whitespace().collect::<Vec<_>>().join(" "), MAX_QUERY)
}

/// What several series have in common, where that is anything.
fn with_common(reply: Reply, common: &Labels, ctx: &Ctx) -> Reply {
    let labels = super::series::named(common, &Labels::new());
    match labels.as_str() {
        "" => reply,
        labels => reply.text(ctx.locale.say("prometheus.common", &[("labels", &labels)])),
    }
}

/// What Prometheus has to say of its answer.
fn with_remarks(reply: Reply, answer: &Answer, ctx: &Ctx) -> Reply {
    let remark = |reply: Reply, remark: &String| {
        let remark = text::cut(remark, MAX_REMARK);
        reply.note(ctx.locale.say("prometheus.remark", &[("remark", &remark)]))
    };
    answer.remarks.iter().take(MAX_REMARKS).fold(reply, remark)
}

/// A native histogram in words.
fn histogram(HistogramSample(_, histogram): &HistogramSample, ctx: &Ctx) -> String {
    let values: [(&str, &dyn std::fmt::Display); 2] =
        [("count", &histogram.count), ("sum", &super::series::shown(&histogram.sum))];
    ctx.locale.say("prometheus.histogram", &values)
}
