//! The chat in a terminal.

use std::{
    io::{self, BufRead, Write},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

use super::{harmless, not_taken, plain::Plain, warn};
use crate::{
    fault::{AnswerFault, CallbackFault},
    message::{Author, Message},
    organisation::{Person, Place},
    push::Heard,
    said::Said,
    simulator::{Event, Simulator},
};

const HELP: &str = "\
A line is said to the robot. Lines that begin with a colon are for this terminal:
  :as NAME        be alice, bob, nobody (without staff id) or carol (of another organisation)
  :in PLACE       go to ops, dev or private
  :quote LINE     say LINE as an answer to the robot's last message here
  :press N        press [N] in the robot's last message here
  :fault NAME     of every message of the robot: busy, throttled, ban-page, server-error, hang, reset, refuse,
                  slow MILLISECONDS, code ERRCODE, redirect URL
                  of those by the session webhook: session-expired; by any webhook: quota-exhausted
                  of every callback: redelivered, wrong-secret, unsigned, forged-sender, forged-webhook,
                  no-session, skewed-clock SECONDS; off ends them
  :quit           end (Ctrl-D, Ctrl-C)";

/// A robot that has posted nothing by then may not be going to.
const SILENCE: Duration = Duration::from_secs(3);

/// Who talks where, and to what.
struct Seat<'a> {
    dingtalk: &'a Simulator,
    person: Person,
    place: Place,
    /// When it is said that the robot, which took what was said, has posted nothing.
    silent_at: Option<Timestamp>,
}

/// Chats until the input ends.
pub(super) async fn chat(dingtalk: &Simulator, person: Person, place: Place) -> io::Result<()> {
    writeln!(io::stdout(), "{HELP}\n")?;
    let mut seat = Seat { dingtalk, person, place, silent_at: None };
    let (mut lines, mut watch) = (lines(), dingtalk.watch());
    seat.prompt()?;
    loop {
        tokio::select! {
            biased;
            event = watch.next() => if seat.show(event)? {
                seat.prompt()?;
            },
            () = seat.silence(), if seat.silent_at.is_some() => {
                seat.silent_at = None;
                eprintln!("\rthe robot took it and posted nothing within {} s", SILENCE.as_secs());
                seat.prompt()?;
            },
            line = lines.recv() => match line.as_deref().map(str::trim) {
                None | Some(":quit") => return Ok(()),
                Some(line) => {
                    if let Err(wrong) = seat.obey(line).await {
                        eprintln!("{wrong}");
                    }
                    // Replies that are there already come before the prompt.
                    while let Some(event) = dingtalk.clock().within(Duration::from_millis(150), watch.next()).await {
                        seat.show(event)?;
                    }
                    seat.prompt()?;
                }
            },
        }
    }
}

