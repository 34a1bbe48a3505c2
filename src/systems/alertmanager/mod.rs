//! Purpose: see what Alertmanager has to tell, and silence it for a while.
//!
//! Deliberately not: its configuration, and silences without an end.
//!
//! A silence that was made of an alert has that alert's labels as its matchers, without those that change with each
//! restart: it is the service that is silenced, not one pod of it.

mod client;
mod commands;
mod matcher;

pub(super) use self::commands::silencing;

use std::time::Duration;

use futures_util::FutureExt;
use serde::Deserialize;

use super::{
    Probed, System,
    api::{Api, Login},
    instance::Entry,
};
use crate::{
    config::{self, Mistake, Places, Spanned},
    dispatch::{Ctx, family::Family},
};

/// Alertmanager among the systems.
pub const SYSTEM: System = System {
    section: AlertmanagerSection::KIND,
    family: Family { name: "alerts", also: &["告警", "alertmanager"], rows: commands::ROWS, left_out: &[] },
    off: |systems| systems.alertmanager.off(),
    apis: |systems| systems.alertmanager.apis(|alertmanager| &alertmanager.api),
    probe: |ctx| probe(ctx).boxed(),
};

/// How long a silence lasts at most where nobody says it.
const MAX_SILENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Labels that change with each restart.
const VOLATILE: [&str; 8] = [
    "pod",
    "pod_name",
    "pod_ip",
    "pod_uid",
    "uid",
    "pod_template_hash",
    "controller_revision_hash",
    "container_id",
];

/// One Alertmanager.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    api: Api,
    /// Its address for people.
    web: url::Url,
    /// How long a silence lasts at most.
    max_silence: Duration,
    /// Labels of an alert that are no matchers of its silence.
    volatile_labels: Vec<String>,
}

/// `[[alertmanager]]`
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertmanagerSection {
    /// What `--on` calls it; needed where there are several.
    name: Option<Spanned<String>>,
    /// Whether it is meant where `--on` is left out.
    #[serde(default)]
    default: bool,
    /// Its address, what stands before `/api/v2`.
    url: Spanned<String>,
    /// Its address for people, in links; `url` where it is left out.
    web: Option<Spanned<String>>,
    /// Who signs in, where that is asked for; goes with `password`.
    user: Option<Spanned<String>>,
    /// The password of that user.
    password: Option<Spanned<String>>,
    /// A bearer token, instead of user and password.
    token: Option<Spanned<String>>,
    /// How long a silence lasts at most; "24h" where it is left out.
    max_silence: Option<Spanned<String>>,
    /// Labels of an alert that are no matchers of its silence, since they change with each restart; where `pod` is one of
    /// them, `instance` goes with it.
    volatile_labels: Option<Spanned<Vec<Spanned<String>>>>,
    /// Who vouches for it instead of the public authorities: certificates in PEM, "${file:ca.pem}".
    ca: Option<Spanned<String>>,
    /// A proxy on the way to it.
    proxy: Option<Spanned<String>>,
}

impl Entry for AlertmanagerSection {
    type Settings = Alertmanager;
    const KIND: &'static str = "alertmanager";
    const TITLE: &'static str = "Alertmanager";

    fn name(&self) -> Option<&Spanned<String>> {
        self.name.as_ref()
    }

    fn is_default(&self) -> bool {
        self.default
    }

    fn check(self, title: String, places: &Places<'_>) -> Result<Alertmanager, Mistake> {
        let login =
            Login { user: self.user.as_ref(), password: self.password.as_ref(), token: self.token.as_ref() };
        let api = Api::new(title, &self.url, self.ca.as_ref(), self.proxy.as_ref(), places)?;
        let api = api.with_login(&login, places)?;
        let web = api.web(self.web.as_ref(), places)?;
        let max_silence = self.max_silence.as_ref().map(|text| {
            let duration =
                config::duration(text.get_ref()).filter(|duration| *duration >= Duration::from_secs(60));
            let expected = "expected a duration of a minute or more, such as \"24h\"";
            duration.ok_or_else(|| places.unexpected(text.span(), expected, text.get_ref()))
        });
        let label = |label: Spanned<String>| match matcher::is_name(label.get_ref()) {
            true => Ok(label.into_inner()),
            false => Err(places.unexpected(label.span(), "expected the name of a label", label.get_ref())),
        };
        let volatile_labels = match self.volatile_labels {
            Some(labels) => labels.into_inner().into_iter().map(label).collect::<Result<_, _>>()?,
            None => VOLATILE.map(str::to_owned).to_vec(),
        };
        Ok(Alertmanager {
            web,
            api,
            max_silence: max_silence.transpose()?.unwrap_or(MAX_SILENCE),
            volatile_labels,
        })
    }
}

async fn probe(ctx: &Ctx) -> Vec<Probed> {
    let instances = &ctx.settings.systems.alertmanager;
    instances
        .probe(|alertmanager| async move { client::Client::new(alertmanager, ctx).version().await })
        .await
}
