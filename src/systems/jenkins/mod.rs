//! Purpose: build, watch, stop and approve jobs of Jenkins.
//!
//! Deliberately not: changing jobs, credentials or nodes, and passwords as parameters, which a chat would keep.
//!
//! Credentials are a user's API token, with which Jenkins asks for no crumb (tools.md 1 (a)). A job is called as Jenkins
//! calls it, `team/web`, a branch with a slash in its name as `team/web/feature%2Fx`.

mod client;
mod commands;
mod job;
mod types;

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

/// Jenkins among the systems.
pub const SYSTEM: System = System {
    section: JenkinsSection::KIND,
    family: Family { name: "jenkins", also: &[], rows: commands::ROWS, left_out: &[] },
    off: |systems| systems.jenkins.off(),
    apis: |systems| systems.jenkins.apis(|jenkins| &jenkins.api),
    probe: |ctx| probe(ctx).boxed(),
};

/// One Jenkins.
#[derive(Debug, Clone)]
pub struct Jenkins {
    api: Api,
    /// Its address for people.
    web: url::Url,
}

/// `[[jenkins]]`
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct JenkinsSection {
    /// What `--on` calls it; needed where there are several.
    name: Option<Spanned<String>>,
    /// Whether it is meant where `--on` is left out.
    #[serde(default)]
    default: bool,
    /// Its address.
    url: Spanned<String>,
    /// Its address for people, in links; `url` where it is left out.
    web: Option<Spanned<String>>,
    /// Whose API token it is.
    user: Spanned<String>,
    /// The API token of that user, no password.
    token: Spanned<String>,
    /// Who vouches for it instead of the public authorities: certificates in PEM, "${file:ca.pem}".
    ca: Option<Spanned<String>>,
    /// A proxy on the way to it.
    proxy: Option<Spanned<String>>,
}

impl Entry for JenkinsSection {
    type Settings = Jenkins;
    const KIND: &'static str = "jenkins";
    const TITLE: &'static str = "Jenkins";

    fn name(&self) -> Option<&Spanned<String>> {
        self.name.as_ref()
    }

    fn is_default(&self) -> bool {
        self.default
    }

    fn check(self, title: String, places: &Places<'_>) -> Result<Jenkins, Mistake> {
        let api = Api::new(title, &self.url, self.ca.as_ref(), self.proxy.as_ref(), places)?;
        let login = Login { user: Some(&self.user), password: Some(&self.token), token: None };
        let api = api.with_login(&login, places)?;
        Ok(Jenkins { web: api.web(self.web.as_ref(), places)?, api })
    }
}

async fn probe(ctx: &Ctx) -> Vec<Probed> {
    let instances = &ctx.settings.systems.jenkins;
    instances.probe(|jenkins| async move { client::Client::new(jenkins, ctx).version().await }).await
}
