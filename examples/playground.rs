//! Chat with the bot, with no account, network or configuration: the function and a simulated DingTalk in one process.
//!
//! ```text
//! cargo run --example playground                    in the browser
//! cargo run --example playground -- --terminal      in the terminal
//! cargo run --example playground -- --say help      one line, and what comes back
//! ```

use std::{convert::Infallible, process::ExitCode, sync::Arc, time::Duration};

use bytes::Bytes;
use clap::Parser;
use dingops::{
    app::{App, Arrival},
    clock::{Clock, SystemClock},
    commands,
    config::{Environment, Settings, SettingsFile},
    dingtalk::signature::Secret,
    locale::Locale,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use simulator::{Organisation, Robot, SECRET, Simulator, cli::Talk};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

#[path = "../tests/fakes/mod.rs"]
mod fakes;

use self::fakes::{
    Fake, alertmanager::Alertmanager, jenkins::Jenkins, k8s::Kubernetes, prometheus::Prometheus,
};

const SETTINGS: &str = include_str!("playground.toml");
/// How long a command may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Chat with the bot: no account, network or configuration needed
#[derive(Parser)]
#[command(name = "playground")]
struct Arguments {
    /// Language of the bot's replies
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    locale: String,
    /// Leave the OpenAPI off: replies go to the session webhook or nowhere
    #[arg(long)]
    no_openapi: bool,
    #[command(flatten)]
    talk: Talk,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("playground: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    // In the terminal only the chat is shown; elsewhere the function's log is part of what there is to see.
    if !arguments.talk.is_terminal() && !arguments.talk.is_one_line() {
        dingops::log::init(None)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let organisation = Organisation::default();
        let (key, robot_code) = (organisation.app.key.clone(), organisation.app.robot_code.clone());
        let dingtalk = arguments.talk.start(Simulator::builder().organisation(organisation)).await?;
        let environment = Environment {
            robot_code: Some(robot_code),
            app_key: Some(key).filter(|_| !arguments.no_openapi),
            ..Environment::new(Secret::new(SECRET)?)
        };
        let outside = outside().await?;
        let now = || SystemClock.now().as_millisecond();
        let jenkins = Fake::start(Jenkins::new(now)).await?;
        let k8s = Fake::start(Kubernetes::new(now)).await?;
        let prometheus = Fake::start(Prometheus::new(|| SystemClock.now().as_second())).await?;
        let alertmanager = Fake::start(Alertmanager::new(|| SystemClock.now())).await?;
        let variables = [
            ("DINGTALK", dingtalk.origin()),
            ("OUTSIDE", &outside),
            ("JENKINS", jenkins.origin()),
            ("K8S", k8s.origin()),
            ("PROMETHEUS", prometheus.origin()),
            ("ALERTMANAGER", alertmanager.origin()),
        ];
        let app = app(&variables, &arguments.locale, environment)?;
        let jobs = TaskTracker::new();
        dingtalk.connect(robot(app, jobs.clone()));
        let code = arguments.talk.run(&dingtalk).await;
        jobs.close();
        Ok(code)
    })
}

/// The function, whose world is simulated.
fn app(
    variables: &[(&str, &str)],
    locale: &str,
    environment: Environment,
) -> Result<Arc<App>, Box<dyn std::error::Error>> {
    let variable = |name: &str| {
        let known = variables.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| (*value).to_owned())
    };
    let mut settings = Settings::parse(SETTINGS, SettingsFile::Embedded, &variable)?;
    settings.locale = if locale == "en" { Locale::En } else { Locale::Zh };
    let table = commands::table(&settings).map_err(|mistake| settings.mistake(mistake))?;
    Ok(Arc::new(App::new(settings, environment, table, Arc::new(SystemClock))?))
}

/// As a host has it: acknowledge, then work.
fn robot(app: Arc<App>, jobs: TaskTracker) -> Robot {
    Robot::function(move |request| {
        let (app, jobs) = (Arc::clone(&app), jobs.clone());
        async move {
            let request_id = format!("{:016x}", fastrand::u64(..));
            let arrival = Arrival { request_id, deadline: SystemClock.now() + TIMEOUT };
            let (response, job) = app.handle(request.map(Full::new), arrival).await;
            if let Some(job) = job {
                jobs.spawn(job.run());
            }
            response.map(Bytes::from)
        }
    })
}

/// What the commands ask beside DingTalk: its address.
async fn outside() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    Ok(origin)
}

/// The rest of the world, all of it made up: the address that a call comes from, as public services tell it (RFC 5737),
/// and what the commands of playground.toml ask.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    let (status, answer) = match (head.method.as_str(), path.as_slice()) {
        ("GET", ["ip"]) => (200, "203.0.113.7\n".to_owned()),
        ("GET", ["schedules", team]) => on_call(team),
        ("GET", ["deployments"]) => (200, deployments(head.uri.query().unwrap_or_default())),
        ("PUT", ["flags", flag]) => (200, switched(flag, &body)),
        _ => (404, json!({ "message": "no such thing" }).to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

fn on_call(team: &str) -> (u16, String) {
    let (now, next) = match team {
        "backend" => ("爱丽丝", "Bob"),
        "web" => ("Bob", "爱丽丝"),
        _ => return (404, json!({ "message": format!("no team {team}") }).to_string()),
    };
    let url = "https://oncall.example.com/schedules";
    (200, json!({ "now": now, "next": next, "url": url }).to_string())
}

/// The newest deployments, as many as the query's `limit` says.
fn deployments(query: &str) -> String {
    let all = [
        json!({ "service": "web", "version": "v1.4.2", "by": "alice", "ok": true }),
        json!({ "service": "search", "version": "v0.9.0", "by": "bob", "ok": false }),
        json!({ "service": "web", "version": "v1.4.1", "by": "bob", "ok": true }),
        json!({ "service": "mail", "version": "v2.0.0", "by": "alice", "ok": true }),
    ];
    let limit =
        query.split('&').find_map(|pair| pair.strip_prefix("limit=")?.parse().ok()).unwrap_or(all.len());
    json!({ "total": all.len(), "deployments": all[..limit.min(all.len())] }).to_string()
}

fn switched(flag: &str, body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    json!({ "name": flag, "on": body["on"], "by": body["by"] }).to_string()
}
