//! Purpose: ask Prometheus, and see its own alerts and targets.
//!
//! Deliberately not: its admin API, its configuration and its rules, which belong to a repository.
//!
//! Whatever speaks Prometheus' HTTP API will do (tools.md 10): Thanos, Mimir, VictoriaMetrics.

mod client;
mod commands;
mod promql;
mod series;

use futures_util::FutureExt;
use serde::Deserialize;

use super::{
    Probed, System,
    api::{Api, Login},
    instance::Entry,
};
use crate::{
    config::{Mistake, Places, Spanned},
    dispatch::{Ctx, family::Family},
};

/// Prometheus among the systems.
pub const SYSTEM: System = System {
    section: PrometheusSection::KIND,
    family: Family { name: "prom", also: &["prometheus"], rows: commands::ROWS, left_out: &[] },
    off: |systems| systems.prometheus.off(),
    apis: |systems| systems.prometheus.apis(|prometheus| &prometheus.api),
    probe: |ctx| probe(ctx).boxed(),
};

/// One Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    api: Api,
    /// Its address for people.
    web: url::Url,
}

/// `[[prometheus]]`
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PrometheusSection {
    /// What `--on` calls it; needed where there are several.
    name: Option<Spanned<String>>,
    /// Whether it is meant where `--on` is left out.
    #[serde(default)]
    default: bool,
    /// Its address, what stands before `/api/v1`.
    url: Spanned<String>,
    /// Its address for people, in links; `url` where it is left out.
    web: Option<Spanned<String>>,
    /// Who signs in, where that is asked for; goes with `password`.
    user: Option<Spanned<String>>,
    /// The password of that user.
    password: Option<Spanned<String>>,
    /// A bearer token, instead of user and password.
    token: Option<Spanned<String>>,
    /// Who vouches for it instead of the public authorities: certificates in PEM, "${file:ca.pem}".
    ca: Option<Spanned<String>>,
    /// A proxy on the way to it.
    proxy: Option<Spanned<String>>,
}

impl Entry for PrometheusSection {
    type Settings = Prometheus;
    const KIND: &'static str = "prometheus";
    const TITLE: &'static str = "Prometheus";

    fn name(&self) -> Option<&Spanned<String>> {
        self.name.as_ref()
    }

    fn is_default(&self) -> bool {
        self.default
    }

    fn check(self, title: String, places: &Places<'_>) -> Result<Prometheus, Mistake> {
        let login =
            Login { user: self.user.as_ref(), password: self.password.as_ref(), token: self.token.as_ref() };
        let api = Api::new(title, &self.url, self.ca.as_ref(), self.proxy.as_ref(), places)?;
        let api = api.with_login(&login, places)?;
        Ok(Prometheus { web: api.web(self.web.as_ref(), places)?, api })
    }
}

async fn probe(ctx: &Ctx) -> Vec<Probed> {
    let instances = &ctx.settings.systems.prometheus;
    instances.probe(|prometheus| async move { client::Client::new(prometheus, ctx).version().await }).await
}
