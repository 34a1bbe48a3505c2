//! What Jenkins answers, as far as it is used: tools.md 1.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::{systems::redact::redacted, text};

/// A job or a folder in a list.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    /// The last part of its name.
    pub(super) name: String,
    /// How its last build ended, as a colour; a folder has none.
    pub(super) color: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Folder<I> {
    /// A job has none.
    pub(super) jobs: Option<Vec<I>>,
}

/// What is in a folder, by name, and what is in that.
#[derive(Debug, Deserialize)]
pub(super) struct Name {
    pub(super) name: String,
    /// A job has none.
    #[serde(default)]
    pub(super) jobs: Vec<Name>,
}

/// A job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    /// Its name as Jenkins has it.
    pub(super) full_name: Option<String>,
    /// False for one that is disabled; a folder has none.
    pub(super) buildable: Option<bool>,
    /// A folder has none.
    pub(super) next_build_number: Option<u64>,
    /// A build of it that waits.
    #[serde(default, deserialize_with = "if_described")]
    pub(super) queue_item: Option<Queued>,
    #[serde(default)]
    property: Vec<Property>,
}

/// Published descriptions have a text there, which says nothing.
fn if_described<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Queued>, D::Error> {
    let item = Some(Value::deserialize(from)?).filter(Value::is_object);
    item.map(serde_json::from_value).transpose().map_err(D::Error::custom)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Property {
    #[serde(default)]
    parameter_definitions: Vec<Parameter>,
}

/// A parameter of a job, as it is defined.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameter {
    /// What it is called.
    pub(super) name: String,
    /// `StringParameterDefinition` and others.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    /// What may be chosen. Those of plugins are of many forms.
    #[serde(default)]
    choices: Value,
    default_parameter_value: Option<Valued>,
}

/// A value, or a build of another job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Valued {
    /// Jenkins does not tell those that are secret, nor what is in a file.
    value: Option<Value>,
    job_name: Option<String>,
    number: Option<Value>,
}

/// A build by its number.
#[derive(Debug, Deserialize)]
pub(super) struct Numbered {
    pub(super) number: u64,
}

/// A build that waits in the queue.
#[derive(Debug, Deserialize)]
pub(super) struct Queued {
    #[serde(default)]
    pub(super) id: u64,
    /// What for, in Jenkins' words.
    pub(super) why: Option<String>,
    /// Somebody took it out.
    #[serde(default)]
    pub(super) cancelled: bool,
    /// What became of it.
    pub(super) executable: Option<Numbered>,
}

/// A build.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Build {
    pub(super) number: u64,
    /// `SUCCESS`, `UNSTABLE`, `FAILURE`, `NOT_BUILT` or `ABORTED`; none while it runs.
    pub(super) result: Option<String>,
    #[serde(default)]
    pub(super) building: bool,
    /// When it began, in milliseconds since 1970.
    #[serde(default)]
    pub(super) timestamp: i64,
    /// In milliseconds; 0 while it runs.
    #[serde(default)]
    pub(super) duration: i64,
    /// In milliseconds; -1 where there were no builds to go by.
    #[serde(default)]
    pub(super) estimated_duration: i64,
    pub(super) description: Option<String>,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(rename = "_class")]
    class: Option<String>,
    #[serde(default)]
    causes: Vec<Cause>,
    #[serde(default)]
    parameters: Vec<Given>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cause {
    short_description: Option<String>,
}

/// A parameter of a build.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    pub(super) name: String,
    #[serde(rename = "_class", default)]
    class: String,
    #[serde(flatten)]
    valued: Valued,
}

/// A step of a build that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) id: String,
    pub(super) message: String,
    /// Whether it asks for values, as far as Jenkins tells.
    pub(super) has_parameters: bool,
    /// Who alone may settle it.
    pub(super) submitter: Option<String>,
}

impl Input {
    /// A step that asks this; what of it looks like a secret is left out.
    pub(super) fn new(id: String, message: Option<String>, has_parameters: bool) -> Self {
        let message = redacted(&message.unwrap_or_default()).into_owned();
        Self { id, message, has_parameters, submitter: None }
    }
}

