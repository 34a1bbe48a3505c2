//! The command line: the function itself without arguments, and what its operator needs beside it.

mod check;
mod event;
mod secrets;
mod send;

use std::{fmt::Display, io::Write, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    clock::SystemClock,
    config::{self, ConfigError, Environment, Settings},
    dispatch::table::Table,
    host::{
        self, function_compute,
        http::{StopSignals, Surroundings},
    },
    outbound::chain,
};

/// Exit code for anything that is wrong at the start: settings, variables, an address that is taken.
const NOT_STARTED: u8 = 2;
/// Exit code of `send` where a message may have arrived.
const UNKNOWN: u8 = 3;
const LISTEN: &str = "127.0.0.1:9000";
const TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than that there is no time to run a command and to say that it took too long.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// ChatOps for DingTalk as one serverless function.
///
/// Without a command it is the function: on Lambda it asks the Runtime API for events, elsewhere it serves plain
/// HTTP. DINGTALK_APP_SECRET must hold the app's Client Secret; only `send` to a custom robot does without.
#[derive(Parser)]
#[command(name = "dingops", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Subcommand)]
enum Subcommands {
    Serve(Serve),
    Check(check::Check),
    Event(event::Event),
    Send(Box<send::Send>),
}

/// Serve plain HTTP, also where Lambda's variables are set
#[derive(clap::Args, Default)]
struct Serve {
    /// Address and port; otherwise DINGOPS_LISTEN, otherwise 127.0.0.1:9000 (Function Compute: 0.0.0.0 and its port)
    #[arg(long)]
    listen: Option<String>,
}

/// Why the program did not start, or ended.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Log(#[from] crate::log::InvalidLevels),
    #[error("{name}: expected {expected}, came {came:?}")]
    Value { name: &'static str, expected: &'static str, came: String },
    #[error("{0}")]
    Usage(String),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    #[error("the Runtime API of Lambda: {}", chain(.0.as_ref()))]
    Lambda(lambda_runtime::Error),
    #[error("{0}")]
    NotDelivered(String),
    #[error("{0}")]
    NotAllowed(String),
    #[error("{0}")]
    Unknown(String),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let lambda_api = given("AWS_LAMBDA_RUNTIME_API");
    // Whoever asks the function something waits for it to start, and not for a parser of what nobody wrote.
    let command = if std::env::args_os().len() > 1 { Arguments::parse().command } else { None };
    let done = match command {
        _ if let Err(error) = secrets::take_in(&env) => Err(error.into()),
        None => lambda_api.map_or_else(|| serve(&Serve::default()), |api| lambda(&api)),
        Some(Subcommands::Serve(arguments)) => serve(&arguments),
        Some(Subcommands::Check(arguments)) => arguments.run(),
        Some(Subcommands::Event(arguments)) => arguments.run(),
        Some(Subcommands::Send(arguments)) => arguments.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The function ran: this is a line of its log.
        Err(CliError::Lambda(error)) => {
            tracing::error!(error = chain(error.as_ref()), "the Runtime API of Lambda is gone");
            ExitCode::FAILURE
        }
        Err(error) => {
            complain(&error);
            match error {
                CliError::NotDelivered(_) | CliError::NotAllowed(_) => ExitCode::FAILURE,
                CliError::Unknown(_) => ExitCode::from(UNKNOWN),
                _ => ExitCode::from(NOT_STARTED),
            }
        }
    }
}

/// Writes a line to standard error. Where that takes nothing, the exit code says it alone.
fn complain(problem: &dyn Display) {
    let _ = writeln!(std::io::stderr(), "dingops: {problem}");
}

/// Writes to standard output; a reader that has gone (`| head`) is no error.
fn print(text: &str) -> Result<(), CliError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Io { what: "standard output".into(), error })
        }
        _ => Ok(()),
    }
}

/// A variable of the environment, or of those in `DINGOPS_SECRETS`. One that is not UTF-8 is there all the same, and does
/// not switch a check off; nor does an empty one, behind which the secrets' own still holds.
fn env(name: &str) -> Option<String> {
    match std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()) {
        Some(value) if !value.is_empty() => Some(value),
        empty => secrets::get(name).or(empty),
    }
}

