//! What exactly will be executed.

use serde_json::{Map, Value};

/// A command with its canonical values: all that access, `can` and audit see, and exactly what will be executed.
/// What was typed differently but means the same is the same here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The row's path, its words joined by a blank.
    pub path: String,
    /// Values by argument name as help shows it.
    pub values: Map<String, Value>,
    /// The alias it was said through.
    pub alias: Option<Via>,
}

/// An alias that a command was said through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// Its name.
    pub name: String,
    /// The alias with its values, as a line that says the same again.
    pub line: String,
}

/// A command with its values as a line that says the same again.
pub fn canonical_line(row: &super::Row, values: &Map<String, Value>) -> String {
    let command = row.clap();
    let mut line = row.path.to_string();
    for argument in command.get_arguments() {
        let name = super::help::name(argument);
        let list: Vec<&Value> = match values.get(&name) {
            None | Some(Value::Null | Value::Bool(false)) => continue,
            Some(Value::Array(values)) => values.iter().collect(),
            Some(value) => vec![value],
        };
        for value in list {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match (argument.get_long(), value) {
                (Some(long), Value::Bool(_)) => line += &format!(" --{long}"),
                (Some(long), _) => line += &format!(" --{long} {text}"),
                (None, _) => line += &format!(" {text}"),
            }
        }
    }
    line
}
