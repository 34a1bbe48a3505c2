//! What is asked of an Alertmanager, and what it answers. Fields, statuses and paths: tools.md 10.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Alertmanager, matcher::Conditions};
use crate::{
    dispatch::Ctx,
    systems::{
        api::{Call, null_is_empty},
        failure::Failure,
    },
};

/// Bytes of an answer that are read: some thousand alerts.
const ANSWER: usize = 4 * 1024 * 1024;

/// An Alertmanager, asked by a command.
pub(super) struct Client<'c> {
    pub(super) alertmanager: &'c Alertmanager,
    ctx: &'c Ctx,
}

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;

/// An alert.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    /// Sixteen hexadecimal digits, made of its labels.
    pub(super) fingerprint: String,
    pub(super) labels: Labels,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) annotations: Labels,
    pub(super) starts_at: Timestamp,
    pub(super) status: AlertStatus,
}

/// Whether anybody is told of an alert.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlertStatus {
    /// The silences that hide it.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) silenced_by: Vec<String>,
    /// The alerts that hide it.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) inhibited_by: Vec<String>,
    /// The time intervals of its route that mute it; before 0.28 nothing is said of them.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) muted_by: Vec<String>,
}

/// A condition on a label, as it is sent and answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matcher {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_regex: bool,
    /// Alertmanagers before 0.22 know no other.
    #[serde(default = "yes")]
    pub(super) is_equal: bool,
}

fn yes() -> bool {
    true
}

/// A silence.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    pub(super) id: String,
    pub(super) status: SilenceStatus,
    pub(super) updated_at: Timestamp,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    #[serde(default)]
    pub(super) created_by: String,
    #[serde(default)]
    pub(super) comment: String,
    pub(super) matchers: Vec<Matcher>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SilenceStatus {
    /// `active`, `pending` before it begins, or `expired`.
    pub(super) state: String,
}

/// A silence that is asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewSilence<'s> {
    pub(super) matchers: &'s [Matcher],
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) created_by: String,
    pub(super) comment: &'s str,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "silenceID")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    version_info: VersionInfo,
}

#[derive(Deserialize)]
struct VersionInfo {
    version: String,
}

impl Alert {
    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.labels.get("alertname").map(String::as_str).unwrap_or_default()
    }

    /// Whether this silence hides it, and nothing else.
    pub(super) fn is_hidden_by(&self, silence: &str) -> bool {
        let AlertStatus { silenced_by, inhibited_by, muted_by } = &self.status;
        silenced_by.iter().all(|id| id == silence) && inhibited_by.is_empty() && muted_by.is_empty()
    }

    /// Why nobody is told of it, as a key of a word.
    pub(super) fn hidden(&self) -> Option<&'static str> {
        let AlertStatus { silenced_by, inhibited_by, muted_by } = &self.status;
        let reasons = [
            (silenced_by, "alertmanager.silenced"),
            (inhibited_by, "alertmanager.inhibited"),
            (muted_by, "alertmanager.muted"),
        ];
        reasons.into_iter().find(|(by, _)| !by.is_empty()).map(|(_, key)| key)
    }
}

impl Silence {
    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.status.state == "expired"
    }

    /// Whether it hides something now.
    pub(super) fn is_active(&self) -> bool {
        self.status.state == "active"
    }

    /// Its matchers, in an order of their own.
    pub(super) fn sorted(&self) -> Vec<Matcher> {
        let mut matchers = self.matchers.clone();
        matchers.sort();
        matchers
    }
}

impl Alertmanager {
    /// The labels of an alert that are matchers of its silence, and those that are none: what changes with each restart.
    /// Of a pod the instance is one, of a host it is what tells it apart. Where nothing else is left, all are matchers.
    pub(super) fn lasting(&self, labels: &Labels) -> (Labels, Labels) {
        let is_volatile = |name: &str| self.volatile_labels.iter().any(|label| label == name);
        let is_pod = is_volatile("pod") && labels.contains_key("pod");
        let goes = |name: &str| is_volatile(name) || (is_pod && name == "instance");
        let (left_out, kept): (Labels, Labels) = labels.clone().into_iter().partition(|(name, _)| goes(name));
        if kept.is_empty() { (left_out, kept) } else { (kept, left_out) }
    }
}

impl<'c> Client<'c> {
    pub(super) fn new(alertmanager: &'c Alertmanager, ctx: &'c Ctx) -> Self {
        Self { alertmanager, ctx }
    }

    /// What it is called in a sentence.
    pub(super) fn title(&self) -> &str {
        self.alertmanager.api.title()
    }

    /// See [`Api::named`](crate::systems::api::Api::named).
    pub(super) fn named(&self, title: String) -> String {
        self.alertmanager.api.named(title)
    }

    /// A page of it for people, behind the `#` that its own pages have.
    pub(super) fn page(&self, place: &str) -> String {
        let mut page = Url::clone(&self.alertmanager.web);
        page.set_path(&format!("{}/", page.path().trim_end_matches('/')));
        page.set_fragment(Some(place));
        page.into()
    }

    /// Its page of the alerts that fit.
    pub(super) fn page_of(&self, matchers: &[Matcher]) -> String {
        let filters: Vec<String> = matchers.iter().map(Matcher::filter).collect();
        let filter = format!("{{{}}}", filters.join(","));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("silenced", "true").append_pair("inhibited", "true");
        if !filters.is_empty() {
            query.append_pair("filter", &filter);
        }
        // Its page reads %20, and no plus.
        self.page(&format!("/alerts?{}", query.finish().replace('+', "%20")))
    }

    /// Its version.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        Ok(self.get(&["status"]).json::<Status>().await?.version_info.version)
    }

    /// The alerts that fit all of these, the silenced ones too.
    pub(super) async fn alerts(&self, matchers: &[Matcher]) -> Result<Vec<Alert>, Failure> {
        let filters = matchers.iter().map(|matcher| ("filter", matcher.filter()));
        self.get(&["alerts"]).query(filters).json::<Option<_>>().await.map(Option::unwrap_or_default)
    }

    /// Its silences, those too that are over.
    pub(super) async fn silences(&self) -> Result<Vec<Silence>, Failure> {
        self.get(&["silences"]).json::<Option<_>>().await.map(Option::unwrap_or_default)
    }

    /// A silence.
    pub(super) async fn silence(&self, id: &str) -> Result<Silence, Failure> {
        self.get(&["silence", id]).json().await
    }

    /// Makes a silence, and tells its id.
    pub(super) async fn create(&self, silence: &NewSilence<'_>) -> Result<String, Failure> {
        let call = self.alertmanager.api.post(self.ctx, &["api", "v2", "silences"]);
        Ok(call.body(silence).json::<Created>().await?.id)
    }

    /// Ends a silence.
    pub(super) async fn expire(&self, id: &str) -> Result<(), Failure> {
        let call = self.alertmanager.api.delete(self.ctx, &["api", "v2", "silence", id]);
        call.send(&[]).await.map(|_| ())
    }

    fn get(&self, rest: &[&str]) -> Call<'c> {
        self.alertmanager.api.get(self.ctx, &[&["api", "v2"], rest].concat()).limit(ANSWER)
    }
}

/// The conditions as they are sent.
pub(super) fn sent(conditions: &[Conditions]) -> Vec<Matcher> {
    conditions.iter().flat_map(Conditions::matchers).cloned().collect()
}
