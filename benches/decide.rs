//! How long a decision takes among 200 commands and 1,000 rules, as a ratio to the shipped table and its one rule.
//!
//! ```text
//! cargo bench --bench decide
//! ```
//!
//! A decision is all that happens to a line before the command is run: words, row, arguments, rules. Both are timed in
//! turn, so that whatever else the machine does falls on both.

use std::{fmt::Write, hint::black_box, process::ExitCode, sync::Arc, time::Duration};

use dingops::{
    app::App,
    clock::{Clock, SystemClock},
    commands,
    config::{Environment, Settings, SettingsFile},
    dingtalk::signature::Secret,
    dispatch::{self, Ctx, Membership, Person, Place},
    testing::SECRET,
};

const COMMANDS: usize = 200;
const RULES: usize = 1_000;
const ROUNDS: usize = 200;
const LINES: usize = 100;
/// The budget of design.md.
const BUDGET: f64 = 2.0;

fn main() -> ExitCode {
    let shipped = ctx(include_str!("../dingops.toml"));
    let large = ctx(&large());
    let mut medians = [&shipped, &large].map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (ctx, times) in [&shipped, &large].into_iter().zip(&mut medians) {
            times.push(time(ctx));
        }
    }
    let [shipped, large] = medians.map(median);
    let ratio = large.as_secs_f64() / shipped.as_secs_f64();
    println!(
        "a decision: {shipped:?} with the shipped table, {large:?} among {COMMANDS} commands and {RULES} rules"
    );
    println!("ratio {ratio:.2}, at most {BUDGET}");
    if ratio <= BUDGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Settings with many commands, and rules about each for one person after another; the last one decides.
fn large() -> String {
    let mut toml = String::new();
    toml.push_str("[people]\n");
    for index in 0..RULES {
        writeln!(toml, "p{index} = '{index:010}'").expect("a line");
    }
    for index in 0..COMMANDS - commands::ROWS.len() {
        writeln!(toml, "[[answer]]\nname = 'answer {index}'\nmarkdown = 'x'").expect("a line");
    }
    let answers = COMMANDS - commands::ROWS.len();
    for index in 0..RULES - 1 {
        // As many about what is asked as about any other.
        let run = if index % 200 == 0 { "ip".to_owned() } else { format!("answer {}", index % answers) };
        writeln!(toml, "[[allow]]\nwho = ['p{index}']\nrun = ['{run}']").expect("a line");
    }
    toml.push_str("[[allow]]\nwho = ['staff']\neffect = 'read'\n");
    toml
}

fn ctx(toml: &str) -> Ctx {
    let settings = Settings::parse(toml, SettingsFile::Embedded, &|_| None).expect("settings");
    let table = commands::table(&settings).expect("a table");
    let environment = Environment::new(Secret::new(SECRET).expect("a secret"));
    let app = App::new(settings, environment, table, Arc::new(SystemClock)).expect("rules that fit");
    let who = Person {
        nick: "Alice".into(),
        staff_id: Some("0147000002".into()),
        dingtalk_id: None,
        membership: Membership::Own,
        admin: false,
    };
    app.ctx(who, Place { private: true, conversation_id: None, title: None })
}

fn time(ctx: &Ctx) -> Duration {
    let start = SystemClock.now();
    for _ in 0..LINES {
        assert!(black_box(dispatch::explain(black_box("ip"), ctx)).is_ok_and(|it| it.decision.is_ok()));
    }
    let took = SystemClock.now().duration_since(start).unsigned_abs();
    took / u32::try_from(LINES).expect("a small number")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
