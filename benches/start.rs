//! How fast the function starts and answers, how much memory it takes and how large it is, as ratios to the smallest
//! function that could do the job (`floor.rs`).
//!
//! ```text
//! cargo build --release --target-dir target/start &&
//!     cargo build --release --target-dir target/start --example floor && cargo bench --bench start
//! ```
//!
//! Their directory is their own: what `cargo bench` itself builds has what the tests ask of its libraries, and is slower.
//!
//! Both are real programs on a Runtime API in this process, started in turn so that whatever else the machine does
//! falls on both. Times mean little by themselves; their ratios should hold on other machines. It takes a few seconds,
//! once everything is built. Linux only: it reads `/proc`.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use bytes::Bytes;
use dingops::{
    clock::{Clock, SystemClock},
    testing::{
        SECRET,
        runtime_api::{Call, RuntimeApi},
        settings, signature,
    },
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// Starts of each program.
const STARTS: usize = 60;
/// Callbacks to one process of each, for the acknowledgement and the memory.
const CALLBACKS: usize = 1000;
/// Of every session webhook.
const SESSION: &str = "0123456789abcdef0123456789abcdef";
/// The first callbacks of a process are not warm.
const COLD: usize = 50;

/// A program to measure.
struct Program {
    path: PathBuf,
    first_question: Vec<Duration>,
    first_reply: Vec<Duration>,
    acknowledgements: Vec<Duration>,
    peak_kib: u64,
}

/// What both talk to.
struct Stage {
    api: RuntimeApi,
    inbox: Inbox,
    config: PathBuf,
    count: usize,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.config);
    }
}

/// What session webhooks lead to: it counts messages and says that all is well. The simulator does what DingTalk does
/// with each, and its time, in both replies, would bring their ratio nearer to one.
struct Inbox {
    address: SocketAddr,
    messages: watch::Receiver<usize>,
}

impl Inbox {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, messages) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                let service = service_fn(move |request| take(request, sender.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, messages }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn first(&mut self) {
        self.messages.wait_for(|&count| count > 0).await.expect("it listens");
    }

    fn count(&self) -> usize {
        *self.messages.borrow()
    }
}

async fn take(
    request: Request<Incoming>,
    messages: watch::Sender<usize>,
) -> io::Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let _: Value = serde_json::from_slice(&body)?;
    messages.send_modify(|count| *count += 1);
    Ok(Response::new(Full::from(r#"{"errcode":0,"errmsg":"ok"}"#)))
}

/// A process that does not outlive the bench.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this program too, without the argument that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("nothing measured: cargo bench --bench start");
        return ExitCode::SUCCESS;
    }
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("start").join("release");
    let [function, floor] = [built.join("dingops"), built.join("examples/floor")];
    for program in [&function, &floor] {
        if !program.exists() {
            eprintln!("there is no {}: the head of benches/start.rs says how to build it", program.display());
            return ExitCode::FAILURE;
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut programs = [Program::at(function), Program::at(floor)];
    runtime.block_on(measure(&mut programs));
    let [function, floor] = programs;
    print(&function, &floor);
    ExitCode::SUCCESS
}

async fn measure(programs: &mut [Program; 2]) {
    for round in 0..=STARTS {
        for program in programs.iter_mut() {
            // A Runtime API of its own for each process: none finds what another left.
            let mut stage = Stage::new().await;
            let event = stage.event();
            stage.api.queue(&event);
            let began = SystemClock.now();
            let _running = stage.start(&program.path);
            stage.inbox.first().await;
            let replied = SystemClock.now();
            let asked = stage.api.entries()[0].at;
            // The first round only brings the files into memory.
            if round > 0 {
                program.first_question.push(since(began, asked));
                program.first_reply.push(since(began, replied));
            }
        }
    }
    let mut stages = Vec::new();
    for program in programs.iter() {
        let stage = Stage::new().await;
        let running = stage.start(&program.path);
        stage.api.asked(1).await;
        stages.push((stage, running));
    }
    for number in 0..CALLBACKS {
        for (program, (stage, _)) in programs.iter_mut().zip(&mut stages) {
            let event = stage.event();
            let sent = SystemClock.now();
            let id = stage.api.queue(&event);
            let entries = stage.api.asked(number + 2).await;
            let answered = entries.iter().rev().find(|entry| {
                matches!(&entry.call, Call::Response { request_id, body } if *request_id == id && body["statusCode"] == 200)
            });
            if number >= COLD {
                program.acknowledgements.push(since(sent, answered.expect("an acknowledgement").at));
            }
        }
    }
    for (program, (stage, running)) in programs.iter_mut().zip(&stages) {
        assert_eq!(stage.inbox.count(), CALLBACKS, "{}: each callback has its reply", program.path.display());
        program.peak_kib = peak_kib(running.0.id());
    }
}

fn since(began: Timestamp, ended: Timestamp) -> Duration {
    Duration::try_from(ended.duration_since(began)).unwrap_or_default()
}

impl Program {
    fn at(path: PathBuf) -> Self {
        Self {
            path,
            first_question: Vec::new(),
            first_reply: Vec::new(),
            acknowledgements: Vec::new(),
            peak_kib: 0,
        }
    }

    fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).expect("a file").len()
    }
}

