//! A panic in a command.

use std::{process::Command, sync::Arc};

use dingops::{
    app::App,
    clock::SystemClock,
    config::{Environment, Settings},
    dispatch::{self, CommandError, Ctx, Effect, Row, row, table::Table},
    reply::Reply,
};

use crate::function::{BE_THE_FUNCTION, Function};

/// The program has no command that panics, so this test is the function too: it starts the program of this file again,
/// which runs this test alone and finds in its environment that it is to be the function, with a row that panics.
#[test]
fn a_panic_is_answered_and_survived() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if std::env::var_os(BE_THE_FUNCTION).is_some() {
        dingops::log::init(None).expect("levels");
        let ended = runtime().block_on(dingops::host::lambda::run(Arc::new(app_with_a_row_that_panics())));
        panic!("the function ended: {ended:?}");
    }
    runtime().block_on(async {
        let mut program = Command::new(std::env::current_exe().expect("a path"));
        program.args([
            "--exact",
            "panics::a_panic_is_answered_and_survived",
            "--nocapture",
            "--test-threads=1",
        ]);
        let function = Function::start_as(program, "").await;

        let reply = function.reply(&function.event("panic")).await;
        assert!(reply.contains("Something went wrong"), "{reply}");
        assert!(!reply.contains("words of a panic"), "{reply}");
        let reply = function.reply(&function.event("calm")).await;
        assert!(reply.contains("#### calm"), "{reply}");

        let log = function.log();
        let panicked = log.lines().find(|line| line.contains(r#""message":"panicked""#)).expect("a line");
        assert!(panicked.contains(r#""requestId":"00000001-"#), "{panicked}");
    });
}

fn app_with_a_row_that_panics() -> App {
    static ROWS: &[Row] = &[row::<Panic>(), row::<Calm>()];
    let env = |name: &str| std::env::var(name).ok();
    App::new(
        Settings::load(&env).expect("settings"),
        Environment::read(&env).expect("a secret"),
        Table::new(ROWS, Vec::new()).expect("a table"),
        Arc::new(SystemClock),
    )
    .expect("rules that fit")
}

/// Panics
#[derive(clap::Args, serde::Serialize)]
struct Panic {}

impl dispatch::Command for Panic {
    const PATH: &'static [&'static str] = &["panic"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        panic!("words of a panic")
    }
}

/// Does not
#[derive(clap::Args, serde::Serialize)]
struct Calm {}

impl dispatch::Command for Calm {
    const PATH: &'static [&'static str] = &["calm"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("calm"))
    }
}
