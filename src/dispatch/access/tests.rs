//! Rules, with commands made for them: against a second implementation, by properties, and as conversations.

mod matrix;
mod mistakes;
mod names;
mod plain;
mod refusals;

use serde::Serialize;

use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Row, arguments, row,
        values::{self, Duration, KeyValue},
    },
    reply::Reply,
};

/// A command that only says what it is called.
macro_rules! command {
    ($(#[$about:meta])* $name:ident { $($(#[$field:meta])* $argument:ident: $type:ty),* $(,)? }
     $effect:ident $path:expr, $arguments:expr $(, $mark:ident)*) => {
        $(#[$about])*
        #[derive(clap::Args, Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct $name { $($(#[$field])* $argument: $type),* }

        impl Command for $name {
            const PATH: &'static [&'static str] = $path;
            const EFFECT: Effect = Effect::$effect;
            const ARGUMENTS: &'static [&'static str] = $arguments;
            $(const $mark: bool = true;)*

            async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
                Ok(Reply::new(Self::PATH.join(" ")))
            }
        }
    };
}

command! {
    /// Greet somebody
    Wave {
        /// Whom
        #[arg(value_parser = arguments::text)]
        to: Option<String>,
    } Open &["wave"], &["to"]
}
command! {
    /// List what runs
    Pods {
        /// Where; everywhere without
        #[arg(long, short = 'n', value_parser = arguments::text)]
        namespace: Vec<String>,
        /// Of everybody
        #[arg(long)]
        all: bool,
    } Read &["k8s", "pods"], &["namespace", "all"]
}
command! {
    /// Show secrets
    Secrets {
        /// Where
        #[arg(long, short = 'n', value_parser = arguments::text)]
        namespace: Option<String>,
    } Read &["k8s", "secrets"], &["namespace"], SENSITIVE
}
command! {
    /// Set how many copies run
    Scale {
        /// How many
        #[arg(value_parser = values::number(0..=100), required = true)]
        replicas: i64,
        /// Where
        #[arg(long, short = 'n', value_parser = arguments::text)]
        namespace: Option<String>,
    } Write &["k8s", "scale"], &["replicas", "namespace"]
}
command! {
    /// Silence an alert
    Silence {
        /// For how long
        #[arg(value_parser = values::duration(Duration::minutes(1)..=Duration::days(30)))]
        duration: Option<Duration>,
    } Write &["alerts", "silence"], &["duration"], MILD
}
command! {
    /// Build something
    Build {
        /// With which parameters
        #[arg(long, short, value_parser = values::pair)]
        #[serde(serialize_with = "values::object")]
        param: Vec<KeyValue>,
        /// As a number
        #[arg(long, value_parser = values::number(1..=9))]
        all: Option<i64>,
    } Write &["jenkins", "build"], &["param", "all"]
}

/// Whether an issue is done.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    /// Not yet
    Open,
    /// It is
    #[value(alias = "关闭")]
    Closed,
}

command! {
    /// List issues
    Issues {
        /// In which state
        #[arg(long, value_parser = values::choice::<State>())]
        state: Option<values::Choice<State>>,
        /// Whose
        #[arg(long, value_parser = values::person)]
        by: Option<values::PersonName>,
        /// In which group
        #[arg(long, value_parser = values::group)]
        within: Option<values::GroupName>,
    } Read &["issue", "list"], &["state", "by", "within"]
}

static ROWS: &[Row] = &[
    row::<crate::commands::Help>(),
    row::<Wave>(),
    row::<Pods>(),
    row::<Secrets>(),
    row::<Scale>(),
    row::<Silence>(),
    row::<Build>(),
    row::<Issues>(),
];

/// People, teams and groups of these tests.
const NAMES: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
carol = '0147000004'
[teams]
sre = ['alice']
dev = ['bob']
all = ['@sre', '@dev', 'carol']
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
dev = 'cidDEVAAAAAAAAAAAAAAAA=='
";