impl Stage {
    async fn new() -> Self {
        let inbox = Inbox::start().await;
        // Its own port makes the name its own.
        let name = format!("bench-{}.toml", inbox.address.port());
        let config = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&config, settings("", &[&inbox.origin()])).expect("a file");
        Self { api: RuntimeApi::start().await, inbox, config, count: 0 }
    }

    fn start(&self, program: &Path) -> Running {
        let child = Command::new(program)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", self.api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "dingops")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("DINGTALK_APP_SECRET", SECRET)
            .env("DINGOPS_CONFIG", &self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.expect("the program starts"))
    }

    /// `ping` in a private chat, signed now.
    fn event(&mut self) -> Value {
        self.count += 1;
        let now = SystemClock.now().as_millisecond();
        let body = json!({
            "chatbotCorpId": "ding0000corp",
            "chatbotUserId": "$:LWCP_v1:$botbotbot",
            "conversationId": "cidPRIVATEAAAAAAAAAAAA==",
            "conversationType": "1",
            "createAt": now,
            "isAdmin": false,
            "msgId": format!("msg{:022}==", self.count),
            "msgtype": "text",
            "robotCode": "dingxxxxxxxx",
            "senderCorpId": "ding0000corp",
            "senderId": "$:LWCP_v1:$0147000002",
            "senderNick": "小钉",
            "senderPlatform": "Mac",
            "senderStaffId": "0147000002",
            "sessionWebhook": format!("{}/robot/sendBySession?session={SESSION}", self.inbox.origin()),
            "sessionWebhookExpiredTime": now + 90 * 60 * 1000,
            "text": { "content": "ping" },
        });
        let signed = signature(now);
        let header = |name: &str| signed[name].to_str().expect("ASCII").to_owned();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json; charset=utf-8",
                "host": "example.lambda-url.ap-east-1.on.aws",
                "timestamp": header("timestamp"),
                "sign": header("sign"),
            },
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "example",
                "domainName": "example.lambda-url.ap-east-1.on.aws",
                "domainPrefix": "example",
                "http": {
                    "method": "POST",
                    "path": "/",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "okhttp",
                },
                "requestId": "00000000-0000-4000-8000-000000000000",
                "routeKey": "$default",
                "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000",
                "timeEpoch": now,
            },
            "body": body.to_string(),
            "isBase64Encoded": false,
        })
    }
}

/// The most memory a process held so far.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).expect("VmHWM")
}

fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn print(function: &Program, floor: &Program) {
    println!("{:<34} {:>10} {:>10} {:>7}   at most", "median", "dingops", "floor", "ratio");
    let row = |name: &str, unit: &str, ours: f64, least: f64, budget: &str| {
        println!("{name:<34} {ours:>7.3} {unit:<3} {least:>6.3} {unit:<3} {:>6.2}   {budget}", ours / least);
    };
    let times = |name: &str, times: fn(&Program) -> &[Duration], budget: &str| {
        row(name, "ms", median(times(function)), median(times(floor)), budget);
    };
    times("start to first question", |program| &program.first_question, "1.5 x floor");
    times("start to first reply", |program| &program.first_reply, "1.5 x floor");
    times("warm acknowledgement", |program| &program.acknowledgements, "1.2 x floor");
    let mebibytes = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    let (ours, least) = (mebibytes(function.peak_kib * 1024), mebibytes(floor.peak_kib * 1024));
    row(&format!("peak memory, {CALLBACKS} callbacks"), "MiB", ours, least, "12 MiB");
    row("program", "MiB", mebibytes(function.bytes()), mebibytes(floor.bytes()), "5 MB as a zip for arm64");
}
