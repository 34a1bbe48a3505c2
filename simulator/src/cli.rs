//! How a program lets somebody talk to a robot: in the browser, in the terminal, or one line at a time.

mod plain;
mod terminal;

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use jiff::Timestamp;

use self::plain::Plain;
use crate::{
    message::Author,
    organisation::{Person, Place},
    push::Pushed,
    simulator::{Builder, Event, Simulator},
    traffic::{Direction, Exchange},
};

/// Where it listens if that is free and nothing else is asked for.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8000);
/// How long after a message there may be another one.
const SETTLE: Duration = Duration::from_millis(300);

/// How to talk to the robot.
#[derive(Debug, Clone, clap::Args)]
pub struct Talk {
    /// Address and port to listen on [default: 127.0.0.1:8000, or a free port if that is taken]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Chat in this terminal
    #[arg(long)]
    terminal: bool,
    /// Say one line, print what comes back, and end; exit code 1 if nothing does
    #[arg(long, value_name = "LINE", conflicts_with = "terminal", allow_hyphen_values = true)]
    say: Option<String>,
    /// Who says it: alice, bob, nobody (without staff id), carol (of another organisation)
    #[arg(long = "as", value_name = "PERSON", default_value = "alice")]
    person: String,
    /// Where: ops, dev, or private
    #[arg(long = "in", value_name = "PLACE", default_value = "private")]
    place: String,
    /// Print what the robot posted, as JSON, one message a line
    #[arg(long, requires = "say")]
    json: bool,
    /// How many seconds --say waits for a reply
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// How many seconds --say listens for one more reply after each, within --wait [default: 0.3]
    #[arg(long, requires = "say", value_name = "SECONDS")]
    settle: Option<u64>,
    /// Do not open a browser
    #[arg(long)]
    no_open: bool,
}

/// Why talking ended badly.
#[derive(Debug, thiserror::Error)]
enum TalkError {
    #[error(transparent)]
    Say(#[from] crate::said::SayError),
    #[error("the robot did not take the callback: {0}")]
    NotTaken(String),
    #[error("no reply within {0} s")]
    NoReply(u64),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Talk {
    /// Starts a simulator where it shall listen.
    ///
    /// # Errors
    /// When the address that was asked for is taken.
    pub async fn start(&self, builder: Builder) -> io::Result<Simulator> {
        let builder = builder.unattended();
        let Some(address) = self.listen else {
            return match builder.clone().listen(LISTEN).start().await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    if !self.is_one_line() {
                        eprintln!("{LISTEN} is taken, so another port is used.");
                    }
                    builder.start().await
                }
                started => started,
            };
        };
        let started = builder.listen(address).start().await;
        started.map_err(|error| io::Error::new(error.kind(), format!("--listen {address}: {error}")))
    }

    /// Whether replies are all that is written to standard output.
    pub fn is_one_line(&self) -> bool {
        self.say.is_some()
    }

    /// Whether the terminal is the chat.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Talks until that is over, or until Ctrl-C.
    pub async fn run(&self, dingtalk: &Simulator) -> ExitCode {
        let talked = async {
            match &self.say {
                Some(line) => self.say_once(dingtalk, line).await,
                None if self.terminal => self.in_terminal(dingtalk).await,
                None => self.in_browser(dingtalk).await,
            }
        };
        let ended = tokio::select! {
            ended = talked => ended,
            () = told_to_stop() => Ok(()),
        };
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn say_once(&self, dingtalk: &Simulator, line: &str) -> Result<(), TalkError> {
        let (person, place) = self.who_and_where(dingtalk)?;
        let (clock, mut watch) = (dingtalk.clock(), dingtalk.watch());
        let said = async {
            let heard = dingtalk.say(&person, &place, line).await?;
            match heard.pushed.iter().find_map(not_taken) {
                Some(not_taken) => Err(TalkError::NotTaken(not_taken)),
                None => Ok(heard.message.id),
            }
        };
        let later = |wait: Duration| clock.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        let settle = self.settle.map_or(SETTLE, Duration::from_secs);
        let limit = later(Duration::from_secs(self.wait));
        let mut until = limit;
        let id = said.await?;
        let mut printed = 0;
        loop {
            // What came is read in the conversation: the watch only says that something did.
            let messages = dingtalk.messages(&place);
            let replies = messages.iter().skip_while(|message| message.id != id);
            for reply in replies.filter(|message| message.author == Author::Robot).skip(printed) {
                let posted = if self.json { reply.posted.to_string() } else { Plain::of(reply).text + "\n" };
                writeln!(io::stdout(), "{posted}")?;
                printed += 1;
                until = limit.min(later(settle));
            }
            let left = Duration::try_from(until.duration_since(clock.now())).unwrap_or_default();
            match clock.within(left, watch.next()).await {
                Some(Event::Exchange(exchange)) => {
                    warn(&exchange);
                }
                Some(_) => {}
                None if printed > 0 => return Ok(()),
                None => return Err(TalkError::NoReply(self.wait)),
            }
        }
    }

    async fn in_terminal(&self, dingtalk: &Simulator) -> Result<(), TalkError> {
        let (person, place) = self.who_and_where(dingtalk)?;
        terminal::chat(dingtalk, person, place).await?;
        Ok(())
    }

    async fn in_browser(&self, dingtalk: &Simulator) -> Result<(), TalkError> {
        let address = format!("http://{}/", reachable(dingtalk.address()));
        let page = cfg!(feature = "page");
        let what = if page { "Chat" } else { "DingTalk" };
        writeln!(io::stdout(), "{what}: {address}  (Ctrl-C ends it)")?;
        if page && !self.no_open && has_desktop() {
            // Whoever has no browser has the address.
            let _ = open::that_detached(address);
        }
        std::future::pending().await
    }

    fn who_and_where(&self, dingtalk: &Simulator) -> Result<(Person, Place), TalkError> {
        let person = dingtalk.person(&self.person)?;
        let place = dingtalk.place(&self.place, &person)?;
        Ok((person, place))
    }
}

/// An address that listens everywhere, as this machine reaches it.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => SocketAddr::new(LISTEN.ip(), address.port()),
        _ => address,
    }
}

/// Text from a robot for a terminal, which obeys control characters: they are shown instead.
fn harmless(text: &str) -> String {
    let is_control = |c: char| {
        c.is_control() && !['\n', '\t'].contains(&c)
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().flat_map(|c| if is_control(c) { c.escape_unicode().collect() } else { vec![c] }).collect()
}

/// Whether a browser that is started would be seen by whoever started this.
fn has_desktop() -> bool {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    io::stdout().is_terminal() && (display || !cfg!(all(unix, not(target_os = "macos"))))
}

/// Why a push was not taken, if it was not.
fn not_taken(pushed: &Pushed) -> Option<String> {
    match &pushed.status {
        Err(reason) => Some(reason.clone()),
        Ok(status) if !pushed.is_taken() => {
            Some(format!("HTTP {status} {}", harmless(&String::from_utf8_lossy(&pushed.body))))
        }
        Ok(_) => None,
    }
}

/// Says on standard error what DingTalk did not take of a robot; whether there was anything to say.
fn warn(exchange: &Exchange) -> bool {
    let answer = exchange.answer.as_ref().filter(|_| exchange.direction == Direction::ToDingTalk);
    let refused = answer.filter(|answer| answer.code.as_deref() != Some("0"));
    if let Some(answer) = refused {
        let path = exchange.target.split('?').next().unwrap_or_default();
        eprintln!("DingTalk did not take {} {path}: {}", exchange.method, harmless(&answer.body));
    }
    refused.is_some()
}

/// Resolves when the process is asked to end.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
