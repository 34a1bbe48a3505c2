//! The program as a child of the test: what it prints, how it ends.

use std::{
    io::{Read, Write, empty, pipe},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use simulator::Clock;

use crate::support::PATIENCE;

pub const SECRET: &str = "SECprogram11111111111111111111111111111111111111111111111111111111111";

/// Waits until this is so, and looks now and then.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let clock = Clock::machine();
    let end = clock.now() + PATIENCE;
    while !is_so() {
        assert!(clock.now() < end, "{what} should have happened by now");
        clock.sleep(Duration::from_millis(5)).await;
    }
}

/// What a pipe has given so far.
pub struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    /// Reads as long as what came so far wants more, and closes the pipe then.
    fn of(mut pipe: impl Read + Send + 'static, wants_more: fn(&str) -> bool) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let (mut buffer, mut all) = ([0; 4096], Vec::new());
            while wants_more(&String::from_utf8_lossy(&all))
                && let Ok(count @ 1..) = pipe.read(&mut buffer)
            {
                all.extend_from_slice(&buffer[..count]);
                kept.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&all);
            }
        });
        Self { text, reader: Some(reader) }
    }

    /// Waits until nobody reads it any more.
    pub async fn closed(&self) {
        until("the end of the pipe", || self.reader.as_ref().is_none_or(JoinHandle::is_finished)).await;
    }

    pub fn text(&self) -> String {
        let bytes = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// All of it, once the program has ended.
    pub fn whole(&mut self) -> String {
        self.reader.take().expect("it is asked for once").join().expect("it reads");
        let text = self.text();
        assert!(!text.contains(SECRET), "{text}");
        text
    }
}

/// The program while it runs; it ends with the test.
pub struct Program {
    child: Child,
    pub out: Output,
    pub err: Output,
}

/// How it ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// The lines of standard output that are not empty.
    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().filter(|line| !line.is_empty()).collect()
    }

    /// It ended with this code, and said this on standard error.
    pub fn failed(&self, code: i32, says: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        assert!(self.err.contains(says), "{says:?} is not in {self:?}");
    }
}

pub fn command(robot: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["--robot", robot, "--no-open"]).args(arguments).env("DINGTALK_APP_SECRET", SECRET);
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    pub fn of(command: Command) -> Self {
        Self::read_while(command, |_| true)
    }

    /// Whoever reads what it prints has had enough at some time.
    pub fn read_while(mut command: Command, wants_more: fn(&str) -> bool) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        let out = Output::of(reader, wants_more);
        Self::printing(command.stdout(writer), out)
    }

    /// Nobody ever reads what it prints.
    pub fn unread(mut command: Command) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        Self::printing(command.stdout(writer), Output::of(empty(), |_| false))
    }

    fn printing(command: &mut Command, out: Output) -> Self {
        let mut child = command.spawn().expect("it starts");
        // The program alone holds the other end of the pipe now.
        command.stdout(Stdio::null());
        let err = Output::of(child.stderr.take().expect("a pipe"), |_| true);
        Self { child, out, err }
    }

    pub fn write(&mut self, line: &str) {
        writeln!(self.child.stdin.as_ref().expect("a pipe"), "{line}").expect("it reads");
    }

    /// Nothing more is written.
    pub fn close_in(&mut self) {
        drop(self.child.stdin.take());
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits until standard output has this so often.
    pub async fn prints(&self, text: &str, times: usize) {
        let seen = || self.out.text().matches(text).count() >= times;
        until(&format!("{text:?}"), seen).await;
    }

    /// Waits until standard error has this.
    pub async fn complains(&self, text: &str) {
        until(&format!("{text:?} on standard error"), || self.err.text().contains(text)).await;
    }

    pub async fn exit(&mut self) -> ExitStatus {
        let mut status = None;
        until("its end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        })
        .await;
        status.expect("it ended")
    }

    pub async fn ended(mut self) -> Ended {
        let code = self.exit().await.code();
        Ended { code, out: self.out.whole(), err: self.err.whole() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
