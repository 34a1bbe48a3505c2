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