impl Seat<'_> {
    /// Ends when the robot should have posted something.
    async fn silence(&self) {
        let clock = self.dingtalk.clock();
        let left = self.silent_at.map(|at| at.duration_since(clock.now()));
        clock.sleep(left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default()).await;
    }

    async fn obey(&mut self, line: &str) -> Result<(), String> {
        let text = |error: crate::said::SayError| error.to_string();
        let Some(command) = line.strip_prefix(':') else {
            return if line.is_empty() { Ok(()) } else { self.say(Said::text(line)).await };
        };
        let (command, rest) = command.split_once(' ').unwrap_or((command, ""));
        match (command, rest.trim()) {
            ("help", _) => print(HELP)?,
            ("as", name) => {
                self.person = self.dingtalk.person(name).map_err(text)?;
                if let Place::Private(_) = self.place {
                    self.place = Place::private(&self.person);
                }
            }
            ("in", place) => self.place = self.dingtalk.place(place, &self.person).map_err(text)?,
            ("quote", line) => {
                let quoted = self.last().ok_or("there is no message to quote here yet")?;
                self.say(Said::text(line).quoting(&quoted.id)).await?;
            }
            ("press", number) => self.press(number).await?,
            ("fault", text) => fault(self.dingtalk, text)?,
            _ => {
                return Err(format!(
                    "expected one of :as, :in, :quote, :press, :fault, :help, :quit, came :{command}"
                ));
            }
        }
        Ok(())
    }

    /// The last message of a robot in this place.
    fn last(&self) -> Option<Message> {
        let is_of_robot = |message: &Message| !matches!(message.author, Author::Person(_));
        self.dingtalk.messages(&self.place).into_iter().rfind(is_of_robot)
    }

    async fn say(&mut self, said: Said) -> Result<(), String> {
        let heard =
            self.dingtalk.say(&self.person, &self.place, said).await.map_err(|error| error.to_string())?;
        self.taken(&heard)
    }

    /// Whether the robot took it; then it should post something.
    fn taken(&mut self, heard: &Heard) -> Result<(), String> {
        if let Some(problem) = heard.pushed.iter().find_map(not_taken) {
            return Err(format!("the robot did not take the callback: {problem}"));
        }
        self.silent_at = self.dingtalk.clock().now().checked_add(SILENCE).ok();
        Ok(())
    }

    async fn press(&mut self, number: &str) -> Result<(), String> {
        let links = self.last().map(|message| Plain::of(&message).links).unwrap_or_default();
        let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let link = index.and_then(|index| links.get(index));
        let link = link.ok_or_else(|| match links.len() {
            0 => "there is nothing to press in the robot's last message here".to_owned(),
            count => format!("expected a number from 1 to {count}, came {number:?}"),
        })?;
        match self.dingtalk.press(&self.person, &self.place, link).await {
            None => print(&format!("  opens {}", harmless(link)))?,
            Some(Err(error)) => return Err(error.to_string()),
            Some(Ok(heard)) if heard.pushed.is_empty() => {
                print(&format!("  said {:?}; the robot was not mentioned", heard.message.to_string()))?;
            }
            Some(Ok(heard)) => self.taken(&heard)?,
        }
        Ok(())
    }

    /// Shows a robot's message, or that it was refused; whether there was anything to show.
    fn show(&mut self, event: Event) -> io::Result<bool> {
        let message = match event {
            Event::Exchange(exchange) => {
                let is_refused = warn(&exchange);
                self.silent_at = self.silent_at.filter(|_| !is_refused);
                return Ok(is_refused);
            }
            Event::Missed(count) => {
                eprintln!("{count} changes came too fast to be shown");
                return Ok(false);
            }
            Event::Message(message) => message,
        };
        let who = match &message.author {
            Author::Person(_) => return Ok(false),
            Author::Robot => "robot",
            Author::CustomRobot(nick) => nick,
        };
        self.silent_at = None;
        let mut out = io::stdout();
        match &message.place {
            Place::Group(group) => writeln!(out, "\r{who} in {group}:")?,
            Place::Private(person) => writeln!(out, "\r{who} to {person} in private:")?,
        }
        for line in Plain::of(&message).text.lines() {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
        Ok(true)
    }

    fn prompt(&self) -> io::Result<()> {
        let mut out = io::stdout();
        write!(out, "{}@{}> ", self.person.name, name(&self.place))?;
        out.flush()
    }
}

/// Writes a line; whoever reads may have had enough.
fn print(line: &str) -> Result<(), String> {
    writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())
}

fn name(place: &Place) -> &str {
    match place {
        Place::Group(name) => name,
        Place::Private(_) => "private",
    }
}

/// Turns a fault on: of the robot's messages, or of the callbacks.
fn fault(dingtalk: &Simulator, text: &str) -> Result<(), String> {
    let (name, value) = text.split_once(' ').unwrap_or((text, ""));
    if name == "off" {
        dingtalk.fail_every(None);
        dingtalk.spoil_every(None);
        return Ok(());
    }
    let value = match (name, value) {
        ("slow", "") => "5000",
        ("skewed-clock", "") => "-7200",
        ("code", "") => "460101",
        ("redirect", "") => "http://127.0.0.1:1/",
        (_, value) => value,
    };
    let number = value.parse::<i64>().ok().filter(|_| name != "code");
    let value = number.map_or_else(|| json!(value), |number| json!(number));
    // Faults without a value refuse one.
    let fault = if value == "" { json!({ "fault": name }) } else { json!({ "fault": name, "value": value }) };
    if let Ok(fault) = serde_json::from_value::<AnswerFault>(fault.clone()) {
        dingtalk.fail_every(Some(fault));
    } else if let Ok(fault) = serde_json::from_value::<CallbackFault>(fault) {
        dingtalk.spoil_every(Some(fault));
    } else {
        return Err(format!("there is no fault {text:?}; :help lists them"));
    }
    Ok(())
}

/// Lines of standard input. A thread of its own reads them, which the end of the program does not wait for.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = io::stdin().lock().lines().map_while(Result::ok);
        // Until the input ends, or nobody listens.
        while lines.next().is_some_and(|line| sender.blocking_send(line).is_ok()) {}
    });
    receiver
}
