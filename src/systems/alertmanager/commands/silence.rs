//! Purpose: silence an alert, or whatever fits, for a while.
//!
//! It is mild by fingerprint for at most four hours: a rule may then let it run without confirmation. Any other is
//! confirmed whatever the rule says.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{client, few, joined, near, refuse_several, resolve, silences, unsilence};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Preview, Tail, UserError, arguments,
        row::Canonical,
        values::{self, Duration},
    },
    reply::Reply,
    systems::alertmanager::{
        client::{self, Alert, Client, Labels, Matcher, NewSilence},
        matcher::{self, Target},
    },
};

/// How long a silence is at most that is slight.
const SLIGHT: Duration = Duration::hours(4);
/// What a list of alerts offers.
pub(super) const OFFERED: Duration = Duration::hours(2);
/// A silence that ends so much earlier than another is as good as that one.
const AS_GOOD: SignedDuration = SignedDuration::from_mins(1);

/// Silence an alert, or whatever fits
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Silence {
    /// The fingerprint of an alert, its name, or conditions on labels: name=value, !=, =~ or !~
    #[arg(value_parser = matcher::target, required = true)]
    target: Vec<Target>,
    /// For how long, at most what `max_silence` in the settings says, or 24h
    #[arg(
        value_parser = values::duration(Duration::minutes(1)..=Duration::days(366)),
        required = true
    )]
    duration: Duration,
    /// Why
    #[arg(long, short, value_parser = arguments::text)]
    comment: Option<String>,
    /// On which Alertmanager
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Silence {
    /// An alert by its fingerprint, or what fits all of these conditions, for a while that is slight. None where one of
    /// them could not be typed.
    pub(super) fn of(target: impl IntoIterator<Item = String>, on: Option<String>) -> Option<Self> {
        let target = target.into_iter().map(|target| matcher::target(&target).ok());
        Some(Self { target: target.collect::<Option<_>>()?, duration: OFFERED, comment: None, on })
    }
}