#[derive(Deserialize)]
pub(super) struct Inputs {
    #[serde(default)]
    pub(super) executions: Vec<Execution>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) settled: bool,
    /// What it asks; older plugins do not tell.
    pub(super) input: Option<Question>,
}

#[derive(Deserialize)]
pub(super) struct Question {
    /// The display name is its beginning.
    pub(super) message: Option<String>,
    pub(super) submitter: Option<String>,
    #[serde(default)]
    pub(super) parameters: Vec<Value>,
}

/// The same by the plugin that draws stages.
#[derive(Deserialize)]
pub(super) struct PendingInput {
    pub(super) id: String,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) inputs: Vec<Value>,
}

impl Item {
    /// Whether its last build runs, or did not succeed.
    pub(super) fn matters(&self) -> bool {
        let is_one = |color: &str| color.starts_with("red") || color.starts_with("yellow");
        self.color.as_deref().is_some_and(|color| is_one(color) || color.ends_with("_anime"))
    }
}

impl Parameter {
    /// Its default as text; none where there is none, or it is secret.
    pub(super) fn default(&self) -> Option<String> {
        self.default_parameter_value.as_ref()?.text()
    }

    /// What may be chosen; nothing where anything may be said.
    pub(super) fn choices(&self) -> Vec<String> {
        match self.kind.starts_with("Boolean") {
            true => vec!["true".into(), "false".into()],
            false => self.choices.as_array().into_iter().flatten().map(plain).collect(),
        }
    }

    /// Whether its values are secrets, or open one.
    pub(super) fn is_secret(&self) -> bool {
        is_secret(&self.kind)
    }

    /// Whether its value is a file.
    pub(super) fn is_file(&self) -> bool {
        self.kind.ends_with("FileParameterDefinition")
    }
}

impl Given {
    /// Its value as text.
    pub(super) fn value(&self) -> Option<String> {
        self.valued.text()
    }

    /// The same where it can be said again in a line.
    pub(super) fn said(&self) -> Option<String> {
        let kind = self.class.rsplit('.').next().unwrap_or_default();
        self.value().filter(|value| !is_secret(kind) && !value.contains(text::is_control))
    }
}

impl Valued {
    fn text(&self) -> Option<String> {
        match (&self.value, &self.job_name, &self.number) {
            (Some(value), ..) => Some(plain(value)),
            (None, Some(job), Some(number)) => Some(format!("{job}#{}", plain(number))),
            _ => None,
        }
    }
}

fn is_secret(kind: &str) -> bool {
    kind.starts_with("Password") || kind.starts_with("Credentials")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Job {
    /// Its parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.property.iter().flat_map(|property| &property.parameter_definitions)
    }
}

impl Build {
    /// What it was begun by, in Jenkins' words.
    pub(super) fn cause(&self) -> Option<&str> {
        self.actions
            .iter()
            .flat_map(|action| &action.causes)
            .find_map(|cause| cause.short_description.as_deref())
    }

    /// How many of its steps were approved so far. Steps that ask the same have one id.
    pub(super) fn approvals(&self) -> usize {
        let is_one =
            |action: &&Action| action.class.as_deref().is_some_and(|class| class.ends_with("ApproverAction"));
        self.actions.iter().filter(is_one).count()
    }

    /// What it was begun with.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Given> {
        self.actions.iter().flat_map(|action| &action.parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_an_object_or_nothing() {
        let waits = |item: &str| {
            let job: Result<Job, _> = serde_json::from_str(&format!("{{\"queueItem\":{item}}}"));
            job.map(|job| job.queue_item.map(|item| item.id))
        };
        assert_eq!(waits("{\"id\":7}").unwrap(), Some(7));
        assert_eq!(waits("null").unwrap(), None);
        assert_eq!(waits("\"string\"").unwrap(), None);
        assert!(waits("{\"id\":\"7\"}").is_err());
    }
}