/// A variable of the environment that says something: an empty one is as good as none.
fn given(name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

/// What the environment and the settings say, and the commands they make.
fn load() -> Result<(Environment, Settings, Table), CliError> {
    let mut environment = Environment::read(&env)?;
    // What follows the response is in danger nowhere else.
    environment.self_url = environment.self_url.filter(|_| function_compute::is_here(&env));
    let settings = Settings::load(&env)?;
    let table = table(&settings)?;
    Ok((environment, settings, table))
}

fn table(settings: &Settings) -> Result<Table, ConfigError> {
    crate::commands::table(settings).map_err(|mistake| settings.mistake(mistake))
}

fn app() -> Result<App, CliError> {
    let (environment, settings, table) = load()?;
    Ok(App::new(settings, environment, table, Arc::new(SystemClock))?)
}

/// Asks the Runtime API for events. Its client stops with a panic where a variable of Lambda is missing or wrong.
fn lambda(api: &str) -> Result<(), CliError> {
    let wrong = |name, expected| {
        let came = env(name).unwrap_or_else(|| "nothing".to_owned());
        CliError::Value { name, expected, came }
    };
    if api.parse::<http::Uri>().is_err() {
        return Err(wrong("AWS_LAMBDA_RUNTIME_API", "a host and port, as Lambda sets it"));
    }
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"] {
        env(name).ok_or_else(|| {
            wrong(name, "what Lambda sets beside AWS_LAMBDA_RUNTIME_API (plain HTTP: dingops serve)")
        })?;
    }
    let memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    let size = env(memory).and_then(|size| size.parse::<i32>().ok());
    size.ok_or_else(|| wrong(memory, "a number of MB, as Lambda sets it beside AWS_LAMBDA_RUNTIME_API"))?;
    crate::log::init(Some(host::lambda::metrics::embed))?;
    let app = Arc::new(app()?);
    runtime()?.block_on(host::lambda::run(app)).map_err(CliError::Lambda)
}

fn serve(arguments: &Serve) -> Result<(), CliError> {
    let (name, address) = listen(arguments.listen.clone())?;
    let surroundings = Surroundings { timeout: timeout()?, freezes: function_compute::is_here(&env) };
    crate::log::init(None)?;
    let app = Arc::new(app()?);
    runtime()?.block_on(async {
        let signals = StopSignals::listen();
        let mut signals = signals.map_err(|error| CliError::Io { what: "signals".into(), error })?;
        let bound = host::http::bind(address).await;
        let listener = bound.map_err(|error| CliError::Io { what: format!("{name}={address}"), error })?;
        let address = listener.local_addr().unwrap_or(address);
        tracing::info!("listening on http://{address}");
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let stop_twice = async {
            signals.next().await;
            stop.cancel();
            signals.next().await;
        };
        tokio::select! {
            () = host::http::serve(app, listener, surroundings, stopped) => {}
            () = stop_twice => tracing::warn!("stopped twice: work under way is left undone"),
        }
        Ok(())
    })
}

/// Where plain HTTP is served, and what says so.
fn listen(argument: Option<String>) -> Result<(&'static str, SocketAddr), CliError> {
    let (name, text) = match (argument, given("DINGOPS_LISTEN")) {
        (Some(address), _) => ("--listen", address),
        (None, Some(address)) => ("DINGOPS_LISTEN", address),
        (None, None) if function_compute::is_here(&env) => {
            let address =
                function_compute::address(&env).map(|address| ("the port of Function Compute", address));
            return address.map_err(|(name, came)| CliError::Value {
                name,
                expected: "a port such as 9000",
                came,
            });
        }
        (None, None) => ("DINGOPS_LISTEN", LISTEN.to_owned()),
    };
    match text.parse() {
        Ok(address) => Ok((name, address)),
        Err(_) => Err(CliError::Value {
            name,
            expected: "an address and a port such as 127.0.0.1:9000",
            came: text,
        }),
    }
}

fn timeout() -> Result<Duration, CliError> {
    let Some(text) = given("DINGOPS_TIMEOUT") else { return Ok(TIMEOUT) };
    config::duration(&text)
        .filter(|duration| (SHORTEST_TIMEOUT..=LONGEST_TIMEOUT).contains(duration))
        .ok_or(CliError::Value { name: "DINGOPS_TIMEOUT", expected: "a duration from 5s to 15m", came: text })
}

/// One thread: the work is waiting, and a small function has a fraction of a processor.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::Io { what: "the asynchronous runtime".into(), error })
}