impl Command for Silence {
    const PATH: &'static [&'static str] = &["alerts", "silence"];
    const ALIASES: &'static [&'static str] = &["alerts 静默", "alerts 屏蔽", "静默", "屏蔽"];
    const EFFECT: Effect = Effect::Write;
    const MILD: bool = true;
    const TAIL: Tail = Tail::Conditions;
    const ARGUMENTS: &'static [&'static str] = &["target", "duration", "comment", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[matcher::TARGET];
    const FREE_TEXT: &'static [&'static str] = &["comment"];
    const EXAMPLES: &'static [&'static str] = &[
        "alerts silence c2b8c7d5e6f70812 2h",
        "alerts silence HostDown 2h",
        "alerts silence {alertname=\"HostDown\", env=\"prod\"} 2h",
        "alerts silence alertname=HighCPU instance=~db.* 30m --comment \"moving disks\"",
    ];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, ctx)?;
        let max = ctx.settings.systems.alertmanager.get(self.on.as_deref(), ctx.locale)?.max_silence;
        if self.duration.get() > max {
            let max = Duration::seconds(max.as_secs());
            return Err(UserError(ctx.locale.say("alertmanager.too_long", &[("max", &max)])));
        }
        self.target = std::mem::take(&mut self.target).into_iter().flat_map(Target::apart).collect();
        self.target.sort();
        self.target.dedup();
        let conditions = self.conditions();
        match (self.target.as_slice(), conditions.len() == self.target.len()) {
            ([Target::Fingerprint(_)], _) => Ok(()),
            (_, false) => Err(UserError(ctx.locale.say("alertmanager.one_fingerprint", &[]))),
            (_, true) if conditions.iter().all(Matcher::fits_nothing) => {
                Err(UserError(ctx.locale.say("alertmanager.fits_everything", &[])))
            }
            (_, true) => refuse_several(&conditions, ctx),
        }
    }

    fn is_mild(&self) -> bool {
        self.duration <= SLIGHT && matches!(self.target.as_slice(), [Target::Fingerprint(_)])
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let plan = self.plan(&client, false, ctx).await?;
        let until = ctx.local(self.until(ctx));
        let say = |key: &str, values: &[(&str, &dyn std::fmt::Display)]| ctx.locale.say(key, values);
        let (system, matchers) = (client.title(), joined(&plan.matchers));
        let mut lines = vec![
            say(
                "alertmanager.will_silence",
                &[("system", &system), ("duration", &self.duration), ("until", &until)],
            ),
            say("alertmanager.where", &[("matchers", &matchers)]),
        ];
        if !plan.left_out.is_empty() {
            let labels = plan.left_out.join(&say("usage.separator", &[]));
            lines.push(say("alertmanager.left_out", &[("labels", &labels)]));
        }
        lines.push(match plan.alerts.as_slice() {
            [] => warned(&client, &plan, ctx).await,
            _ => plan.hides(ctx),
        });
        lines.extend(few(&plan.alerts, ctx));
        if let Some(same) = plan.same.iter().find(|silence| silence.is_active()) {
            lines.push(say("alertmanager.lasts", &[("until", &ctx.local(same.ends_at))]));
        }
        Ok(Preview { lines, witness: plan.witness() })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let plan = self.plan(&client, false, ctx).await?;
        ctx.unchanged(&plan.witness())?;
        // Nobody was shown what else would be hidden.
        let is_unseen = ctx.witness.is_none() && plan.named.is_some() && plan.alerts.len() > 1;
        let plan = if is_unseen { self.plan(&client, true, ctx).await? } else { plan };
        let ends_at = self.until(ctx);
        let (fields, hides) = (joined(&plan.matchers), plan.hides(ctx));
        let told = |title: String, id: String| {
            let (title, page) = (client.named(title), client.page(&format!("/silences/{id}")));
            let undo = unsilence::Unsilence { id, on: self.on.clone() };
            Reply::new(title)
                .text(ctx.locale.say("alertmanager.where", &[("matchers", &fields)]))
                .text(hides.clone())
                .action(ctx.locale.say("alertmanager.do_unsilence", &[]), ctx.line(&undo))
                .link(ctx.locale.say("alertmanager.open", &[]), page)
        };
        // Said once more it would be one more silence of the same.
        let lasts = |silence: &&client::Silence| silence.is_active() && silence.ends_at + AS_GOOD >= ends_at;
        if let Some(same) = plan.same.iter().find(lasts) {
            let until = ctx.local(same.ends_at);
            return Ok(told(ctx.locale.say("alertmanager.already", &[("until", &until)]), same.id.clone()));
        }
        let comment = self.comment.clone();
        let comment = comment.unwrap_or_else(|| ctx.locale.say("alertmanager.no_comment", &[]));
        let silence = NewSilence {
            matchers: &plan.matchers,
            starts_at: ctx.clock.now(),
            ends_at,
            created_by: ctx.signature(),
            comment: &comment,
        };
        let id = client.create(&silence).await.map_err(|failure| {
            failure.tell_of_write(ctx.line(&silences::Silences { on: self.on.clone() }), ctx)
        })?;
        let until = ctx.local(ends_at);
        let title = ctx.locale.say("alertmanager.done", &[("duration", &self.duration), ("until", &until)]);
        Ok(told(title, id))
    }
}

/// What a silence will be, and what it is about.
struct Plan {
    matchers: Vec<Matcher>,
    /// Labels of the alert that are no matchers.
    left_out: Vec<String>,
    /// The alert that was named.
    named: Option<Alert>,
    /// What it hides.
    alerts: Vec<Alert>,
    /// Silences with the same matchers, those too that are over: who ended one in between finds another. The longest first.
    same: Vec<client::Silence>,
}

