//! What Jenkins answers, as far as it is used: tools.md 1.

use serde::Deserialize;
use serde_json::Value;

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
    pub(super) queue_item: Option<Queued>,
    #[serde(default)]
    property: Vec<Property>,
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
    /// What may be chosen.
    #[serde(default)]
    pub(super) choices: Vec<String>,
    default_parameter_value: Option<Valued>,
}

#[derive(Debug, Deserialize)]
struct Valued {
    value: Option<Value>,
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
    /// Jenkins does not tell those that are secret.
    value: Option<Value>,
}

/// A step of a build that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) id: String,
    pub(super) message: String,
    /// Whether it asks for values, as far as Jenkins tells.
    pub(super) has_parameters: bool,
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
}

/// The same by the plugin that draws stages.
#[derive(Deserialize)]
pub(super) struct PendingInput {
    pub(super) id: String,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) inputs: Vec<Value>,
}

impl Parameter {
    /// Its default as text; none where there is none, or it is secret.
    pub(super) fn default(&self) -> Option<String> {
        self.default_parameter_value.as_ref()?.value.as_ref().map(plain)
    }

    /// Whether its values are secrets.
    pub(super) fn is_secret(&self) -> bool {
        self.kind.starts_with("Password") || self.kind.starts_with("Credentials")
    }

    /// Whether its value is a file.
    pub(super) fn is_file(&self) -> bool {
        self.kind.contains("File")
    }
}

impl Given {
    /// Its value as text.
    pub(super) fn value(&self) -> Option<String> {
        self.value.as_ref().map(plain)
    }
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
