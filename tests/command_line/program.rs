//! The program, run until it ends.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use dingops::testing::SECRET;
use simulator::{TOKEN, TOKEN_SECRET};

/// What a slow machine may need; nothing takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

pub const PREVIOUS: &str = "SECprevious00000000000000000000000000000000000000000000000000000000";

/// A file that is gone when the test is over.
pub struct File(PathBuf);

impl File {
    pub fn new(extension: &str, text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("command-line-{}-{count}.{extension}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the program with these variables and no others, until it ends by itself.
pub fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    run_on("", arguments, variables)
}

/// The same with a standard input.
pub fn run_on(input: impl AsRef<[u8]>, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dingops"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The program need not read it.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_ref());
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        panic!("{arguments:?} {variables:?}: it serves instead of ending");
    };
    let output = output.expect("output");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ended = Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    for secret in [SECRET, PREVIOUS, TOKEN, TOKEN_SECRET] {
        assert!(!ended.out.contains(secret), "{arguments:?}: {}", ended.out);
        assert!(!ended.err.contains(secret), "{arguments:?}: {}", ended.err);
    }
    ended
}

/// As [`run`], with a secret and these settings.
pub fn with_settings(arguments: &[&str], toml: &str) -> Ended {
    let config = File::new("toml", toml);
    run(arguments, &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())])
}

pub fn succeeded(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    ended.out
}

/// One line, for a person, that says all of these.
pub fn not_started(ended: &Ended, says: &[&str]) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
    let line = ended.err.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {:?}", ended.err));
    assert!(line.starts_with("dingops: ") && !line.contains('\n'), "{line}");
    for word in says {
        assert!(line.contains(word), "{word:?} is not in: {line}");
    }
}
