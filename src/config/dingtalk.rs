//! `[dingtalk]`: whom to listen to, and where replies may go.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::{
    document::{Mistake, Places, Spanned},
    duration, hosts,
};
use crate::dingtalk::session::SessionHosts;

/// DingTalk's rule (protocol.md 1.1).
const MAX_SKEW: Duration = Duration::from_secs(3600);
const MAX_SKEW_WRITE: Duration = Duration::from_secs(300);

/// How to tell DingTalk's callbacks and reply to them.
#[derive(Debug, Clone)]
pub struct DingTalk {
    /// Organisations whose members may use the bot, beside its own.
    pub corps: Vec<String>,
    /// Hosts that replies may be posted to.
    pub session_hosts: SessionHosts,
    /// How far a callback's timestamp may be from now.
    pub max_skew: Duration,
    /// The same for commands that change something.
    pub max_skew_write: Duration,
    /// DingTalk's host for custom robots.
    pub oapi: Url,
    /// DingTalk's host for the OpenAPI.
    pub api: Url,
}

#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct DingTalkSection {
    /// Corp ids of other organisations whose members may write to the robot; a staff id counts only in its own.
    #[serde(default)]
    corps: Vec<Spanned<String>>,
    /// Where replies may be posted; https on the default port unless spelled out.
    session_hosts: Option<Spanned<Vec<Spanned<String>>>>,
    /// How far a callback's timestamp may be from now, at most "1h".
    max_skew: Option<Spanned<String>>,
    /// The same for commands that change something; "5m" where it is left out.
    max_skew_write: Option<Spanned<String>>,
    /// DingTalk's host for custom robots.
    oapi: Option<Spanned<String>>,
    /// DingTalk's host for the OpenAPI.
    api: Option<Spanned<String>>,
}

impl DingTalkSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<DingTalk, Mistake> {
        let default = || {
            vec![
                Spanned::new(0..0, "oapi.dingtalk.com".into()),
                Spanned::new(0..0, "oapi.dingtalk.io".into()),
            ]
        };
        let hosts = match self.session_hosts {
            Some(hosts) if hosts.get_ref().is_empty() => {
                return Err(places.mistake(hosts.span(), "expected at least one host, came none".into()));
            }
            hosts => hosts.map_or_else(default, Spanned::into_inner),
        };
        let session_hosts = SessionHosts::new(&hosts.iter().map(Spanned::get_ref).collect::<Vec<_>>())
            .map_err(|(index, error)| {
                places.unexpected(hosts[index].span(), &error.to_string(), hosts[index].get_ref())
            })?;
        let skew = |text: Option<Spanned<String>>, default: Duration| match text {
            None => Ok(default),
            Some(text) => duration(text.get_ref())
                .filter(|skew| *skew <= MAX_SKEW && !skew.is_zero())
                .ok_or_else(|| {
                    let expected = "expected a duration above 0 and of at most \"1h\"";
                    places.unexpected(text.span(), expected, text.get_ref())
                }),
        };
        let max_skew = skew(self.max_skew, MAX_SKEW)?;
        let max_skew_write = skew(self.max_skew_write, MAX_SKEW_WRITE)?;
        let host = |text: Option<Spanned<String>>, default: &str| {
            let text = text.unwrap_or_else(|| Spanned::new(0..0, default.to_owned()));
            hosts::check(text.get_ref()).map_err(|error| places.mistake(text.span(), error.to_string()))
        };
        let oapi = host(self.oapi, "https://oapi.dingtalk.com")?;
        let api = host(self.api, "https://api.dingtalk.com")?;
        if let Some(corp) = self.corps.iter().find(|corp| corp.get_ref().trim().is_empty()) {
            return Err(places
                .mistake(corp.span(), "expected a corp id such as \"ding0123\", came an empty text".into()));
        }
        let corps = self.corps.into_iter().map(Spanned::into_inner).collect();
        Ok(DingTalk { corps, session_hosts, max_skew, max_skew_write, oapi, api })
    }
}