impl Plan {
    /// The alert as it is, and what silences it already: whoever confirms once more finds another.
    fn witness(&self) -> String {
        let named = self.named.as_ref().map(|alert| {
            let silenced_by = alert.status.silenced_by.join(",");
            format!("{} {} {silenced_by}", alert.fingerprint, alert.starts_at)
        });
        let same = self.same.iter().map(|silence| format!("{} {}", silence.id, silence.ends_at));
        named.into_iter().chain(same).collect::<Vec<_>>().join("\n")
    }

    fn hides(&self, ctx: &Ctx) -> String {
        match self.alerts.len() {
            0 => ctx.locale.say("alertmanager.hides_none", &[]),
            count => ctx.locale.say("alertmanager.hides", &[("count", &count)]),
        }
    }
}

impl Silence {
    fn conditions(&self) -> Vec<Matcher> {
        let conditions = |target: &Target| match target {
            Target::Conditions(conditions) => conditions.matchers().to_vec(),
            Target::Fingerprint(_) => Vec::new(),
        };
        self.target.iter().flat_map(conditions).collect()
    }

    fn until(&self, ctx: &Ctx) -> Timestamp {
        let now = ctx.clock.now();
        now.checked_add(self.duration.get()).unwrap_or(now)
    }

    /// `is_exact` where nothing beside the alert that is named may be hidden.
    async fn plan(&self, client: &Client<'_>, is_exact: bool, ctx: &Ctx) -> Result<Plan, CommandError> {
        let (named, mut matchers, left_out) = match self.target.as_slice() {
            [Target::Fingerprint(fingerprint)] => {
                let alert = found(client, fingerprint, ctx).await?;
                let (kept, left_out) = match is_exact {
                    true => (alert.labels.clone(), Labels::new()),
                    false => client.alertmanager.lasting(&alert.labels),
                };
                let matchers = kept.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
                let left_out = left_out.iter().map(|(name, value)| format!("{name}={value}")).collect();
                (Some(alert), matchers, left_out)
            }
            _ => (None, self.conditions(), Vec::new()),
        };
        matchers.sort();
        let alerts = client.alerts(&matchers).await.map_err(|failure| failure.tell(ctx))?;
        let silences = client.silences().await.map_err(|failure| failure.tell(ctx))?;
        let is_same = |silence: &client::Silence| silence.sorted() == matchers;
        let mut same: Vec<client::Silence> = silences.into_iter().filter(is_same).collect();
        same.sort_by_key(|silence| std::cmp::Reverse(silence.ends_at));
        Ok(Plan { matchers, left_out, named, alerts, same })
    }
}

/// That nothing would be hidden, and what may have been meant.
async fn warned(client: &Client<'_>, plan: &Plan, ctx: &Ctx) -> String {
    let alerts = client.alerts(&[]).await.unwrap_or_default();
    let none = plan.hides(ctx);
    let near: Vec<String> = near(&plan.matchers, &alerts).iter().map(|near| joined(near)).collect();
    match near.join(&ctx.locale.say("alertmanager.or", &[])).as_str() {
        "" => ctx.locale.say("alertmanager.warned", &[("none", &none)]),
        near => ctx.locale.say("alertmanager.warned_near", &[("none", &none), ("near", &near)]),
    }
}

/// The alert with this fingerprint, or those like it.
async fn found(client: &Client<'_>, fingerprint: &str, ctx: &Ctx) -> Result<Alert, CommandError> {
    let alerts = client.alerts(&[]).await.map_err(|failure| failure.tell(ctx))?;
    if let Some(alert) = alerts.iter().find(|alert| alert.fingerprint == fingerprint) {
        return Ok(alert.clone());
    }
    let near = values::near(fingerprint, alerts.iter().map(|alert| alert.fingerprint.as_str()));
    let near = near.join(&ctx.locale.say("usage.separator", &[]));
    let system = client.title();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("system", &system), ("fingerprint", &fingerprint), ("near", &near)];
    Err(UserError(match near.as_str() {
        "" => ctx.locale.say("alertmanager.no_alert", &values[..2]),
        _ => ctx.locale.say("alertmanager.no_alert_near", &values),
    })
    .into())
}
