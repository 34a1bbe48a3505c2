//! Types of arguments.

/// What an access rule may ask of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Globs.
    Text,
    /// Ranges of numbers.
    Number,
    /// Ranges of durations.
    Duration,
    /// `true` or `false`.
    Flag,
    /// Its keys are asked for by name.
    KeyValue,
}

/// What an access rule may ask of this argument.
pub fn kind(argument: &clap::Arg) -> Kind {
    if argument.get_action().takes_values() { Kind::Text } else { Kind::Flag }
}
